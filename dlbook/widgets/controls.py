"""The controls of an interactive figure, as plain data: which values there are, and which comes first.

Each has `label` (what people read, in the page's language), `default` (its first value) and `accept(value)`, which
returns the value in its proper type or raises ValueError.  `dlbook.widgets.panel` makes them visible.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Slider:
    """A number from `low` to `high`.  Integers throughout (`Slider(1, 30, 5, label=…)`) make a slider of integers.

    `value` is the first one (`low` if not given); `step` is what one press of an arrow key adds: 1, or a hundredth
    of the range for floats.
    """

    low: float
    high: float
    value: float | None = None
    step: float | None = None
    label: str = field(kw_only=True)

    def __post_init__(self):
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"Slider {self.label!r}: expected low < high, got {self.low} and {self.high}")
        if self.step is not None and not self.step > 0:
            raise ValueError(f"Slider {self.label!r}: expected a positive step, got {self.step}")
        self.accept(self.default)

    @property
    def integer(self) -> bool:
        """Whether its values are integers."""
        return all(isinstance(v, int) for v in (self.low, self.high, self.default, self.step or 1))

    @property
    def default(self) -> float:
        """Its first value."""
        return self.low if self.value is None else self.value

    def accept(self, value: float) -> float:
        """`value` as int or float; ValueError outside the range."""
        number = _number(self, value)
        if not self.low <= number <= self.high:
            raise ValueError(f"{self.label}: expected {self.low} to {self.high}, got {value}")
        if self.integer and number != int(number):
            raise ValueError(f"{self.label}: expected an integer, got {value}")
        return int(number) if self.integer else number


@dataclass(frozen=True)
class LogSlider:
    """A positive number from `low` to `high` in equal ratios, for learning rates and step sizes.

    `low`, `high` and `value` are the numbers themselves, not their exponents; ten presses of an arrow key make a decade
    unless `per_decade` says otherwise.  Values are rounded to four significant digits.
    """

    low: float
    high: float
    value: float | None = None
    per_decade: int = 10
    label: str = field(kw_only=True)

    def __post_init__(self):
        if not 0 < self.low < self.high < math.inf:
            raise ValueError(f"LogSlider {self.label!r}: expected 0 < low < high, got {self.low} and {self.high}")
        if self.per_decade < 1:
            raise ValueError(f"LogSlider {self.label!r}: expected per_decade of at least 1, got {self.per_decade}")
        self.accept(self.default)

    @property
    def default(self) -> float:
        """Its first value."""
        return self.low if self.value is None else self.value

    def accept(self, value: float) -> float:
        """`value` to four significant digits; ValueError outside the range."""
        number = float(f"{_number(self, value):.4g}")
        if not self.low * 0.999 <= number <= self.high * 1.001:
            raise ValueError(f"{self.label}: expected {self.low} to {self.high}, got {value}")
        return number


@dataclass(frozen=True)
class Steps:
    """A place in a sequence, walked with the arrow keys: `draw` gets the number of the step, from 0.

    `names` : what each step is called (`["start", "forward 1", "forward 2"]`), or how many there are.
    With `play` buttons to run through them are added, one step every `interval` milliseconds.
    """

    names: Sequence[str] | int
    value: int = 0
    play: bool = False
    interval: int = 700
    label: str = field(kw_only=True)

    def __post_init__(self):
        if len(self.options) < 2:
            raise ValueError(f"Steps {self.label!r}: expected at least two steps, got {len(self.options)}")
        self.accept(self.value)

    @property
    def options(self) -> list[tuple[str, int]]:
        """Pairs (name, number)."""
        names = [str(i) for i in range(self.names)] if isinstance(self.names, int) else self.names
        return [(str(name), i) for i, name in enumerate(names)]

    @property
    def default(self) -> int:
        """Its first value."""
        return self.value

    def accept(self, value: int) -> int:
        """`value` as int; ValueError if there is no such step."""
        number = _number(self, value)
        if number not in range(len(self.options)):
            raise ValueError(f"{self.label}: expected a step from 0 to {len(self.options) - 1}, got {value}")
        return int(number)


@dataclass(frozen=True)
class Options:
    """One of several: `choices` maps what people read to what `draw` gets, `{"AND": (0, 0, 0, 1)}`.

    A list stands for both.      `value` is the first one chosen (what `draw` gets; the first of the list if not given).
    `style` : "dropdown", "buttons" (a row, for few and short ones) or "radio".
    """

    choices: Mapping[str, Any] | Sequence[Any]
    value: Any = None
    style: Literal["dropdown", "buttons", "radio"] = "dropdown"
    label: str = field(kw_only=True)

    def __post_init__(self):
        if not self.options:
            raise ValueError(f"Options {self.label!r}: expected at least one choice, got none")
        if self.style not in ("dropdown", "buttons", "radio"):
            raise ValueError(
                f'Options {self.label!r}: expected style "dropdown", "buttons" or "radio", got {self.style!r}'
            )
        self.accept(self.default)

    @property
    def options(self) -> list[tuple[str, Any]]:
        """Pairs (text, value)."""
        if isinstance(self.choices, Mapping):
            return [(str(text), value) for text, value in self.choices.items()]
        return [(str(value), value) for value in self.choices]

    @property
    def default(self) -> Any:
        """Its first value."""
        return self.options[0][1] if self.value is None else self.value

    def index(self, value: Any) -> int:
        """Where `value` stands among the choices: the same object, or else an equal one of the same type."""
        for i, (_, known) in enumerate(self.options):
            if known is value:
                return i
        for i, (_, known) in enumerate(self.options):
            if type(known) is type(value) and isinstance(known, (str, int, float, tuple, frozenset)) and known == value:
                return i
        raise ValueError(f"{self.label}: expected one of {', '.join(text for text, _ in self.options)}, got {value!r}")

    def accept(self, value: Any) -> Any:
        """`value` if it is one of the choices, else ValueError."""
        return self.options[self.index(value)][1]


@dataclass(frozen=True)
class Checkbox:
    """Yes or no: `draw` gets True or False."""

    value: bool = False
    label: str = field(kw_only=True)

    @property
    def default(self) -> bool:
        """Its first value."""
        return self.value

    def accept(self, value: bool) -> bool:
        """`value` as bool; ValueError for anything but True and False."""
        if value not in (True, False):
            raise ValueError(f"{self.label}: expected True or False, got {value!r}")
        return bool(value)


Control = Slider | LogSlider | Steps | Options | Checkbox


def _number(control: Control, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{control.label}: expected a number, got {value!r}") from None
    if not math.isfinite(number):
        raise ValueError(f"{control.label}: expected a finite number, got {value!r}")
    return number
