"""Questions that ask first and explain after the choice."""

import html
import re
from dataclasses import dataclass
from typing import Any

from dlbook.language import current, say
from dlbook.widgets.display import display_bundle, has_widgets


@dataclass(frozen=True)
class Choice:
    """One answer to choose, whether it is right, and why.  Text and reason: one line of Markdown, $mathematics$ too."""

    text: str
    right: bool
    reason: str


@dataclass(frozen=True)
class Question:
    """Choices, exactly one of them right.  `text` is the question itself, where the page does not show it already."""

    choices: tuple[Choice, ...]
    text: str = ""

    def __post_init__(self):
        object.__setattr__(self, "choices", tuple(self.choices))
        right = sum(choice.right for choice in self.choices)
        if len(self.choices) < 2 or right != 1:
            raise ValueError(
                f"Question: expected two choices or more, one of them right, got {len(self.choices)}, {right} right"
            )

    @classmethod
    def named(cls, name: str) -> "Question":
        """The question "03-perceptron/xor-question" of a released chapter in the page's language; KeyError if none."""
        from dlbook.check import manifest

        known = manifest.question(name, current())
        return cls(tuple(Choice(c["text"], c["right"], c["reason"]) for c in known["choices"]), known.get("text", ""))


class QuestionCell:
    """What `ask` returns: displays itself as the last line of a cell.

    `answer(index)` chooses and returns the verdict with its reason, as Markdown; `chosen` is the last index, or None.
    It never waits: the cells after it run whether or not somebody has answered.
    """

    def __init__(self, question: Question, text: bool = False):
        self.question = question
        self.text = text
        self.chosen: int | None = None
        self._panel = None

    def answer(self, index: int) -> str:
        """Chooses answer `index` (from 0); ValueError if there is none."""
        if index not in range(len(self.question.choices)):
            raise ValueError(f"expected an answer from 0 to {len(self.question.choices) - 1}, got {index!r}")
        self.chosen = index
        if self._panel is not None:
            self._panel.show(index)
        return verdict(self.question.choices[index])

    def static_html(self) -> str:
        """The choices, and the answers folded: for places without widgets.  Nobody's own choice is in it."""
        choices = "".join(f"<li>{inline_html(choice.text)}</li>" for choice in self.question.choices)
        answers = "".join(f"<li>{inline_html(verdict(choice))}</li>" for choice in self.question.choices)
        return (
            f"<div>{self.text_html()}<ol type='A'>{choices}</ol><details>"
            f"<summary>{html.escape(say('Show the answers'))}</summary><ol type='A'>{answers}</ol></details></div>"
        )

    def text_html(self) -> str:
        """The question itself in paragraphs, if it is to be shown."""
        paragraphs = (
            re.split(r"\n\s*\n", self.question.text.strip()) if self.text and self.question.text.strip() else []
        )
        return "".join(f"<p>{inline_html(' '.join(paragraph.split()))}</p>" for paragraph in paragraphs)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, Any]:
        plain = "\n".join(f"{letter(i)}. {choice.text}" for i, choice in enumerate(self.question.choices))
        bundle = {"text/plain": plain, "text/html": self.static_html()}
        if not has_widgets():
            return bundle
        from dlbook.widgets.panel import view_of
        from dlbook.widgets.question_panel import QuestionPanel

        if self._panel is None:
            self._panel = QuestionPanel(self)
        return bundle | view_of(self._panel.root)

    def _ipython_display_(self) -> None:
        display_bundle(self._repr_mimebundle_())


def ask(question: str | Question, *, text: bool = False) -> QuestionCell:
    """The choices of a question, to answer with mouse or keyboard; the reason appears after the choice.

    question : "chapter/cell id" of a question cell, or a `Question`.  With `text` the question itself is shown too (the
    page's Markdown cell does that already).  KeyError for a name that the chapter does not have.
    """
    return QuestionCell(Question.named(question) if isinstance(question, str) else question, text)


def verdict(choice: Choice) -> str:
    """Right or wrong in words and as a sign, then the reason."""
    return f"{say('✓ Right.') if choice.right else say('✗ Not right.')} {choice.reason[:1].upper()}{choice.reason[1:]}"


def letter(index: int) -> str:
    """A, B, C … for the answers."""
    return chr(ord("A") + index)


_PARTS = re.compile(r"(\$\$.+?\$\$|\$[^$\n]+?\$|`[^`]+`)")
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_EMPHASIS = re.compile(r"(?<![*\w])[*_](?!\s)([^*_]+?)(?<!\s)[*_](?![*\w])")


def is_plain(text: str) -> bool:
    """Whether the text holds neither mathematics nor markup."""
    return html.unescape(inline_html(text)) == text and "$" not in text


def inline_html(text: str) -> str:
    """One line of Markdown as HTML: code, bold, emphasis; $mathematics$ goes through as it is, for MathJax."""
    parts = _PARTS.split(text)
    for i, part in enumerate(parts):
        if i % 2 and part.startswith("`"):
            parts[i] = f"<code>{html.escape(part[1:-1])}</code>"
        elif i % 2:
            parts[i] = html.escape(part, quote=False)
        else:
            marked = _BOLD.sub(r"<strong>\1</strong>", html.escape(part, quote=False))
            parts[i] = _EMPHASIS.sub(r"<em>\1</em>", marked)
    return "".join(parts)
