"""Every sentence that widgets and plots say has its Portuguese."""

import ast
import pathlib
import string
import tomllib

import dlbook

ROOT = pathlib.Path(dlbook.__file__).parent


def sentences():
    for path in [*ROOT.glob("widgets/*.py"), *ROOT.glob("plots/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                yield node.args[0].value


def fields(sentence):
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_the_catalogue_holds_what_the_code_says_and_nothing_else():
    known = tomllib.loads((ROOT / "locale/pt-BR/widgets.toml").read_text(encoding="utf8"))
    assert set(known) == set(sentences())
    for english, portuguese in known.items():
        assert portuguese
        assert fields(english) == fields(portuguese)
