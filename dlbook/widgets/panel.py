"""The visible part of an `Explorer`: ipywidgets for its controls, figure and table.  It computes nothing itself."""

import html
from functools import singledispatch
from typing import Any

import ipywidgets

from dlbook.language import say
from dlbook.widgets.controls import Checkbox, Control, LogSlider, Options, Slider, Steps
from dlbook.widgets.display import VIEW, live_class
from dlbook.widgets.tables import table_html

_WIDE = {"width": "min(100%, 560px)"}

# ipywidgets gives a slider's handle no name, and a logarithmic one says its exponent: put right when a figure comes.
_NAME_SLIDERS = (
    "setTimeout(() => this.closest('.dlbook-panel')?.querySelectorAll('.widget-slider').forEach(slider => {"
    "const part = name => slider.querySelector(name), handle = part('.noUi-handle');"
    "handle?.setAttribute('aria-label', part('.widget-label')?.textContent ?? '');"
    "handle?.setAttribute('aria-valuetext', part('.widget-readout')?.textContent ?? '')}), 200)"
)


def view_of(root: ipywidgets.DOMWidget) -> dict[str, Any]:
    """The part of a display bundle that a front end with widgets uses."""
    root.add_class(live_class(root.model_id))
    return {VIEW: root._repr_mimebundle_()[VIEW]}


def error_html(error: Exception) -> str:
    """The error as one line that a screen reader announces."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return f'<p role="alert" style="margin:4px 0;color:#A80000">⚠ {html.escape(text)}</p>'


class Panel:
    """Controls above, figure below, then the folded table."""

    def __init__(self, explorer):
        self.explorer = explorer
        self.silent = False
        self.inputs = {name: build(control) for name, control in explorer.controls.items()}
        self.picture = ipywidgets.HTML()
        self.numbers = ipywidgets.HTML()
        self.message = ipywidgets.HTML()
        self.fold = ipywidgets.ToggleButton(
            description=say("Numbers in this figure"), icon="table", layout={"width": "max-content"}
        )
        self.fold.observe(self._fold, "value")
        self.run = ipywidgets.Button(description=say("Run"), icon="play", button_style="primary")
        self.run.on_click(lambda _: self.draw())
        for widget in self.inputs.values():
            widget.observe(self._changed, "index" if hasattr(widget, "index") else "value")
        self.root = ipywidgets.VBox(self._rows(), layout={"margin": "4px 0"})
        self.root.add_class("dlbook-panel")
        self.show(explorer.state)

    def values(self) -> dict[str, Any]:
        """What the controls are set to."""
        return {name: value_of(self.explorer.controls[name], widget) for name, widget in self.inputs.items()}

    def draw(self) -> None:
        """Draws what the controls are set to; an error becomes one line, and the figure before it stays."""
        self.run.disabled = True
        if self.explorer.run_button:
            self.message.value = f'<p role="status" style="margin:4px 0">{html.escape(say("Running …"))}</p>'
        try:
            self.explorer.update(**self.values())
        except Exception as error:
            self.message.value = error_html(error)
        finally:
            self.run.disabled = False

    def show(self, state) -> None:
        """Brings controls, figure and table to `state`."""
        self.silent = True
        try:
            for name, widget in self.inputs.items():
                set_value(self.explorer.controls[name], widget, state.values[name])
        finally:
            self.silent = False
        self.picture.value = state.picture.replace("<img ", f'<img onload="{_NAME_SLIDERS}" ', 1)
        self.numbers.value = table_html(state.rows)
        self.message.value = ""

    def _rows(self) -> list:
        title = ipywidgets.HTML(f"<strong>{html.escape(self.explorer.title)}</strong>")
        width = f"{min(0.56 * max((len(c.label) for c in self.explorer.controls.values()), default=0) + 1, 22):.1f}em"
        rows = []
        for name, control in self.explorer.controls.items():
            rows.append(_row(control, self.inputs[name], width))
        folded = [self.fold, self.numbers] if self.explorer.state.rows else []
        self.numbers.layout.display = "none"
        return [
            *([title] if self.explorer.title else []),
            *rows,
            *([self.run] if self.explorer.run_button else []),
            self.message,
            self.picture,
            *folded,
        ]

    def _changed(self, _) -> None:
        if self.silent:
            return
        if self.explorer.run_button:
            note = say("The settings have changed: press Run.")
            self.message.value = f'<p role="status" style="margin:4px 0">{html.escape(note)}</p>'
        else:
            self.draw()

    def _fold(self, change) -> None:
        self.numbers.layout.display = None if change["new"] else "none"


@singledispatch
def build(control: Control) -> ipywidgets.Widget:
    """The ipywidgets control for `control`, set to its first value."""
    raise ValueError(f"expected Slider, LogSlider, Steps, Options or Checkbox, got {control!r}")


@build.register
def _(control: Slider):
    kind = ipywidgets.IntSlider if control.integer else ipywidgets.FloatSlider
    step = control.step or (1 if control.integer else (control.high - control.low) / 100)
    form = {} if control.integer else {"readout_format": f".{_decimals(step)}f"}
    return kind(
        control.default, min=control.low, max=control.high, step=step, description=control.label, layout=_WIDE, **form
    )


@build.register
def _(control: LogSlider):
    from math import log10

    return ipywidgets.FloatLogSlider(
        control.default,
        min=log10(control.low),
        max=log10(control.high),
        step=1 / control.per_decade,
        readout_format=".3g",
        description=control.label,
        layout=_WIDE,
    )


@build.register
def _(control: Steps):
    return ipywidgets.SelectionSlider(
        options=control.options, index=control.value, description=control.label, layout=_WIDE
    )


@build.register
def _(control: Options):
    kind = {
        "dropdown": ipywidgets.Dropdown,
        "buttons": ipywidgets.ToggleButtons,
        "radio": ipywidgets.RadioButtons,
    }[control.style]
    texts = [(text, i) for i, (text, _) in enumerate(control.options)]
    widget = kind(options=texts, index=control.index(control.default), description=control.label)
    if control.style != "dropdown":
        widget.layout.width = "auto"
    if control.style == "buttons":
        widget.style.button_width = "auto"
    return widget


@build.register
def _(control: Checkbox):
    return ipywidgets.Checkbox(control.default, description=control.label, indent=False, layout={"width": "auto"})


def value_of(control: Control, widget: ipywidgets.Widget) -> Any:
    """What `draw` gets for the widget's setting."""
    if isinstance(control, Options):
        return control.options[widget.index][1]
    return widget.index if isinstance(control, Steps) else widget.value


def set_value(control: Control, widget: ipywidgets.Widget, value: Any) -> None:
    """Moves the widget to `value`; a setting that it has already is left alone, to the last digit."""
    if isinstance(control, Options):
        widget.index = control.index(value)
    elif isinstance(control, Steps):
        widget.index = value
    elif control.accept(widget.value) != value:
        widget.value = value


def _row(control: Control, widget: ipywidgets.Widget, width: str) -> ipywidgets.Widget:
    """The widget in its line: labels right-aligned in a column of `width`, in front of the controls."""
    if isinstance(widget, ipywidgets.Checkbox):
        widget.layout.margin = f"2px 2px 2px calc({width} + 10px)"
        return widget
    if isinstance(widget, ipywidgets.ToggleButtons | ipywidgets.RadioButtons):
        label = ipywidgets.Label(control.label, layout={"width": width, "justify_content": "flex-end"})
        widget.description = ""
        return ipywidgets.HBox([label, widget])
    widget.style.description_width = width
    widget.tooltip = control.label
    if isinstance(control, Steps) and control.play:
        return ipywidgets.HBox([widget, _player(control, widget)], layout={"flex_flow": "row wrap"})
    return widget


def _player(control: Steps, widget: ipywidgets.SelectionSlider) -> ipywidgets.Play:
    play = ipywidgets.Play(min=0, max=len(control.options) - 1, interval=control.interval, show_repeat=False)
    play.value = control.value
    ipywidgets.link((play, "value"), (widget, "index"))
    return play


def _decimals(step: float) -> int:
    return next((n for n in range(6) if abs(round(step, n) - step) < 1e-9), 6)
