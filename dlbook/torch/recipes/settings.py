"""Settings of a recipe: what all share, and how they are read from TOML files and the command line."""

import dataclasses
import json
import pathlib
import tomllib

from dlbook.language import say


class RecipeError(Exception):
    """Something that a person can put right; the text says what was expected, what came, and what to do."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Common:
    """What every recipe asks for.

    seed : of the weights and all draws.  threads : of PyTorch on a CPU.
    device, precision, compile : as in `dlbook.torch.fit`.
    """

    seed: int
    threads: int
    device: str
    precision: str
    compile: bool

    def __post_init__(self):
        self.at_least(0, "seed")
        self.at_least(1, "threads")
        if self.device.partition(":")[0] not in ("auto", "cpu", "cuda", "mps"):
            raise ValueError(f"device: expected auto, cpu, cuda, cuda:1 … or mps, got {self.device!r}")

    def at_least(self, least: float, *names: str) -> None:
        """ValueError, naming it, unless each of these settings is `least` or more."""
        for name in names:
            if not getattr(self, name) >= least:
                raise ValueError(f"{name}: expected at least {least}, got {getattr(self, name)}")


def load(kind: type[Common], own: pathlib.Path, config=None, changes=()) -> Common:
    """`kind` filled from the recipe's `own` file, then from the file `config`, then from `changes`, "key=value"."""
    types = {field.name: field.type for field in dataclasses.fields(kind)}
    values = {key: _typed(key, value, types, own.name) for key, value in _read(own).items()}
    if config is not None:
        path = pathlib.Path(config)
        values |= {key: _typed(key, value, types, str(path)) for key, value in _read(path).items()}
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            raise RecipeError(say("--set {change}: expected key=value, as in --set seed=1.", change=change))
        values[key.strip()] = _typed(key.strip(), _value(text.strip()), types, f"--set {change}")
    try:
        return kind(**values)
    except ValueError as error:
        raise RecipeError(str(error)) from None


def keep(settings: Common, out: pathlib.Path) -> None:
    """Write the settings to out/settings.toml, from where --config reads them.

    Raises RecipeError when the folder holds a run with other settings than these, the device and threads aside.
    """
    path = out / "settings.toml"
    values = dataclasses.asdict(settings)
    trained = any((out / name).exists() for name in ("run.safetensors", "result.json"))
    if trained and path.exists():
        for key, value in _read(path).items():
            if key in values and key not in ("device", "threads") and values[key] != value:
                raise RecipeError(
                    say(
                        "{out} holds a run with {key} = {old}, not {new}: name another folder, or delete this one.",
                        out=out,
                        key=key,
                        old=value,
                        new=values[key],
                    )
                )
    out.mkdir(parents=True, exist_ok=True)
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
    path.write_text("".join(lines), encoding="utf8")


def _read(path: pathlib.Path) -> dict:
    try:
        return tomllib.loads(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        raise RecipeError(say("There is no file {path}.", path=path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, IsADirectoryError) as error:
        raise RecipeError(say("{path} is not a TOML file: {reason}.", path=path, reason=error)) from None


def _value(text: str):
    """`text` as TOML reads a value; words without quotes are text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        return text


def _typed(key: str, value, types: dict[str, type], where: str):
    if key not in types:
        known = ", ".join(types)
        raise RecipeError(
            say("{where}: there is no setting {key}; there are: {known}.", where=where, key=key, known=known)
        )
    kind = types[key]
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        names = {
            int: say("a whole number"),
            float: say("a number"),
            str: say("text"),
            bool: say("true or false"),
        }
        raise RecipeError(
            say("{where}: {key} is {kind}, got {value}.", where=where, key=key, kind=names[kind], value=repr(value))
        )
    return value
