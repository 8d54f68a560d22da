"""The visible part of a question: radio buttons and, after the choice, the reason."""

import ipywidgets

from dlbook.language import say
from dlbook.widgets.questions import inline_html, is_plain, letter, verdict

RIGHT = "border-left:4px solid #009E73;background:#EAF6F2"
WRONG = "border-left:4px solid #D55E00;background:#FCF0E8"


class QuestionPanel:
    """Nothing is chosen at first; Tab goes from answer to answer and the space bar chooses.

    Radio buttons show plain text only: answers with mathematics or markup stand in a list above, with their letters.
    """

    def __init__(self, cell):
        self.cell = cell
        choices = cell.question.choices
        plain = all(is_plain(choice.text) for choice in choices)
        texts = [f"{letter(i)}. {choice.text}" if plain else letter(i) for i, choice in enumerate(choices)]
        self.radio = ipywidgets.RadioButtons(
            options=[(text, i) for i, text in enumerate(texts)],
            index=None,
            description=say("Your answer:"),
            orientation="vertical" if plain else "horizontal",
            style={"description_width": "auto"},
            layout={"width": "auto"},
        )
        self.reason = ipywidgets.HTMLMath()
        self.radio.observe(self._chosen, "index")
        listed = "".join(f"<li style='margin:2px 0'>{inline_html(choice.text)}</li>" for choice in choices)
        heading = cell.text_html() + ("" if plain else f"<ol type='A' style='margin:4px 0'>{listed}</ol>")
        self.root = ipywidgets.VBox(
            [*([ipywidgets.HTMLMath(heading)] if heading else []), self.radio, self.reason],
            layout={"margin": "4px 0"},
        )

    def show(self, index: int) -> None:
        """Marks answer `index` and shows its verdict."""
        self.radio.index = index
        choice = self.cell.question.choices[index]
        look = RIGHT if choice.right else WRONG
        self.reason.value = (
            f'<div role="status" style="{look};padding:6px 12px;color:#1A1A1A;line-height:1.5">'
            f"{letter(index)}: {inline_html(verdict(choice))}</div>"
        )

    def _chosen(self, _) -> None:
        if self.radio.index is not None and self.radio.index != self.cell.chosen:
            self.cell.answer(self.radio.index)
