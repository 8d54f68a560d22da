"""What the shape of every transformer has to be.  Book: chapters 77, 80."""


def check_shape(config, *counts: str) -> None:
    """ValueError, naming it, for one of `counts` below 1, heads that do not divide the width, or a dropout of 1.

    config : has the attributes `counts`, width, heads and dropout.
    """
    for name in counts:
        if getattr(config, name) < 1:
            raise ValueError(f"{name}: expected at least 1, got {getattr(config, name)}")
    if config.width % config.heads:
        raise ValueError(f"width: expected a multiple of heads = {config.heads}, got {config.width}")
    if not 0 <= config.dropout < 1:
        raise ValueError(f"dropout: expected 0 ≤ dropout < 1, got {config.dropout}")
