import struct

import numpy as np
import pytest

from dlbook import data
from dlbook.data import files, make


@pytest.fixture(scope="module")
def small_mnist():
    """Twelve training and five test images in MNIST's layout."""
    rng = np.random.default_rng(3)
    return {
        "x_train": rng.integers(0, 256, (12, 28, 28), dtype=np.uint8),
        "y_train": rng.integers(0, 10, 12, dtype=np.uint8),
        "x_test": rng.integers(0, 256, (5, 28, 28), dtype=np.uint8),
        "y_test": rng.integers(0, 10, 5, dtype=np.uint8),
    }


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    split = data.digits()
    assert split.x_train.shape == (1437, 64)
    assert split.x_test.shape == (360, 64)
    assert split.x_train.dtype == np.float64
    assert split.y_train.dtype == np.int64
    ours = np.column_stack(
        [np.concatenate([split.x_train, split.x_test]), np.concatenate([split.y_train, split.y_test])]
    )
    source = load_digits()
    theirs = np.column_stack([source.data / 16, source.target])
    assert np.array_equal(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)])


def test_digits_split_keeps_the_share_of_each_class():
    split = data.digits()
    counts = np.bincount(np.concatenate([split.y_train, split.y_test]))
    assert np.abs(np.bincount(split.y_test) - counts * 360 / 1797).max() < 1


def test_digits_split_is_reproducible_and_follows_rng():
    first, second = data.digits(), data.digits()
    other = data.digits(np.random.default_rng(1))
    assert np.array_equal(first.x_test, second.x_test)
    assert not np.array_equal(first.y_test, other.y_test)
    assert np.array_equal(other.y_test, data.digits(np.random.default_rng(1)).y_test)


def test_images_have_channels():
    assert data.digits(flat=False).x_train.shape == (1437, 1, 8, 8)
    split = data.mnist(flat=False, dtype=np.float32)
    assert split.x_test.shape == (1000, 1, 28, 28)
    assert split.x_test.dtype == np.float32


def test_changing_what_was_returned_leaves_the_set_alone():
    split = data.digits()
    split.x_train[:] = -1
    split.y_train[:] = -1
    assert data.digits().x_train.min() == 0
    assert data.digits().y_train.min() == 0


def test_bundled_mnist_is_a_stratified_part():
    split = data.mnist()
    assert split.x_train.shape == (5000, 784)
    assert split.x_test.shape == (1000, 784)
    assert split.x_train.min() == 0
    assert split.x_train.max() == 1
    published = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    assert np.abs(np.bincount(split.y_train) - published / 12).max() < 1


def test_hold_out_keeps_the_last_for_validation():
    split = data.mnist()
    three = split.hold_out(1000)
    assert three._fields == ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
    assert three.x_train.shape == (4000, 784)
    assert np.array_equal(three.y_val, split.y_train[-1000:])
    assert three.x_test is split.x_test
    with pytest.raises(ValueError, match="5000"):
        split.hold_out(5000)


def test_iris():
    from sklearn.datasets import load_iris

    whole, two = data.iris(), data.iris((2, 0))
    assert np.array_equal(whole.x, load_iris().data)
    assert np.array_equal(whole.y, load_iris().target)
    assert two.class_names == ("virginica", "setosa")
    assert np.array_equal(two.x[:50], load_iris().data[100:])
    assert np.array_equal(np.bincount(two.y), [50, 50])
    with pytest.raises(ValueError, match=r"\(0, 3\)"):
        data.iris((0, 3))


def test_stratified_chooses_and_leaves_every_example_once():
    labels = np.repeat([3, 5, 9], [50, 30, 20])
    chosen, rest = data.stratified(labels, 33, np.random.default_rng(0))
    assert sorted(np.concatenate([chosen, rest])) == list(range(100))
    assert np.bincount(labels[chosen])[[3, 5, 9]].tolist() == [16, 10, 7]
    with pytest.raises(ValueError, match="size 100"):
        data.stratified(labels, 100, np.random.default_rng(0))


@pytest.mark.parametrize("name", data.names())
def test_sheet_tells_what_the_file_holds(name, monkeypatch):
    monkeypatch.setenv("DLBOOK_LANG", "en")
    about, arrays = data.sheet(name), files.read_npz(files.FOLDER / f"{name}.npz")
    assert about.sha256 == data.checksum(arrays)
    assert sorted(about.arrays) == sorted(f"{key} {value.shape} {value.dtype}" for key, value in arrays.items())
    for word in (about.licence, about.source, about.sha256, about.made):
        assert word in str(about)


@pytest.mark.parametrize("name", data.names())
def test_sheet_in_portuguese(name, monkeypatch):
    english = data.sheet(name)
    monkeypatch.setenv("DLBOOK_LANG", "pt-BR")
    text = str(data.sheet(name))
    assert "Licença" in text
    for sentence in (english.title, english.what, english.made):
        assert sentence not in text


def test_unknown_name():
    with pytest.raises(ValueError, match=r"'cifar'.*animal_shapes, digits, dom_casmurro, iris, mnist"):
        data.sheet("cifar")


def test_bundled_files_are_small():
    assert sum(path.stat().st_size for path in files.FOLDER.glob("*.npz")) < 2_200_000


@pytest.mark.parametrize("name", ["digits", "iris"])
def test_bundled_files_can_be_made_again(name, tmp_path):
    (tmp_path / f"{name}.toml").write_text('sha256 = ""\n')
    arrays = getattr(make, name)()
    make.write(name, arrays, tmp_path)
    assert data.checksum(files.read_npz(tmp_path / f"{name}.npz")) == data.sheet(name).sha256
    first = (tmp_path / f"{name}.npz").read_bytes()
    make.write(name, arrays, tmp_path)
    assert (tmp_path / f"{name}.npz").read_bytes() == first
    assert data.sheet(name).sha256 in (tmp_path / f"{name}.toml").read_text()


def test_checksum_depends_on_names_types_shapes_and_values():
    base = {"a": np.arange(6)}
    others = [{"b": np.arange(6)}, {"a": np.arange(6.0)}, {"a": np.arange(6).reshape(2, 3)}, {"a": np.arange(1, 7)}]
    assert len({data.checksum(arrays) for arrays in [base, *others]}) == 5
    assert data.checksum({"a": np.arange(12)[::2]}) == data.checksum({"a": np.arange(0, 12, 2)})


def test_damaged_bundled_file(tmp_path, monkeypatch):
    for path in files.FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    whole = (tmp_path / "digits.npz").read_bytes()
    (tmp_path / "digits.npz").write_bytes(whole[: len(whole) // 2])
    arrays = {key: value.copy() for key, value in files.read_npz(files.FOLDER / "iris.npz").items()}
    arrays["labels"][0] = 2
    np.savez(tmp_path / "iris.npz", **arrays)
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    monkeypatch.setenv("DLBOOK_LANG", "en")
    files.bundled.cache_clear()
    try:
        with pytest.raises(data.DamagedFile, match=r"digits\.npz: can't be read as an npz file.*truncated"):
            data.digits()
        with pytest.raises(
            ValueError, match=rf"iris\.npz: wrong checksum.*{data.sheet('iris').sha256}.*Install dlbook"
        ):
            data.iris()
        assert data.mnist().x_train.shape == (5000, 784)
    finally:
        files.bundled.cache_clear()


def test_whole_set_with_wrong_checksum(small_mnist, tmp_path, monkeypatch):
    monkeypatch.setenv("DLBOOK_LANG", "en")
    np.savez(tmp_path / "mnist.npz", **small_mnist)
    with pytest.raises(data.DamagedFile) as caught:
        data.mnist(tmp_path / "mnist.npz")
    message = str(caught.value)
    for part in (
        str(tmp_path),
        data.sheet("mnist").whole_sha256,
        data.checksum(small_mnist),
        "(12, 28, 28)",
        "download",
    ):
        assert part in message
    assert data.mnist().x_train.shape == (5000, 784)


@pytest.mark.parametrize("keep", [0, 1, 60, 0.5, 0.99])
def test_truncated_npz(keep, small_mnist, tmp_path):
    np.savez_compressed(tmp_path / "mnist.npz", **small_mnist)
    content = (tmp_path / "mnist.npz").read_bytes()
    (tmp_path / "mnist.npz").write_bytes(content[: int(keep * len(content)) if keep < 1 else keep])
    with pytest.raises(data.DamagedFile, match=r"mnist\.npz"):
        data.mnist(tmp_path, check=False)


def test_flipped_byte_in_npz(small_mnist, tmp_path):
    np.savez_compressed(tmp_path / "mnist.npz", **small_mnist)
    content = bytearray((tmp_path / "mnist.npz").read_bytes())
    content[len(content) // 3] ^= 0xFF
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(data.DamagedFile, match=r"mnist\.npz"):
        data.mnist(tmp_path)


def test_pickled_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "mnist.npz", x_train=np.array([{}], dtype=object))
    with pytest.raises(data.DamagedFile, match=r"mnist\.npz"):
        data.read_npz(tmp_path / "mnist.npz")


def write_idx(path, array, code=0x08):
    content = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    if path.suffix == ".gz":
        import gzip

        content = gzip.compress(content)
    path.write_bytes(content)


@pytest.mark.parametrize("end", ["", ".gz"])
@pytest.mark.parametrize("separator", "-.")
def test_idx_files(end, separator, small_mnist, tmp_path):
    for stem, kind, name in (
        ("train-images", "idx3", "x_train"),
        ("train-labels", "idx1", "y_train"),
        ("t10k-images", "idx3", "x_test"),
        ("t10k-labels", "idx1", "y_test"),
    ):
        write_idx(tmp_path / f"{stem}{separator}{kind}-ubyte{end}", small_mnist[name])
    split = data.mnist(tmp_path, check=False)
    assert np.array_equal(split.x_train, small_mnist["x_train"].reshape(12, 784) / 255)
    assert np.array_equal(split.y_test, small_mnist["y_test"])
    with pytest.raises(data.DamagedFile, match=data.checksum(small_mnist)):
        data.mnist(tmp_path)


@pytest.mark.parametrize(("code", "dtype"), [(0x09, "i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")])
def test_idx_types(code, dtype, tmp_path):
    array = np.array([[1, -2, 3], [-4, 5, 100]], dtype=dtype)
    write_idx(tmp_path / "a", array, code)
    read = data.read_idx(tmp_path / "a")
    assert np.array_equal(read, array)
    assert read.dtype.isnative


@pytest.mark.parametrize("content", [b"", b"\0\0\x08", b"\0\0\x08\x03\0\0", b"hello, I am no IDX", b"\x1f\x8b\x08\0\0"])
def test_not_idx(content, tmp_path):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(data.DamagedFile, match="IDX"):
        data.read_idx(tmp_path / "a")


@pytest.mark.parametrize("change", [-1, 1])
def test_idx_of_the_wrong_length(change, tmp_path, monkeypatch):
    monkeypatch.setenv("DLBOOK_LANG", "en")
    write_idx(tmp_path / "a", np.zeros((3, 4), np.uint8))
    content = (tmp_path / "a").read_bytes() + b"\0"
    (tmp_path / "a").write_bytes(content[: 24 + change])
    with pytest.raises(data.DamagedFile, match=rf"expected 24 bytes for shape \(3, 4\), got {24 + change}"):
        data.read_idx(tmp_path / "a")


def test_folder_from_the_environment(small_mnist, tmp_path, monkeypatch):
    np.savez(tmp_path / "mnist.npz", **small_mnist)
    monkeypatch.setenv("DLBOOK_DATA", str(tmp_path))
    assert data.data_folder() == tmp_path
    assert data.mnist(full=True, check=False).x_train.shape == (12, 784)
    assert data.mnist().x_train.shape == (5000, 784)


def test_missing_whole_set_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("DLBOOK_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r'nowhere.*data\.download\("mnist"\)'):
        data.mnist(full=True)
    with pytest.raises(FileNotFoundError):
        data.read_npz(tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError):
        data.read_idx(tmp_path / "none")


def test_labels_that_do_not_fit_the_images(small_mnist, tmp_path):
    np.savez(tmp_path / "mnist.npz", **{**small_mnist, "y_test": small_mnist["y_test"][:-1]})
    with pytest.raises(data.DamagedFile, match=r"x_test.*\(5, 28, 28\) and \(4,\)"):
        data.mnist(tmp_path, check=False)


def served(monkeypatch, path, sha256):
    """Make `download` take the file at `path`, by a file address, and expect `sha256`."""
    import dataclasses

    from dlbook.data import sets

    about = dataclasses.replace(data.sheet("mnist"), whole_address=path.as_uri(), whole_sha256=sha256)
    monkeypatch.setattr(sets, "sheet", lambda name: about)


def test_download_keeps_what_meets_the_checksum(small_mnist, tmp_path, monkeypatch):
    np.savez(tmp_path / "source.npz", **small_mnist)
    served(monkeypatch, tmp_path / "source.npz", data.checksum(small_mnist))
    path = data.download("mnist", tmp_path / "kept")
    assert path == tmp_path / "kept" / "mnist.npz"
    (tmp_path / "source.npz").unlink()
    assert data.download("mnist", tmp_path / "kept") == path
    assert data.mnist(tmp_path / "kept").x_train.shape == (12, 784)


def test_download_refuses_what_does_not(small_mnist, tmp_path, monkeypatch):
    np.savez(tmp_path / "source.npz", **small_mnist)
    served(monkeypatch, tmp_path / "source.npz", "0" * 64)
    with pytest.raises(data.DamagedFile, match=r"0{64}"):
        data.download("mnist", tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []
    with pytest.raises(ValueError, match="nowhere"):
        data.sheet("nowhere")


def test_download_of_a_whole_set():
    with pytest.raises(ValueError, match="iris"):
        data.download("iris")
