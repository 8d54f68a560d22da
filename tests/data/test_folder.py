"""A folder of photographs: order, size, orientation, damaged and misplaced files."""

import numpy as np
import pytest
from PIL import Image

from dlbook import data

COLOURS = {"cats/2.png": (255, 0, 0), "cats/10.png": (0, 255, 0), "dogs/1.jpg": (0, 0, 255)}


@pytest.fixture
def photos(tmp_path):
    root = tmp_path / "training_set"
    for name, colour in COLOURS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (12, 8), colour).save(root / name)
    (root / "birds").mkdir()
    (root / ".DS_Store").write_bytes(b"x")
    (root / "cats" / ".hidden.png").write_bytes(b"x")
    return root


def test_order_labels_and_sizes(photos):
    found = data.image_folder(photos, (4, 6))
    assert found.class_names == ("cats", "dogs")
    assert [file.name for file in found.files] == ["10.png", "2.png", "1.jpg"]
    assert found.labels.tolist() == [0, 0, 1]
    assert found.labels.dtype == np.int64
    assert found.images.shape == (3, 3, 4, 6)
    assert found.images.dtype == np.float64
    assert np.array_equal(found.images[0, :, 0, 0], [0, 1, 0])
    assert np.array_equal(found.images[1, :, 3, 5], [1, 0, 0])
    assert found.images[2, 2].min() > 0.98
    assert found.damaged == ()


def test_grey_and_single_precision(photos):
    found = data.image_folder(photos, (5, 3), grey=True, dtype=np.float32)
    assert found.images.shape == (3, 1, 5, 3)
    assert found.images.dtype == np.float32
    assert found.images[1, 0, 0, 0] == np.float32(76) / np.float32(255)  # 0.299 of 255 red


def test_damaged_files_are_named_and_left_out(photos):
    whole = (photos / "dogs" / "1.jpg").read_bytes()
    (photos / "dogs" / "2.jpg").write_bytes(whole[: len(whole) // 2])
    (photos / "cats" / "notes.txt").write_text("no image")
    (photos / "cats" / "empty.jpg").write_bytes(b"")
    found = data.image_folder(photos, (4, 4))
    assert [file.name for file in found.damaged] == ["empty.jpg", "notes.txt", "2.jpg"]
    assert len(found.images) == len(found.labels) == len(found.files) == 3
    with pytest.raises(ValueError, match=r"2\.jpg.*image"):
        data.read_image(photos / "dogs" / "2.jpg", (4, 4))


def test_a_turned_photograph_is_set_upright(tmp_path):
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, :4] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the left of the file is the top of the picture
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    image = data.read_image(tmp_path / "turned.png", (8, 4), grey=True)[0]
    assert np.array_equal(image, np.repeat([1.0, 0.0], 4)[:, None] * np.ones(4))


def test_shrinking_averages_the_pixels(tmp_path):
    board = np.indices((64, 64)).sum(axis=0) % 2 * 255
    Image.fromarray(board.astype(np.uint8)).save(tmp_path / "board.png")
    small = data.read_image(tmp_path / "board.png", (8, 8), grey=True)
    assert np.abs(small - 0.5).max() < 0.05


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "1", "CMYK"])
def test_every_mode_becomes_three_channels(mode, tmp_path):
    Image.new(mode, (5, 5)).save(tmp_path / ("a.tiff" if mode == "CMYK" else "a.png"))
    path = next(tmp_path.iterdir())
    assert data.read_image(path, (2, 3)).shape == (3, 2, 3)


@pytest.mark.parametrize("name", ["1.jpg", "cats/more/1.jpg"])
def test_files_outside_a_class(photos, name):
    (photos / name).parent.mkdir(exist_ok=True)
    (photos / name).write_bytes(b"x")
    with pytest.raises(ValueError, match=r"CLASS/FILE"):
        data.index_images(photos)


def test_folders_without_images(photos, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        data.index_images(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"holds no class"):
        data.index_images(photos / "birds")
    (photos / "birds" / "c").mkdir()
    (photos / "birds" / "c" / "1.jpg").write_bytes(b"x")
    with pytest.raises(ValueError, match="none of the 1 files"):
        data.image_folder(photos / "birds", (4, 4))


def test_size_and_missing_file(photos):
    with pytest.raises(ValueError, match=r"\(0, 4\)"):
        data.read_image(photos / "cats" / "2.png", (0, 4))
    with pytest.raises(FileNotFoundError, match="none"):
        data.read_image(photos / "none.png", (4, 4))
