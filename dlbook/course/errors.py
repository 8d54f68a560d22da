"""The one error of the course's tools: its text is for a person, and no stack trace goes with it."""


class CourseError(Exception):
    """Something that a person can put right; the text says what was expected, what came, and what to do."""
