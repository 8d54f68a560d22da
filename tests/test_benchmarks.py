"""The benchmarks run and give their rows; how fast anything is, no test asserts."""

import importlib
import io
import pathlib

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[1]
ROWS = {
    "network": 8,
    "imports": 2,
    "autograd": 1,
    "optimisers": 18,
    "layers": 11,
    "characters": 2,
    "transformers": 3,
    "verdict": 2,
    "check": 1,
    "build": 1,
    "pages": 7,
    "grading": 2,
    "gpu": 1,
}


@pytest.fixture
def program(monkeypatch):
    """`python -m benchmarks`, as a module, and a size at which it takes no time."""
    monkeypatch.syspath_prepend(ROOT)
    for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM"):
        monkeypatch.setenv(f"{library}_NUM_THREADS", "1")
    measure = importlib.import_module("benchmarks.measure")
    return importlib.import_module("benchmarks.__main__"), measure.Size(rounds=1, examples=20, points=3, repeats=1)


@pytest.mark.parametrize("name", ROWS)
def test_rows_are_measured(program, name):
    main, size = program
    rows = list(main.collect([name], size))
    assert len(rows) == ROWS[name]
    for row in rows:
        assert row.name
        assert row.ours or "not" in row.other
        assert row.target or name in ("layers", "pages")


def test_every_benchmark_has_rows_here(program):
    assert set(program[0].BENCHMARKS) == set(ROWS)


def test_both_engines_compute_the_same(program):
    scalars, arrays = importlib.import_module("benchmarks.autograd").engines(4)
    assert scalars() == pytest.approx(arrays(), rel=1e-12)


def test_both_sides_of_an_optimiser_take_the_same_steps(program):
    optimisers = importlib.import_module("benchmarks.optimisers")
    for name, (build, update) in optimisers.OPTIMISERS.items():
        ours, plain = optimisers.both(build, update, [(3, 4), (5,)])
        for _ in range(8):
            pairs = list(zip(ours(), plain(), strict=True))
        for mine, other in pairs:
            assert mine == pytest.approx(other, rel=1e-12), name


def test_the_table_shows_ratio_and_note(program):
    from rich.console import Console

    main, size = program
    measure = importlib.import_module("benchmarks.measure")
    seconds = measure.np.array([[1.0, 9.0], [1.0, 10.0], [1.0, 14.0]])
    row = measure.times_faster("this / that", seconds, "≥ 8 ×", "float32")
    assert (row.ours, row.other, row.ratio) == ("1 s", "10 s", "10.00 × (9.00–14.00)")
    console = Console(file=io.StringIO(), width=160)
    console.print(main.table([row], size))
    assert "10.00 × (9.00–14.00)" in console.file.getvalue()


def test_an_unknown_name_is_named(program, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", "nets"])
    with pytest.raises(SystemExit):
        program[0].main()
    assert "no benchmark nets; there are network" in capsys.readouterr().err


def test_both_sides_of_a_layer_compute_the_same(program):
    pytest.importorskip("torch")
    layers = importlib.import_module("benchmarks.layers")
    for which in layers.IMAGES:
        for part in ("forward", "backward", "both"):
            ours, theirs = (call() for call in layers.convolution(which, np.float64, part))
            for mine, other in zip(*((a if isinstance(a, tuple) else (a,)) for a in (ours, theirs)), strict=True):
                np.testing.assert_allclose(mine, other.detach().numpy(), rtol=1e-9, atol=1e-9)
    for kind in ("RNN", "LSTM", "GRU"):
        ours, theirs = (call() for call in layers.recurrent(kind, np.float64))
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-9, atol=1e-9)
    ours, theirs = (call() for call in layers.reading())
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-3, atol=1e-5)


def test_the_loop_over_characters_learns_by_right_gradients(program):
    characters = importlib.import_module("benchmarks.characters")
    rng = np.random.default_rng(0)
    shapes = {"U": (4, 3), "W": (4, 4), "V": (3, 4), "b": (4, 1), "c": (3, 1)}
    weights = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    x, y, state = [0, 2, 2, 1], [2, 2, 1, 0], rng.standard_normal((4, 1))
    _, gradients, _ = characters.piece(x, y, state, weights)
    for name, array in weights.items():
        for index in np.ndindex(array.shape):
            both = []
            for step in (1e-6, -1e-6):
                moved = {**weights, name: array.copy()}
                moved[name][index] += step
                both.append(len(x) * characters.piece(x, y, state, moved)[0])
            assert gradients[name][index] == pytest.approx((both[0] - both[1]) / 2e-6, rel=1e-5, abs=1e-8)


def test_what_is_measured_on_a_gpu_runs_on_a_cpu_too(program, monkeypatch):
    torch = pytest.importorskip("torch")
    gpu = importlib.import_module("benchmarks.gpu")
    monkeypatch.setattr(torch, "compile", lambda model: model)
    rows = [*gpu.parity("cpu"), *gpu.comparisons("cpu", 1, large=False)]
    assert [row.precision for row in rows[:3]] == ["float64", "float32", "bf16"]
    assert all("×" in row.ratio for row in rows[3:])
    worst = [float(row.ours) for row in rows[:3]]
    assert worst[0] < 1e-10 < worst[1] < 1e-4 < worst[2] < 1e-1
    fused, written_out = (function() for function in gpu.attention("cpu", large=False))
    for one, other in zip(fused, written_out, strict=True):
        torch.testing.assert_close(one, other, rtol=0.05, atol=0.05)
