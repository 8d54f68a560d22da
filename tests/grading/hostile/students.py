"""The hostile class: importing this module enrols every student, the controls' answers included."""

from hostile import (  # noqa: F401
    daemons,
    disk,
    honest,
    names,
    network,
    notebooks,
    patches,
    processes,
    protocol,
    resources,
    results,
    secrets,
)
from hostile.student import CHAPTER, HALF, RIGHT, STUDENTS, Page, Scene, Student

__all__ = ["CHAPTER", "HALF", "RIGHT", "STUDENTS", "Page", "Scene", "Student"]
