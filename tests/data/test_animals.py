"""The silhouettes: what they hold, how they are split, and that no picture is in two parts."""

import numpy as np
import pytest

from dlbook import data
from dlbook.data import files, make


def squared_distances(a, b):
    a, b = (x.reshape(len(x), -1) for x in (a, b))
    return (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Three kinds of thirty pictures in the layout of the whole file; picture 3 of each is a copy of picture 2, and
    picture 5 almost one of picture 4, mirrored."""
    rng = np.random.default_rng(4)
    images = rng.integers(0, 256, (90, 28, 28), dtype=np.uint8)
    for first in (0, 30, 60):
        images[first + 3] = images[first + 2]
        images[first + 5] = images[first + 4, :, ::-1]
        images[first + 5, 0, 0] ^= 1
    path = tmp_path_factory.mktemp("whole") / "animal-shapes.npz"
    names = np.array(["bear", "cat", "cow"])
    arrays = {"images": images, "labels": np.repeat(np.arange(3), 30), "class_names": names}
    np.savez(path, **arrays)
    return path, arrays


def test_parts_shapes_and_range():
    split = data.animal_shapes()
    assert [len(part) for part in split] == [1400, 1400, 200, 200, 400, 400]
    assert split.x_train.shape == (1400, 1, 28, 28)
    assert split.x_train.dtype == np.float64
    assert split.y_test.dtype == np.int64
    assert all(np.bincount(y).tolist() == [len(y) // 2] * 2 for y in split[1::2])
    assert (min(x.min() for x in split[::2]), max(x.max() for x in split[::2])) == (0, 1)
    flat = data.animal_shapes(flat=True, dtype=np.float32)
    assert flat.x_val.shape == (200, 784)
    assert flat.x_val.dtype == np.float32
    assert np.allclose(flat.x_val, split.x_val.reshape(200, -1), atol=1e-7)


def test_classes_are_mixed_and_the_split_is_fixed():
    first, second = data.animal_shapes(), data.animal_shapes()
    assert 40 < first.y_train[:100].sum() < 60
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    first.x_train[:] = -1
    assert data.animal_shapes().x_train.min() == 0


def test_labels_are_positions_in_classes():
    one, other = data.animal_shapes(), data.animal_shapes(("dog", "cat"))
    cats, swapped = one.x_test[one.y_test == 0], other.x_test[other.y_test == 1]
    assert sorted(x.tobytes() for x in cats) == sorted(x.tobytes() for x in swapped)
    dogs = data.animal_shapes(("dog",))
    assert len(dogs.x_train) == 700
    assert not dogs.y_train.any()


def test_no_picture_has_a_copy_in_another_part():
    split = data.animal_shapes()
    for one, other in (
        (split.x_test, split.x_train),
        (split.x_val, split.x_train),
        (split.x_test, split.x_val),
        (split.x_test, split.x_train[..., ::-1]),
        (split.x_val, split.x_train[..., ::-1]),
    ):
        assert squared_distances(one, other).min() > 4


def test_the_copies_that_the_sheet_counts_are_for_training():
    arrays = files.bundled("animal_shapes")
    x = arrays["images"] / 255
    first, second = np.nonzero(np.triu(squared_distances(x, x) < 4, 1))
    assert len(first) == 14
    assert sum(np.array_equal(x[i], x[j]) for i, j in zip(first, second, strict=True)) == 11
    assert not arrays["part"][np.concatenate([first, second])].any()


def test_bundled_parts_are_what_animal_parts_gives():
    arrays = files.bundled("animal_shapes")
    for kind in (0, 1):
        rows = arrays["labels"] == kind
        assert np.array_equal(arrays["part"][rows], data.animal_parts(arrays["images"][rows]))


def test_animal_parts_checks_what_it_gets():
    with pytest.raises(ValueError, match=r"uint8, got \(3, 4, 4\), float64"):
        data.animal_parts(np.zeros((3, 4, 4)))


def test_whole_file(whole):
    path, arrays = whole
    split = data.animal_shapes(("cow", "bear"), path, check=False)
    assert [len(y) for y in split[1::2]] == [42, 6, 12]
    training = {x.tobytes() for x in split.x_train}
    for first in (0, 60):
        for i in (2, 3, 4, 5):
            assert (arrays["images"][first + i] / 255).tobytes() in training
    assert np.array_equal(data.animal_shapes(("cow", "bear"), path.parent, check=False).x_test, split.x_test)


def test_whole_file_from_the_environment(whole, monkeypatch):
    path, _ = whole
    monkeypatch.setenv("DLBOOK_DATA", str(path.parent))
    with pytest.raises(data.DamagedFile, match=data.sheet("animal_shapes").whole_sha256):
        data.animal_shapes(("cow", "bear"))
    with pytest.raises(ValueError, match=r"'unicorn'"):
        data.animal_shapes(("cat", "unicorn"), check=False)


def test_missing_whole_file_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"animal_shapes\.npz.*data\.animal_shapes\(\)"):
        data.animal_shapes(("cow", "bear"), tmp_path)
    np.savez(tmp_path / "animal_shapes.npz", images=np.zeros((3, 28, 28), np.uint8), labels=np.zeros(2))
    with pytest.raises(data.DamagedFile, match="class_names"):
        data.animal_shapes(("cow", "bear"), tmp_path, check=False)


@pytest.mark.parametrize("classes", [(), ("cat", "cat")])
def test_classes_that_are_none(classes):
    with pytest.raises(ValueError, match="different classes out of"):
        data.animal_shapes(classes)


def test_no_download():
    with pytest.raises(ValueError, match=r"animal_shapes.*animal-mnist 0\.4"):
        data.download("animal_shapes")


def test_made_again_from_its_own_pictures(tmp_path):
    bundled = files.bundled("animal_shapes")
    arrays = make.animal_shapes(dict(bundled))
    assert data.checksum(arrays) == data.sheet("animal_shapes").sha256
    (tmp_path / "animal_shapes.toml").write_text('sha256 = ""\n')
    make.write("animal_shapes", arrays, tmp_path)
    assert data.checksum(files.read_npz(tmp_path / "animal_shapes.npz")) == data.sheet("animal_shapes").sha256
