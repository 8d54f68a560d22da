"""Tokens in a file: written whole, read in part, drawn by a generator."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlbook.torch.tokens import Tokens, batch, write_tokens  # noqa: E402


@pytest.mark.parametrize(("largest", "dtype"), [(65_535, np.uint16), (65_536, np.uint32), (2**32 - 1, np.uint32)])
def test_what_is_written_is_read(tmp_path, largest, dtype):
    ids = np.array([0, 7, largest, 3])
    path = tmp_path / "tokens.npy"
    write_tokens(path, ids)
    tokens = Tokens(path)
    assert (len(tokens), tokens.dtype) == (4, dtype)
    np.testing.assert_array_equal(tokens[1:3], ids[1:3])
    np.testing.assert_array_equal(np.load(path), ids)
    assert isinstance(tokens.ids, np.memmap)
    assert [file.name for file in tmp_path.iterdir()] == ["tokens.npy"]


def test_a_failed_writing_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "tokens.npy"
    write_tokens(path, [1, 2, 3])
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_tokens(path, [4, 5])
    assert Tokens(path)[:].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [
        ([0.5], r"ids: expected integers of shape \(L,\), L ≥ 1, got float64 \(1,\)"),
        ([[1, 2]], r"got int64 \(1, 2\)"),
        (np.zeros(0, np.int64), r"got int64 \(0,\)"),
        ([3, -1], "ids: expected 0 ≤ id < 2³², got -1 to 3"),
        ([2**32], "got 4294967296 to 4294967296"),
    ],
)
def test_wrong_ids_are_named(tmp_path, ids, sentence):
    with pytest.raises(ValueError, match=sentence):
        write_tokens(tmp_path / "tokens.npy", ids)
    assert list(tmp_path.iterdir()) == []


def test_files_that_hold_something_else(tmp_path):
    path = tmp_path / "tokens.npy"
    np.save(path, np.zeros(3))
    with pytest.raises(ValueError, match=r"expected uint16 or uint32 of shape \(L,\), .* got float64 \(3,\)"):
        Tokens(path)
    np.save(path, np.zeros((3, 2), np.uint16))
    with pytest.raises(ValueError, match=r"got uint16 \(3, 2\)"):
        Tokens(path)
    np.savez(tmp_path / "tokens.npz", np.zeros(3))
    with pytest.raises(ValueError, match="got an archive"):
        Tokens(tmp_path / "tokens.npz")
    write_tokens(path, np.arange(1000))
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(ValueError, match="expected a whole file by write_tokens"):
        Tokens(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="expected a whole file by write_tokens"):
        Tokens(path)


def test_a_batch_is_the_text_and_what_follows(tmp_path):
    write_tokens(tmp_path / "tokens.npy", 100_000 + np.arange(50))
    x, y = batch(Tokens(tmp_path / "tokens.npy"), 7, 5, np.random.default_rng(0))
    assert x.shape == y.shape == (7, 5)
    assert x.dtype == y.dtype == torch.int64
    torch.testing.assert_close(y, x + 1)
    torch.testing.assert_close(x[:, 1:], x[:, :-1] + 1)


def test_every_place_is_drawn_and_none_beyond():
    x, y = batch(np.arange(9), 400, 5, np.random.default_rng(0))
    assert sorted(set(x[:, 0].tolist())) == [0, 1, 2, 3]
    assert y.max() == 8


def test_the_generator_decides():
    draws = [batch(np.arange(90), 4, 5, np.random.default_rng(seed))[0].tolist() for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


def test_a_text_that_is_too_short():
    assert batch(np.arange(6), 2, 5, np.random.default_rng(0))[0].tolist() == [[0, 1, 2, 3, 4]] * 2
    with pytest.raises(ValueError, match="tokens: expected more than block = 5, got 5"):
        batch(np.arange(5), 2, 5, np.random.default_rng(0))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_batch_on_a_gpu_is_the_same():
    here = batch(np.arange(90), 4, 5, np.random.default_rng(0))
    there = batch(np.arange(90), 4, 5, np.random.default_rng(0), "cuda")
    for a, b in zip(here, there, strict=True):
        assert b.is_cuda
        assert torch.equal(a, b.cpu())
