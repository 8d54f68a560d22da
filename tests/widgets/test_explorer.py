"""Figure, table and controls move together; a static twin stands where widgets cannot run."""

import subprocess
import sys

import ipywidgets
import matplotlib.pyplot as plt
import nbclient
import nbconvert
import nbformat
import numpy as np
import pytest

from dlbook import plots
from dlbook.widgets import Checkbox, LogSlider, Options, Slider, Steps, explore

VIEW = "application/vnd.jupyter.widget-view+json"


def line(slope, offset):
    figure = plots.figure(3, 2)
    figure.subplots().plot([0, 1], [offset, offset + slope])
    if slope == 2:
        raise RuntimeError("too steep\nby far")
    return figure


def numbers(slope, offset):
    return [{"x": x, "y": offset + slope * x} for x in (0, 1)]


def said(slope, offset):
    return f"From {offset} to {offset + slope}"


def explorer(**options):
    controls = {"slope": Slider(-2, 2, 1, label="slope m"), "offset": Slider(0.0, 1.0, 0.5, label="offset b")}
    return explore(line, controls, alt=said, table=numbers, title="A line", **options)


def inputs(panel, kind):
    """All widgets of a kind inside a panel's root."""
    found, waiting = [], [panel.root]
    while waiting:
        widget = waiting.pop()
        found += [widget] if isinstance(widget, kind) else []
        waiting += getattr(widget, "children", ())
    return found


def displayed(explorer):
    explorer._repr_mimebundle_()
    return explorer._panel


def test_the_first_state_is_that_of_the_first_values():
    state = explorer().state
    assert state.values == {"slope": 1, "offset": 0.5}
    assert state.alt == "From 0.5 to 1.5"
    assert state.rows == numbers(1, 0.5)
    assert plt.get_fignums() == []


def test_update_changes_figure_text_and_table_and_keeps_the_other_values():
    one = explorer()
    before = one.state
    after = one.update(slope=-1)
    assert after is one.state
    assert after.values == {"slope": -1, "offset": 0.5}
    assert after.rows == numbers(-1, 0.5)
    assert after.picture != before.picture
    assert one.update(slope=1).picture == before.picture


def test_update_raises_what_draw_raises_and_refuses_bad_values():
    one = explorer()
    with pytest.raises(RuntimeError, match="too steep"):
        one.update(slope=2)
    assert one.state.values["slope"] == 1
    with pytest.raises(ValueError, match="slope m: expected -2 to 2"):
        one.update(slope=7)
    with pytest.raises(ValueError, match="expected values for"):
        one.update(colour="red")


def test_the_bundle_holds_widget_picture_table_and_text():
    bundle = explorer()._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/html", "text/plain"}
    assert bundle["text/plain"] == "From 0.5 to 1.5"
    assert '<img src="data:image/png;base64,' in bundle["text/html"]
    assert 'alt="From 0.5 to 1.5"' in bundle["text/html"]
    assert "slope m = 1, offset b = 0.5" in bundle["text/html"]
    assert "<details>" in bundle["text/html"]
    assert ">1.5</td>" in bundle["text/html"]


def test_moving_a_control_draws_again():
    one = explorer()
    panel = displayed(one)
    before = panel.picture.value
    (slider,) = inputs(panel, ipywidgets.IntSlider)
    assert slider.description == "slope m"
    slider.value = 0
    assert one.state.values == {"slope": 0, "offset": 0.5}
    assert panel.picture.value != before
    assert 'alt="From 0.5 to 0.5"' in panel.picture.value
    assert panel.numbers.value.count(">0.5</td>") == 2


def test_update_moves_the_controls_and_draws_once():
    one = explorer()
    panel = displayed(one)
    one.update(slope=-2, offset=1.0)
    assert inputs(panel, ipywidgets.IntSlider)[0].value == -2
    assert inputs(panel, ipywidgets.FloatSlider)[0].value == 1.0


def test_an_error_is_one_line_and_goes_away():
    panel = displayed(explorer())
    (slider,) = inputs(panel, ipywidgets.IntSlider)
    slider.value = 2
    assert 'role="alert"' in panel.message.value
    assert "RuntimeError: too steep by far" in panel.message.value
    slider.value = 1
    assert panel.message.value == ""


def test_the_table_is_folded_until_asked_for():
    panel = displayed(explorer())
    assert panel.numbers.layout.display == "none"
    panel.fold.value = True
    assert panel.numbers.layout.display is None


def test_the_run_button_waits_and_computes_once_for_all():
    calls = []

    def train(units):
        calls.append(units)
        return {"loss": 1 / units}

    def draw(result):
        return plots.figure(2 + result["loss"], 2)

    one = explore(
        draw,
        {"units": Slider(1, 9, 2, label="units")},
        compute=train,
        alt=lambda r: f"Loss {r['loss']:.2f}",
        table=lambda r: r,
        run_button=True,
    )
    panel = displayed(one)
    panel.inputs["units"].value = 4
    assert calls == [2]
    assert 'role="status"' in panel.message.value
    panel.run.click()
    assert calls == [2, 4]
    assert one.state.alt == "Loss 0.25"
    assert panel.message.value == ""
    assert not panel.run.disabled


def test_every_kind_of_control_is_labelled_and_gives_draw_its_value():
    seen = []

    def draw(**values):
        seen.append(values)
        return plots.figure(2, 2)

    xor = np.array([0, 1, 1, 0])
    controls = {
        "eta": LogSlider(0.01, 10, 1, label="rate"),
        "step": Steps(["start", "forward"], play=True, label="step"),
        "gate": Options({"AND": np.array([0, 0, 0, 1]), "XOR": xor}, label="gate"),
        "rule": Options(["a", "b"], style="buttons", label="rule"),
        "kind": Options([1, 2], style="radio", label="kind"),
        "grid": Checkbox(label="grid"),
    }
    one = explore(draw, controls, alt="Nothing")
    panel = displayed(one)
    panel.inputs["eta"].value = 10**-0.9
    panel.inputs["step"].index = 1
    panel.inputs["gate"].index = 1
    panel.inputs["rule"].index = 1
    panel.inputs["kind"].index = 1
    panel.inputs["grid"].value = True
    last = seen[-1]
    assert (last["eta"], last["step"], last["rule"], last["kind"], last["grid"]) == (0.1259, 1, "b", 2, True)
    assert last["gate"] is xor
    labels = {w.description for w in inputs(panel, ipywidgets.DOMWidget) if getattr(w, "description", "")}
    labels |= {w.value for w in inputs(panel, ipywidgets.Label)}
    assert {"rate", "step", "gate", "rule", "kind", "grid"} <= labels
    assert one.update(gate=controls["gate"].default, eta=1).values["eta"] == 1
    assert panel.inputs["gate"].index == 0


@pytest.mark.parametrize("alt", ["", lambda slope, offset: " "])
def test_alternative_text_is_required(alt):
    with pytest.raises(ValueError, match="alt"):
        explore(line, {"slope": Slider(0, 1, label="m"), "offset": Slider(0, 1, label="b")}, alt=alt)


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ({"slope": 1, "value": 0.25}, [{"Name": "slope", "Value": 1}, {"Name": "value", "Value": 0.25}]),
        ({"epoch": [1, 2], "loss": np.array([0.5, 0.25])}, [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}]),
        ([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 2}]),
        ([], []),
    ],
)
def test_tables_come_in_three_shapes(table, rows):
    assert explore(lambda: plots.figure(1, 1), {}, alt="x", table=lambda: table).state.rows == rows


@pytest.mark.parametrize("table", [{"a": [1, 2], "b": [1]}, {"a": [1, 2], "b": 1}, [{"a": 1}, {"b": 2}]])
def test_uneven_tables_are_refused(table):
    with pytest.raises(ValueError, match="table: expected"):
        explore(lambda: plots.figure(1, 1), {}, alt="x", table=lambda: table)


def test_text_of_pages_is_escaped():
    one = explore(
        lambda n: plots.figure(1, 1),
        {"n": Slider(0, 1, label="<b>")},
        alt="a < b",
        title="<script>",
        table=lambda n: {"<i>": "&"},
    )
    html = one._repr_mimebundle_()["text/html"]
    assert not any(tag in html for tag in ("<script>", "<b>", "<i>"))


SOURCE = """
from dlbook import plots
from dlbook.widgets import Choice, Question, Slider, ask, explore
def draw(n):
    figure = plots.figure(2, 2); figure.subplots().plot(range(n)); return figure
explore(draw, dict(n=Slider(2, 9, 3, label="points")), alt=lambda n: f"{n} points", table=lambda n: {"points": n})
"""
ASK = """ask(Question([Choice("one", False, "too few"), Choice("two", True, "it is $1+1$")]))"""


def test_without_ipywidgets_picture_and_table_are_displayed():
    code = f"import sys; sys.modules['ipywidgets'] = None\n{SOURCE.replace('explore(draw', 'one = explore(draw')}"
    code += "print(sorted(one._repr_mimebundle_()), '<img' in one._repr_mimebundle_()['text/html'])\n"
    code += "one.update(n=5); print(one.state.alt, 'ipywidgets' in [m for m in sys.modules if sys.modules[m]])\n"
    code += f"print(sorted({ASK}._repr_mimebundle_()), 'install ipywidgets' in one.static_html())"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == [
        "['text/html', 'text/plain'] True",
        "5 points False",
        "['text/html', 'text/plain'] True",
    ]


@pytest.mark.parametrize("state", [True, False], ids=["with widget state", "without"])
def test_a_page_exported_to_html_shows_picture_table_and_folded_answers(state):
    page = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(SOURCE), nbformat.v4.new_code_cell(ASK)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbclient.NotebookClient(page, timeout=120, store_widget_state=state).execute()
    first, second = page.cells[0].outputs
    assert "<details>" in first.data["text/html"]
    assert VIEW in second.data
    html, _ = nbconvert.HTMLExporter().from_notebook_node(page)
    assert 'alt="3 points"' in html
    assert "Numbers in this figure" in html
    assert "it is $1+1$" in html.split("Show the answers")[1].replace("It is", "it is")


def test_labels_in_portuguese(monkeypatch):
    monkeypatch.setenv("DLBOOK_LANG", "pt-BR")
    one = explorer(run_button=True)
    panel = displayed(one)
    assert panel.run.description == "Executar"
    assert panel.fold.description == "Números desta figura"
    assert "Números desta figura" in one.static_html()
    panel.inputs["slope"].value = 0
    assert "Os ajustes mudaram" in panel.message.value
