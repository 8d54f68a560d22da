"""Questions ask first; the reason comes after the choice."""

import pytest

from dlbook.check import manifest
from dlbook.widgets import Choice, Question, ask
from dlbook.widgets.questions import inline_html

VIEW = "application/vnd.jupyter.widget-view+json"
PLAIN = Question([Choice("10", False, "only 65 % of the way"), Choice("29", True, "$20 \\cdot 0.9^n < 1$ from there")])
RICH = Question([Choice("$w = 1$", True, "it **fires**"), Choice("`x > 1`", False, "it does not")])


def panel(cell):
    cell._repr_mimebundle_()
    return cell._panel


def test_nothing_is_chosen_and_nothing_is_given_away_at_first():
    cell = ask(PLAIN)
    assert cell.chosen is None
    assert panel(cell).radio.index is None
    assert panel(cell).reason.value == ""
    bundle = cell._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/html", "text/plain"}
    assert bundle["text/plain"] == "A. 10\nB. 29"
    shown, folded = bundle["text/html"].split("<details>")
    assert "10" in shown
    assert "65 %" not in shown
    assert "✗ Not right. Only 65 % of the way" in folded


def test_the_reason_follows_the_choice_in_words_and_signs():
    cell = ask(PLAIN)
    radio, reason = panel(cell).radio, panel(cell).reason
    radio.index = 0
    assert cell.chosen == 0
    assert "✗ Not right. Only 65 % of the way" in reason.value
    radio.index = 1
    assert "✓ Right." in reason.value
    assert "$20 \\cdot 0.9^n &lt; 1$" in reason.value
    assert cell.answer(0) == "✗ Not right. Only 65 % of the way"
    assert radio.index == 0


def test_answers_with_mathematics_stand_in_a_list_with_letters():
    cell = panel(ask(RICH))
    assert cell.radio.options == (("A", 0), ("B", 1))
    assert "$w = 1$" in cell.root.children[0].value
    assert "<code>x &gt; 1</code>" in cell.root.children[0].value
    assert panel(ask(PLAIN)).radio.options == (("A. 10", 0), ("B. 29", 1))


def test_an_answer_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="expected an answer from 0 to 1, got 2"):
        ask(PLAIN).answer(2)


@pytest.mark.parametrize(
    "choices",
    [
        [Choice("a", True, "r")],
        [Choice("a", False, "r"), Choice("b", False, "r")],
        [Choice("a", True, "r"), Choice("b", True, "r")],
    ],
)
def test_one_of_two_or_more_must_be_right(choices):
    with pytest.raises(ValueError, match="Question: expected two choices or more"):
        Question(choices)


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("**bold** and *soft* and _low_", "<strong>bold</strong> and <em>soft</em> and <em>low</em>"),
        ("$a_1 * b_2 * c < d$", "$a_1 * b_2 * c &lt; d$"),
        ("`w_1 * w_2`", "<code>w_1 * w_2</code>"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
    ],
)
def test_inline_markdown(markdown, html):
    assert inline_html(markdown) == html


def test_by_name_the_choices_come_from_the_chapter_in_the_page_s_language(monkeypatch):
    def question(name, language):
        word = {"en": "yes", "pt-BR": "sim"}[language]
        choices = [{"text": word, "right": True, "reason": name}, {"text": "?", "right": False, "reason": "r"}]
        return {"text": "Does it *move*?\n\nSay so.", "choices": choices}

    monkeypatch.setattr(manifest, "question", question)
    monkeypatch.setenv("DLBOOK_LANG", "en")
    assert ask("03-perceptron/xor").question.choices[0] == Choice("yes", True, "03-perceptron/xor")
    assert "move" not in ask("03-perceptron/xor").static_html()
    assert "<p>Does it <em>move</em>?</p><p>Say so.</p>" in ask("03-perceptron/xor", text=True).static_html()
    monkeypatch.setenv("DLBOOK_LANG", "pt-BR")
    cell = ask("03-perceptron/xor")
    assert panel(cell).radio.options[0] == ("A. sim", 0)
    assert panel(cell).radio.description == "Sua resposta:"
    assert cell.answer(1) == "✗ Não está certo. R"
    assert "Mostrar as respostas" in cell.static_html()


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError, match="no question"):
        ask("00-nowhere/nothing")
