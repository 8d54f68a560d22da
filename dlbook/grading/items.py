"""Item analysis: which tests the class passes, which hints it meets, and which tests tell good work from poor work.

Discrimination is the corrected item-total correlation: Pearson's r between the points of an item and the points of all
the others.  The item itself is left out of the total, for with it every item correlates with itself.  Below 0.2 an item
says little about the rest of the work, and a negative one is to be read again.  Source: Nunnally and Bernstein,
"Psychometric Theory", 3rd edition, 1994, chapter 8.
"""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dlbook import plots
from dlbook.check import manifest
from dlbook.grading.export import Number, document, latest, shown, table
from dlbook.grading.journal import Record
from dlbook.language import current, say, speaking

if TYPE_CHECKING:
    from dlbook.plots import Figure

NOT_ATTEMPTED = "not attempted"
FEWEST = 3
"""Students from whom a correlation is computed: with two it is 1 or -1, whatever they did."""


@dataclass(frozen=True)
class Item:
    """What a class did with one exercise or one test.

    id : of the cell; exercise : the exercise that a test belongs to, the same as id for an exercise; title and hidden :
    of a test; worth : most points; students : who were given it.
    attempted : whose answer is more than the stub; full : who have all its points; points : mean share of its points.
    hints : how often each key spoke, most often first.  discrimination : in [-1, 1]; None where it is not defined, when
    fewer than FEWEST students were graded, or when all have the same points in the item or in the rest.
    """

    id: str
    exercise: str
    title: str = ""
    hidden: bool = False
    worth: float = 0.0
    students: int = 0
    attempted: int = 0
    full: int = 0
    points: float = 0.0
    hints: dict[str, int] = field(default_factory=dict)
    discrimination: float | None = None

    @property
    def full_share(self) -> float:
        """Share of the students who have all the points."""
        return self.full / self.students if self.students else 0.0


@dataclass(frozen=True)
class Items:
    """The analysis of an assignment: of its exercises and its tests in their order.

    statuses : how many students have each status; only "graded" ones enter the numbers of the items.
    """

    assignment: str
    statuses: dict[str, int]
    exercises: tuple[Item, ...]
    tests: tuple[Item, ...]

    @property
    def graded(self) -> int:
        return self.statuses.get("graded", 0)


def analyse(records: Iterable[Record]) -> Items:
    """Counts and correlations over the graded hand-ins of one assignment, the last of each student.

    Raises ValueError for no record, or records of several assignments.
    """
    handed_in = latest(records)
    assignments = sorted({record.assignment for record in handed_in})
    if len(assignments) != 1:
        raise ValueError(f"records: expected those of one assignment, got {', '.join(assignments) or 'none'}")
    graded = [record for record in handed_in if record.status == "graded"]
    tests, exercises = defaultdict(list), defaultdict(list)
    for record in graded:
        of_exercise = defaultdict(list)
        for result in record.results:
            rest = [other.points for other in record.results if other.test != result.test]
            tests[result.test].append(([result], math.fsum(rest)))
            of_exercise[result.exercise].append(result)
        for exercise, own in of_exercise.items():
            rest = [other.points for other in record.results if other.exercise != exercise]
            exercises[exercise].append((own, math.fsum(rest)))
    return Items(
        assignments[0],
        dict(sorted(Counter(record.status for record in handed_in).items())),
        tuple(_item(Item(id, id), found) for id, found in exercises.items()),
        tuple(_item(_of_test(found[0][0][0]), found) for found in tests.values()),
    )


def figure(items: Items, language: str = "en") -> "Figure":
    """Left, what share of the graded students has all the points of each test; right, its discrimination.

    Bars of hidden tests are hatched.  A test without a discrimination has no point.
    """
    with speaking(language):
        count = len(items.tests)
        drawing = plots.figure(width=9, height=1.3 + 0.28 * max(count, 3))
        left, right = drawing.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        for hidden, colour, hatch in ((False, plots.BLUE, None), (True, plots.ORANGE, "///")):
            rows = [row for row, test in enumerate(items.tests) if test.hidden == hidden]
            label = say("hidden test") if hidden else say("visible test")
            shares = [items.tests[row].full_share for row in rows]
            left.barh(rows, shares, color=colour, hatch=hatch, edgecolor="white", label=label)
        left.set(xlim=(0, 1), ylim=(max(count, 1) - 0.5, -0.5), xlabel=say("share of students with all the points"))
        left.set_yticks(range(count), [test.id for test in items.tests], parse_math=False)
        left.grid(axis="y", visible=False)
        drawing.legend(loc="outside upper left", ncols=2)
        known = [(test.discrimination, row) for row, test in enumerate(items.tests) if test.discrimination is not None]
        right.axvline(0, color=plots.GREY, linewidth=1)
        right.plot(*zip(*known, strict=True) if known else ([], []), plots.MARKERS[0], color=plots.BLACK)
        right.set(xlim=(-1.05, 1.05), xlabel=say("discrimination"))
        return drawing


def page(items: Items, language: str, *, title: str | None = None) -> str:
    """The figure and the tables of numbers as one self-contained HTML page; no student is named in it."""
    with speaking(language):
        statuses = _statuses()
        said = ", ".join(f"{statuses.get(key, key)}: {count}" for key, count in items.statuses.items())
        body = [f"<p>{shown(said)}</p>", f'<p class="notice">{shown(_notice())}</p>']
        if items.tests:
            body.append(f"<p>{plots.image_html(figure(items, language), _alternative(items))}</p>")
            body.append(_numbers(say("Exercises"), items.exercises, of_tests=False))
            body.append(_numbers(say("Tests"), items.tests, of_tests=True))
            body.append(_hints(items, language))
        heading = title or say("Item analysis of {assignment}", assignment=items.assignment)
        return document(heading, "\n".join(body), language)


def _of_test(result):
    return Item(result.test, result.exercise, result.title, result.hidden)


def _item(item, found):
    """The item with its numbers, from what each student did in it: his results and the points of all his others."""
    points = [math.fsum(result.points for result in results) for results, _ in found]
    worth = max(math.fsum(result.worth for result in results) for results, _ in found)
    keys = Counter(result.key for results, _ in found for result in results if not result.passed)
    return replace(
        item,
        worth=worth,
        students=len(found),
        attempted=sum(any(result.key != NOT_ATTEMPTED for result in results) for results, _ in found),
        full=sum(all(result.passed for result in results) for results, _ in found),
        points=math.fsum(points) / (worth * len(found)) if worth else 0.0,
        hints=dict(sorted(keys.items(), key=lambda pair: (-pair[1], pair[0]))),
        discrimination=_correlation(points, [rest for _, rest in found]),
    )


def _correlation(x: Sequence[float], y: Sequence[float]) -> float | None:
    if len(x) < FEWEST or len(set(x)) == 1 or len(set(y)) == 1:
        return None
    return statistics.correlation(x, y)


def _notice():
    return say(
        "Discrimination is the correlation of an item's points with the points of all the others: below 0.2 the item"
        " says little about the rest of the work, and a negative one is worth reading again. In a small class it is"
        " mostly chance."
    )


def _alternative(items):
    """The figure in words: the hardest and the easiest test, and the range of discrimination."""
    hardest = min(items.tests, key=lambda test: test.full_share)
    easiest = max(items.tests, key=lambda test: test.full_share)
    said = say(
        "Bars of {count} tests: {hardest} is passed by fewest, {low}, and {easiest} by most, {high}.",
        count=len(items.tests),
        hardest=hardest.id,
        low=f"{hardest.full_share:.0%}",
        easiest=easiest.id,
        high=f"{easiest.full_share:.0%}",
    )
    known = [test.discrimination for test in items.tests if test.discrimination is not None]
    if not known:
        return f"{said} {say('Discrimination is not defined for any of them.')}"
    low, high = _number(min(known), ".2f"), _number(max(known), ".2f")
    return f"{said} {say('Discrimination lies between {low} and {high}.', low=low, high=high)}"


def _number(value, form="g"):
    """A number as people write it in the current language, a dash for None."""
    text = "–" if value is None else format(value, form)
    return text.replace(".", ",") if current() == "pt-BR" else text


def _numbers(caption, rows, *, of_tests):
    heads = [say("Test"), say("Title"), say("Hidden")] if of_tests else [say("Exercise")]
    heads += [say("Points"), say("Students"), say("Attempted"), say("All points"), say("Mean share of points")]
    heads.append(say("Discrimination"))
    lines = []
    for row in rows:
        texts = [row.id, row.title, say("yes") if row.hidden else say("no")] if of_tests else [row.id]
        numbers = [_number(row.worth), f"{row.students}", f"{row.attempted}", f"{row.full} ({row.full_share:.0%})"]
        numbers += [f"{row.points:.0%}", _number(row.discrimination, ".2f")]
        lines.append([*texts, *(Number(text) for text in numbers)])
    return table(heads, lines, caption)


def _hints(items, language):
    """Which hint spoke how often, with its sentence: the exercise's own, else what the built-in message means."""
    lines, built_in = [], _built_in()
    for row in items.exercises:
        sentences = manifest.hints(f"{items.assignment}/{row.id}", language)
        for key, count in row.hints.items():
            lines.append([row.id, key, sentences.get(key) or built_in.get(key, ""), Number(count)])
    return table([say("Exercise"), say("Key"), say("Sentence"), say("Tests that said it")], lines, say("Hints"))


def _statuses():
    return {
        "graded": say("graded"),
        "untouched": say("no exercise was attempted"),
        "unreadable": say("could not be read"),
        "error": say("could not be graded"),
    }


def _built_in():
    """What the keys of the built-in messages mean; the message itself may quote a student."""
    return {
        NOT_ATTEMPTED: say("The stub is as it was handed out."),
        "returns": say("Nothing is returned, or the wrong number of values."),
        "pure": say("An argument is changed in place."),
        "by hand": say("A function is used that the exercise asks to derive."),
        "type": say("What is returned has the wrong type."),
        "shape": say("An array has the wrong shape."),
        "nan": say("A value is NaN."),
        "value": say("A value is wrong, and no hint knows why."),
        "raises": say("An expected error is not raised, or another one is."),
        "error": say("The answer raises an error."),
        "name": say("The name that the exercise asks for is not defined."),
        "syntax": say("The cell is not valid Python."),
        "time": say("The time limit was passed."),
        "ended": say("The answer ended its process."),
    }
