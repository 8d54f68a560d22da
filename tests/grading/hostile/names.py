"""Students whose name is the attack: it must stay one student, and stay in its folder."""

import unicodedata

from hostile.student import HALF, RIGHT, student

NAMES = {
    "-rf": "an option of a command",
    "a..b": "dots of the folder above",
    "~": "the home of a shell",
    "$(touch x)`id`;&|": "what a shell runs",
    "'; DROP TABLE grade; --": "what a database runs",
    '=1+1,"x",+\'@': "what a spreadsheet runs, with commas and quotes",
    "<img src=x onerror=alert('dlbook-hostile')>": "what a browser runs",
    "{student} %s %(x)s {0.__class__}": "what a template fills in",
    "new\nline\ttab\r": "control characters",
    "\x1b[2J\x07": "what a terminal obeys",
    "grades.csv": "a file of the grader",
    "gradebook.db": "another file of the grader",
    "\u202egnp.thgir": "written from right to left",
    unicodedata.normalize("NFC", "josé"): "é as one character",
    unicodedata.normalize("NFD", "josé"): "é as two characters: another student",
    "😀👩‍🎓\u200b": "an emoji of several characters, and one without width",
    " spaces  ": "spaces around",
    "n" * 249: "a file name of 255 bytes",
    "é" * 124: "a file name of 254 bytes, fewer characters",
}


def _enrol(number, name, tries):
    points, answer = ((5, RIGHT), (2, HALF))[number % 2]

    def hands_in(scene):
        return answer

    hands_in.__doc__ = f"named with {tries}"
    hands_in.__name__ = "named"
    student(points, name=name)(hands_in)


for _number, (_name, _tries) in enumerate(NAMES.items()):
    _enrol(_number, _name, _tries)
