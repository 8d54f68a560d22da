"""A figure that answers to its controls."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dlbook.language import say
from dlbook.widgets.controls import Control, Options, Steps
from dlbook.widgets.display import display_bundle, has_widgets
from dlbook.widgets.tables import Rows, rows_of, table_html, written

Table = Mapping[str, Any] | Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Shown:
    """What a setting of the controls shows: the values, the figure, its alternative text and the rows of its table."""

    values: dict[str, Any]
    figure: Any
    alt: str
    rows: Rows

    @cached_property
    def picture(self) -> str:
        """The figure as `<img alt>`."""
        from dlbook.plots import image_html

        return image_html(self.figure, self.alt)


class LiveFigure:
    """A figure that is drawn anew for what a reader does, with a panel where widgets can run and a picture elsewhere.

    `state` is what is shown now.  A subclass says by `_note` (HTML) what stands below the picture where nothing can be
    moved, and by `_make_panel` what is shown where it can.
    """

    def __init__(self, title: str, state: Shown):
        self.title = title
        self._panel = None
        self._take(state)

    def _take(self, state: Shown) -> Shown:
        """Show this from now on.  An alternative text that is missing is the page's error: said at once, not taken."""
        state.picture  # noqa: B018
        self.state = state
        if self._panel is not None:
            self._panel.show(state)
        return state

    def _note(self) -> str:
        raise NotImplementedError

    def _can_live(self) -> bool:
        return has_widgets()

    def _make_panel(self):
        raise NotImplementedError

    def static_html(self) -> str:
        """Title, picture, note and folded table, without any control."""
        parts = [f"<p><strong>{html.escape(self.title)}</strong></p>" if self.title else "", self.state.picture]
        parts.append(self._note())
        if self.state.rows:
            summary = html.escape(say("Numbers in this figure"))
            parts.append(f"<details><summary>{summary}</summary>{table_html(self.state.rows)}</details>")
        return f"<div>{''.join(parts)}</div>"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, Any]:
        bundle = {"text/plain": self.state.alt, "text/html": self.static_html()}
        if not self._can_live():
            return bundle
        from dlbook.widgets.panel import view_of

        if self._panel is None:
            self._panel = self._make_panel()
        return bundle | view_of(self._panel.root)

    def _ipython_display_(self) -> None:
        display_bundle(self._repr_mimebundle_())


class Explorer(LiveFigure):
    """What `explore` returns: displays itself as the last line of a cell, or through `display(explorer)`.

    `state` is what is shown now; `update(**values)` sets some or all values and returns the new state.
    """

    def __init__(self, show: Callable[..., Shown], controls: Mapping[str, Control], title: str, run_button: bool):
        self.controls = dict(controls)
        self.run_button = run_button
        self._show = show
        super().__init__(title, show(**{name: control.default for name, control in self.controls.items()}))

    def accept(self, **values: Any) -> dict[str, Any]:
        """All values, those given checked and the others as they are; ValueError for unknown names and bad values."""
        unknown = set(values) - set(self.controls)
        if unknown:
            raise ValueError(f"expected values for {sorted(self.controls)}, got {sorted(unknown)}")
        return self.state.values | {name: self.controls[name].accept(value) for name, value in values.items()}

    def update(self, **values: Any) -> Shown:
        """Draws with these values (the others stay as they are), shows it and returns it; errors are raised."""
        return self._take(self._show(**self.accept(**values)))

    def _note(self) -> str:
        settings = ", ".join(
            f"{control.label} = {_setting(control, self.state.values[name])}" for name, control in self.controls.items()
        )
        return f"<p>{html.escape(settings)}. {html.escape(_how_to_move())}</p>" if settings else ""

    def _make_panel(self):
        from dlbook.widgets.panel import Panel

        return Panel(self)


def explore(
    draw: Callable[..., Any],
    controls: Mapping[str, Control],
    *,
    alt: str | Callable[..., str],
    table: Callable[..., Table] | None = None,
    title: str = "",
    compute: Callable[..., Any] | None = None,
    run_button: bool = False,
) -> Explorer:
    """An interactive figure: `draw` again for every change of its controls.

    draw : a pure function of the controls' values, `draw(**values)`, that returns a figure (`plots.figure`).
    controls : argument name -> `Slider`, `LogSlider`, `Steps`, `Options` or `Checkbox`; write `dict(eta=LogSlider(…))`.
    alt : what there is to see, for readers who do not see it: `alt(**values)`, or one sentence that is always true.
    table : `table(**values)`, the figure's numbers: a list of rows (dicts), a dict of columns, or a dict of single
    values.
    title : a line above the controls.
    compute : for work that figure, text and table share: `result = compute(**values)` runs once for each change, and
    `draw(result)`, `alt(result)`, `table(result)` get what it returns in place of the values.
    run_button : nothing is drawn until the button is pressed, for work that takes longer than a second.

    The first figure is drawn at once, with the controls' first values; it is also the static picture that stands on
    GitHub, in an export, or without ipywidgets.  An error in `draw` is one line in the widget; here and in `update`
    it is raised.  Raises ValueError for a missing alternative text.

        def train(eta, hidden): …                       # -> any result
        explore(draw, dict(eta=LogSlider(0.01, 10.0, 1.0, label="learning rate η"),
                           hidden=Slider(1, 30, 10, label="hidden units")),
                compute=train, run_button=True,
                alt=lambda r: f"Accuracy reaches {r.accuracy:.0%}", table=lambda r: r.rows)
    """
    if isinstance(alt, str) and not alt.strip():
        raise ValueError('alt: expected a sentence that says what the figure shows, got ""')

    def show(**values: Any) -> Shown:
        arguments, named = ((), values) if compute is None else ((compute(**values),), {})
        return Shown(
            values=values,
            figure=draw(*arguments, **named),
            alt=alt if isinstance(alt, str) else alt(*arguments, **named),
            rows=rows_of(None if table is None else table(*arguments, **named)),
        )

    return Explorer(show, controls, title, run_button)


def _how_to_move() -> str:
    if not has_widgets():
        return say("To move the controls, install ipywidgets: {command}", command='pip install "dlbook[course]"')
    return say("Run the cell to move the controls.")


def _setting(control: Control, value: Any) -> str:
    if isinstance(control, Options):
        return control.options[control.index(value)][0]
    if isinstance(control, Steps):
        return control.options[value][0]
    return written(value)
