"""Which language is spoken, and that every sentence of the package has its Portuguese."""

import ast
import json
import pathlib
import string

import pytest

import dlbook
from dlbook import language

PACKAGE = pathlib.Path(dlbook.__file__).parent


def said(path):
    """The sentences that a module says: the first argument of every call of say."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
            yield from (leaf.value for leaf in ast.walk(node.args[0]) if isinstance(leaf, ast.Constant))


SENTENCES = sorted({(s, path.name) for path in PACKAGE.rglob("*.py") for s in said(path) if isinstance(s, str)})


@pytest.mark.parametrize(("sentence", "module"), SENTENCES)
def test_every_sentence_has_its_portuguese_with_the_same_fields(sentence, module):
    translated = language.sentences("pt-BR").get(sentence)
    assert translated, f"{module} says {sentence!r}, which dlbook/locale/pt-BR lacks"
    assert fields(translated) == fields(sentence)


def test_no_translation_is_left_over():
    strings = {sentence for sentence, _ in SENTENCES}
    for path in [*PACKAGE.rglob("*.py"), *PACKAGE.glob("data/files/*.toml")]:
        text = path.read_text(encoding="utf8")
        strings |= {said for said in language.sentences("pt-BR") if said in text}
    assert sorted(set(language.sentences("pt-BR")) - strings) == []


def fields(sentence):
    return sorted(name for _, name, _, _ in string.Formatter().parse(sentence) if name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pt_BR.UTF-8", "pt-BR"),
        ("pt-BR", "pt-BR"),
        ("Portuguese_Brazil.1252", "pt-BR"),
        ("en_US.UTF-8", "en"),
        ("C", "en"),
    ],
)
def test_a_locale_decides(monkeypatch, name, expected):
    for variable in ("DLBOOK_LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LANG", name)
    assert language.of_person() == expected


def test_the_variable_wins_then_the_notebook_then_english(monkeypatch, tmp_path):
    page = tmp_path / "page.ipynb"
    page.write_text(json.dumps({"metadata": {"dlbook": {"language": "pt-BR"}}}))
    monkeypatch.delenv("DLBOOK_LANG", raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert language.current() == "en"
    monkeypatch.setenv("JPY_SESSION_NAME", str(page))
    assert language.current() == "pt-BR"
    monkeypatch.setenv("DLBOOK_LANG", "en")
    assert language.current() == "en"
    with language.speaking("pt-BR"):
        assert language.current() == "pt-BR"
    assert language.current() == "en"
