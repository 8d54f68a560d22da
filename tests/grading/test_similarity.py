"""What counts as similar, on answers that students give to chapter 07, and on texts that mean harm."""

import hashlib
import pathlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbook.check import manifest
from dlbook.grading.journal import Record
from dlbook.grading.similarity import COMMON_AT_LEAST, LEAST, LONGEST, PUBLISHED, compare, fingerprints, page

FOLDER = pathlib.Path(__file__).parents[2] / "solutions/07-network"
STUBS = {cell["id"]: cell["source"] for cell in manifest.cells("07-network", "en")}
STUB = STUBS["backprop"]
RENAMED = {"outputs": "acts", "delta": "d", "dweights": "gw", "dbiases": "gb", "layer": "i", "a": "out"}
INDEPENDENT = """
def backprop(weights, biases, x, y):
    forward = {0: x}
    for l in range(len(weights)):
        z = np.dot(forward[l], weights[l].T) + biases[l]
        forward[l + 1] = sigmoid(z)
    last = len(weights)
    error = forward[last] - y
    gradients = []
    while last > 0:
        slope = np.multiply(forward[last], 1.0 - forward[last])
        grad_z = np.multiply(error, slope)
        gradients = [(np.dot(grad_z.T, forward[last - 1]) / x.shape[0], np.mean(grad_z, axis=0))] + gradients
        error = np.dot(grad_z, weights[last - 1])
        last -= 1
    return [g[0] for g in gradients], [g[1] for g in gradients]
"""


def reference(exercise):
    """The solution of chapter 07 with its markers gone."""
    text = (FOLDER / "07-network.py").read_text(encoding="utf8")
    cell = re.search(rf'# %% id="{exercise}" exercise=true.*?\n(.*?)\n\n\n# %%', text, re.DOTALL)[1]
    return "\n".join(line for line in cell.splitlines() if "### " not in line)


def wrong(name):
    """An answer of wrong.py."""
    text = (FOLDER / "wrong.py").read_text(encoding="utf8")
    return re.search(rf'# %% id="{name}".*?\n(.*?)(?:\n\n\n# %%|\Z)', text, re.DOTALL)[1].strip()


def rename(source, names):
    return re.sub(r"\b[a-z]+\b", lambda match: names.get(match[0], match[0]), source)


def record(student, answers, sha256=None, assignment="07-network", arrived="2026-05-04T10:00:00+00:00"):
    digest = sha256 or hashlib.sha256(student.encode("utf8", "surrogatepass")).hexdigest()
    path = f"{student}.ipynb"
    return Record(digest, student, assignment, "en", path, digest, arrived, "graded", answers=answers)


def pairs_of(*texts, **options):
    """What compare finds among students "0", "1", … who gave these answers to backprop."""
    return compare([record(str(i), {"backprop": text}) for i, text in enumerate(texts)], STUBS, **options)


def jaccard(left, right, stub=STUB):
    a, b = fingerprints(left, stub).hashes, fingerprints(right, stub).hashes
    return len(a & b) / len(a | b)


RIGHT = reference("backprop")


def test_new_names_comments_layout_and_numbers_change_nothing():
    copied = RIGHT.replace('"""Gradient', '"""The gradient').replace("[x]", "[ x ]  # the inputs")
    copied = copied.replace("(a - y) * a", "(\n        a - y\n    ) * a").replace("(1 - a)", "(2 - a)")
    copied = rename(copied, RENAMED)
    assert len(set(copied.splitlines()) & set(RIGHT.splitlines())) < 4
    assert fingerprints(copied, STUB) == fingerprints(RIGHT, STUB)
    (pair,) = pairs_of(RIGHT, copied)
    assert (pair.kind, pair.left, pair.right, pair.similarity) == ("similar", ("0",), ("1",), 1.0)
    assert pair.shared == len(fingerprints(RIGHT, STUB).hashes) >= 20


def test_independent_right_answers_are_far_below_a_copy_with_a_line_changed():
    copy_with_a_slip = wrong("back-no-slope")
    assert jaccard(RIGHT, INDEPENDENT) < 0.1
    assert jaccard(wrong("back-sign"), copy_with_a_slip) > 0.5
    found = pairs_of(wrong("back-sign"), INDEPENDENT, copy_with_a_slip)
    assert [(pair.left, pair.right) for pair in found] == [(("0",), ("2",))]
    assert found[0].similarity == jaccard(wrong("back-sign"), copy_with_a_slip)


def test_similarity_is_counted_by_hand_on_a_small_case(monkeypatch):
    monkeypatch.setattr("dlbook.grading.similarity.GRAM", 2)
    monkeypatch.setattr("dlbook.grading.similarity.WINDOW", 1)
    monkeypatch.setattr("dlbook.grading.similarity.LEAST", 1)
    # Module Expr Call Name-f Name-g   against   Module Expr Call Name-f Name-h: three runs of two nodes of five.
    (pair,) = compare([record("a", {"e": "f(g)"}), record("b", {"e": "f(h)"})], {})
    assert (pair.similarity, pair.shared) == (3 / 5, 3)


def test_answers_equal_to_the_stub_never_pair():
    in_portuguese = next(c["source"] for c in manifest.cells("07-network", "pt-BR") if c["id"] == "backprop")
    assert in_portuguese != STUB
    untouched = [STUB, STUB, in_portuguese, in_portuguese, "", "", STUB.replace("# YOUR CODE HERE", "# I give up")]
    assert pairs_of(*untouched) == []
    same_file = [record(name, {"backprop": STUB}, sha256="f" * 64) for name in ("ana", "bruno")]
    assert compare(same_file, STUBS) == []


def test_what_was_given_is_nobodys():
    given_cell = "def layer_outputs(weights, biases, x):\n" + "\n".join(RIGHT.splitlines()[2:5])
    left = fingerprints(RIGHT, STUB, [given_cell]).hashes
    assert left.isdisjoint(fingerprints(given_cell, STUB).hashes)
    assert 0 < len(left) < len(fingerprints(RIGHT, STUB).hashes)
    assert fingerprints(RIGHT, STUB, [RIGHT]).hashes == frozenset()


def test_identical_files_and_answers_come_first_one_row_for_each_group():
    bytes_of_ana = "a" * 64
    files = [record(name, {"backprop": RIGHT}, sha256=bytes_of_ana) for name in ("ana", "bruno")]
    others = [record("carla", {"backprop": RIGHT + "\n\n"}), record("davi", {"backprop": rename(RIGHT, RENAMED)})]
    found = compare([*others, *files], STUBS)
    assert [(p.kind, p.exercise, p.left, p.right) for p in found] == [
        ("file", "", ("ana",), ("bruno",)),
        ("answer", "backprop", ("ana",), ("bruno", "carla")),
        ("similar", "backprop", ("ana", "bruno", "carla"), ("davi",)),
    ]
    assert [p.kind for p in compare(files, STUBS)] == ["file"]


def test_the_published_solution_is_one_more_student():
    (pair,) = compare([record("ana", {"backprop": rename(RIGHT, RENAMED)})], STUBS, {"backprop": RIGHT})
    assert (pair.left, pair.right, pair.similarity) == (("ana",), (PUBLISHED,), 1.0)


def test_the_last_hand_in_counts_and_nobody_pairs_with_himself():
    first = record("ana", {"backprop": RIGHT})
    later = record("ana", {"backprop": INDEPENDENT}, arrived="2026-05-04T07:30:00-03:00")
    assert compare([later, first, record("bruno", {"backprop": RIGHT})], STUBS) == []
    assert compare([first, record("ana", {"backprop": rename(RIGHT, RENAMED)})], STUBS) == []


def test_short_answers_are_listed_only_where_the_text_is_the_same():
    line = "def count_correct(outputs, labels):\n    return sum(outputs.argmax(1) == labels)"
    assert 0 < len(fingerprints(line, STUBS["correct"]).hashes) < LEAST
    same = [record(name, {"correct": line}) for name in ("ana", "bruno")]
    assert [p.kind for p in compare(same, STUBS)] == ["answer"]
    assert compare([same[0], record("carla", {"correct": rename(line, {"labels": "classes"})})], STUBS) == []


def test_what_very_many_write_is_not_counted_but_a_group_that_copied_is_still_found():
    start, _, *core = RIGHT.splitlines()
    own = [f"    v = np.f{i}(x.g{i}, y.h{i}, np.k{i}(x)) + np.m{i}(y) @ x" for i in range(COMMON_AT_LEAST + 8)]
    crowd = ["\n".join([start, line, *core]) for line in own]
    assert jaccard(crowd[0], crowd[1]) > 0.5
    few = pairs_of(*crowd[:COMMON_AT_LEAST])
    assert len(few) == COMMON_AT_LEAST * (COMMON_AT_LEAST - 1) / 2
    assert pairs_of(*crowd) == []
    ring = [rename(INDEPENDENT, {"error": f"error{i}"}) for i in range(COMMON_AT_LEAST + 5)]
    (found,) = pairs_of(*crowd, *ring)
    assert len(found.left + found.right) == len(ring)


def test_a_class_of_a_thousand_makes_one_row_of_equal_answers():
    answers = {"backprop": RIGHT, "feedforward": reference("feedforward")}
    found = compare([record(f"s{i}", answers) for i in range(1000)], STUBS)
    assert [(p.kind, len(p.left + p.right)) for p in found] == [("answer", 1000)] * 2
    assert " and 969 more" in page(found, "en")


@pytest.mark.parametrize(
    "hostile",
    [
        "(" * 100_000 + ")" * 100_000,
        "(" * 150 + "x" + ")" * 150,
        "-" * 60_000 + "x",
        "x" + ".y" * 40_000,
        "x" + "[0]" * 30_000,
        "x = " + "+".join(["1"] * 40_000),
        "if x:\n" + "".join(" " * i + "if x:\n" for i in range(1, 300)),
        "lambda: " * 3_000 + "0",
        "f(" * 90 + "{" * 90,
        "\0" * 50,
        "def f():\n    return '\udcff\ud800'",
        "x = 1\n" * 200_000,
        '"' + '\\"' * 60_000,
        "'" * 99_999,
        "9" * 50_000,
        "%matplotlib inline\n!rm -rf /\n",
        "# -*- coding: nonsense -*-\nx = 1",
    ],
    ids=range(17),
)
def test_a_hostile_text_stops_nothing(hostile):
    assert fingerprints(hostile, STUB) == fingerprints(hostile, STUB)
    fingerprints("x = 1", hostile)
    found = pairs_of(hostile, hostile + " ", RIGHT, RIGHT)
    assert ("2",) in [pair.left for pair in found]
    page(found, "en").encode("utf8")


def test_a_megabyte_is_cut_and_says_so():
    body = "".join(f"    v{i} = np.f{i}(x, {i})\n" for i in range(50_000))
    text = f"def backprop(weights, biases, x, y):\n{body}"
    assert len(text) > 1_000_000
    found = fingerprints(text, STUB)
    assert "cut" in found.notes
    assert found.hashes == fingerprints(text[:LONGEST], STUB).hashes
    (pair,) = pairs_of(text, text)
    shown = page([pair], "en")
    assert "Only the first 100000 characters were read." in shown
    assert len(shown) < 200_000


def test_an_answer_that_is_no_python_is_compared_by_its_words():
    broken = RIGHT.replace("outputs = [x]", "outputs = [x")
    copied = rename(broken, RENAMED) + "  # mine"
    assert fingerprints(broken, STUB).notes == ("words",)
    (pair,) = pairs_of(broken, copied)
    assert (pair.similarity, pair.notes) == (1.0, ("words",))
    assert "compared word by word" in page([pair], "en")
    assert len(fingerprints(STUB + "\n(", STUB).hashes) < LEAST


LINES = st.lists(st.sampled_from([*RIGHT.splitlines(), *INDEPENDENT.splitlines()]), max_size=30).map("\n".join)
TEXTS = st.one_of(LINES, st.text(st.characters(codec=None), max_size=300))


@given(TEXTS, TEXTS, st.sampled_from([STUB, ""]))
@settings(max_examples=150, deadline=None)
def test_any_two_texts_are_compared_alike_from_both_sides(left, right, stub):
    forth = compare([record("a", {"e": left}), record("b", {"e": right})], {"e": stub}, threshold=0.01)
    back = compare([record("a", {"e": right}), record("b", {"e": left})], {"e": stub}, threshold=0.01)
    measured = [[(p.kind, p.similarity, p.shared) for p in found] for found in (forth, back)]
    assert measured[0] == measured[1]
    assert all(0 < p.similarity <= 1 for p in forth)
    page(forth, "pt-BR").encode("utf8")
    itself = compare([record("a", {"e": left}), record("b", {"e": left})], {"e": stub})
    assert [p.similarity for p in itself] == [1.0] * bool(fingerprints(left, stub).hashes)


def test_records_of_two_assignments_and_a_strange_threshold_are_refused():
    with pytest.raises(ValueError, match="05-gradient-descent, 07-network"):
        compare([record("a", {}), record("b", {}, assignment="05-gradient-descent")], {})
    for threshold in (0.0, 1.5, float("nan")):
        with pytest.raises(ValueError, match="threshold"):
            compare([], {}, threshold=threshold)


class Tags(HTMLParser):
    """Every tag and attribute of a page, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        if self.lasttag != "style":
            self.text += data


def test_the_page_runs_no_script_of_a_student_and_shows_what_is_hidden():
    attack = RIGHT.replace("outputs = [x]", "outputs = [x]  # <script>alert(1)</script> \u202e </details>")
    found = pairs_of(attack, attack.replace("return", "assert x, '<img src=x onerror=alert(2)>'\n    return"))
    student = "</td><script>alert(3)</script>"
    found += compare([record(name, {"backprop": RIGHT}) for name in (student, "b")], STUBS)
    html = page(found, "en")
    parsed = Tags(html)
    assert not {"script", "img", "link", "iframe"} & set(parsed.tags)
    assert not {name for name in parsed.attributes if name.startswith("on")} | parsed.attributes & {"src", "style"}
    assert parsed.tags.count("details") == 2
    assert "<script>alert(1)</script> \\u202e" in parsed.text
    assert student in parsed.text
    assert "default-src 'none'" in html


def test_the_page_says_first_that_it_is_a_hint_and_speaks_both_languages():
    found = pairs_of(RIGHT, rename(RIGHT, RENAMED), published={"backprop": rename(RIGHT, {"a": "act"})})
    english, portuguese = Tags(page(found, "en")).text, Tags(page(found, "pt-BR")).text
    for text, said, named in (
        (english, "A hint for a person, never a verdict", "published solution"),
        (portuguese, "Uma pista para uma pessoa, nunca um veredito", "solução publicada"),
    ):
        assert text.index(said) < text.index("100%") < text.index("outputs.append")
        assert named in text
    assert '<html lang="pt-BR">' in page(found, "pt-BR")
    assert "No two answers resemble each other." in page([], "en")


def test_the_page_shows_pseudonyms_and_counts_what_it_leaves_out():
    found = pairs_of(RIGHT, rename(RIGHT, RENAMED), wrong("back-no-slope"), wrong("back-sum"))
    names = {"0": "k2f", "1": "p7c", "2": "x3d", "3": "m9a"}
    text = Tags(page(found, "en", names=names, most=1)).text
    assert "k2f" in text
    assert "p7c" in text
    assert f"{len(found) - 1} more are not shown." in text


def test_differing_words_are_marked_and_equal_lines_shaded():
    html = page(pairs_of(RIGHT, rename(RIGHT, {"delta": "error"})), "en")
    assert "<mark>delta</mark>" in html
    assert "<mark>error</mark>" in html
    assert '<tr class="same"><td>    outputs = [x]</td><td>    outputs = [x]</td></tr>' in html
