"""Texts for models of language: a Brazilian novel, and the usual corpus of Shakespeare.  Book: chapters 48 to 53."""

from dlbook.data.files import bundled


def dom_casmurro() -> str:
    """*Dom Casmurro* by Machado de Assis (1899), in Portuguese: 371,549 characters, 100 different ones.

    One paragraph a line.  Source: `sheet("dom_casmurro")`.  Book: chapter 50.
    """
    return bundled("dom_casmurro")["utf8"].tobytes().decode("utf8")


def tiny_shakespeare() -> str:
    """The usual 1.1 MB of Shakespeare's plays, in English: 1,115,394 characters, 65 different ones.

    Source: `sheet("tiny_shakespeare")`.  Book: chapter 50.
    """
    return bundled("tiny_shakespeare")["utf8"].tobytes().decode("utf8")
