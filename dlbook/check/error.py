"""What a student reads when an answer is not right yet."""


class CheckError(AssertionError):
    """One short message, at most three lines, shown without a traceback.

    key : the hint or the built-in message that spoke, "returns", "pure", "by hand", "type", "shape", "nan", "value",
    "raises", "error", "name",
        "not attempted" or a key of the exercise's hints.
    """

    def __init__(self, message: str, key: str) -> None:
        super().__init__(message)
        self.key = key

    def _render_traceback_(self) -> list[str]:
        return [f"✗ {self}"]
