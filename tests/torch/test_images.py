"""Images changed at random: the same as in NumPy, by the generator alone, and kept in shape and dtype."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlbook import data  # noqa: E402
from dlbook.torch.images import random_affine, random_flip, random_shift  # noqa: E402


def images(N=5, C=2, H=9, W=12, dtype=torch.float64):
    return torch.rand(N, C, H, W, generator=torch.Generator().manual_seed(3), dtype=torch.float64).to(dtype)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def draws(N, seed=0):
    """What random_affine draws: (N, 5) in [-1, 1) for angle, right, down, scale, shear."""
    return (2 * torch.rand(N, 5, generator=generator(seed)) - 1).double().numpy()


def test_nothing_asked_for_changes_nothing():
    torch.testing.assert_close(random_affine(images(), generator()), images(), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("how", "column", "matrix"),
    [
        ({"degrees": 40}, 0, lambda v: turned(np.deg2rad(40 * v))),
        ({"scale": 0.4}, 3, lambda v: np.eye(2) / (1 + 0.4 * v)),
        ({"shear": 0.3}, 4, lambda v: np.array([[1, 0], [0.3 * v, 1]])),
    ],
)
def test_each_change_is_that_of_numpy(how, column, matrix):
    x = images()
    y = random_affine(x, generator(), **how)
    for n, value in enumerate(draws(5)[:, column]):
        expected = data.affine(x[n].numpy(), matrix(value))
        np.testing.assert_allclose(y[n].numpy(), expected, atol=1e-5)


def turned(angle):
    """In (row, column): x' = cos x - sin y, y' = sin x + cos y."""
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def test_a_shift_is_that_of_numpy():
    x = images()
    y = random_affine(x, generator(), shift=2.5)
    for n, (_, right, down, *_) in enumerate(draws(5)):
        expected = data.shift(x[n].numpy(), 2.5 * down, 2.5 * right)
        np.testing.assert_allclose(y[n].numpy(), expected, atol=1e-5)


CHANGES = {
    "affine": lambda x, g: random_affine(x, g, degrees=15, shift=2, scale=0.2, shear=0.2),
    "shift": lambda x, g: random_shift(x, g, 3),
    "flip": random_flip,
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_generator_decides(name):
    x, change = images(), CHANGES[name]
    assert torch.equal(change(x, generator(0)), change(x, generator(0)))
    assert not torch.equal(change(x, generator(0)), change(x, generator(1)))
    assert torch.equal(x, images())
    torch.manual_seed(5)
    y = change(x, None)
    torch.manual_seed(5)
    assert torch.equal(change(x, None), y)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", CHANGES)
def test_shape_and_dtype_are_kept(name, dtype):
    x = images(dtype=dtype)
    y = CHANGES[name](x, generator())
    assert (y.shape, y.dtype) == (x.shape, dtype)
    wide = CHANGES[name](x.double(), generator())
    torch.testing.assert_close(y.double(), wide, rtol=0, atol=1e-2)


def test_bytes_are_moved_and_mirrored():
    x = (255 * images()).to(torch.uint8)
    assert random_shift(x, generator(), 2).dtype == torch.uint8
    assert torch.equal(random_flip(x, generator(), p=1.0), x.flip(-1))
    assert torch.equal(random_flip(x, generator(), p=0.0), x)


def test_shifts_reach_every_place_and_bring_in_zeros():
    x = torch.zeros(500, 1, 5, 5)
    x[:, :, 2, 2] = 1
    places = {tuple(place.tolist()) for place in random_shift(x, generator(), 1)[:, 0].nonzero()[:, 1:]}
    assert places == {(i, j) for i in (1, 2, 3) for j in (1, 2, 3)}
    assert random_shift(torch.ones(50, 1, 3, 3), generator(), 9).sum(dim=(1, 2, 3)).min() == 0


def test_an_image_is_moved_whole():
    x = images(C=3)
    y = random_shift(x, generator(), 2)
    for n in range(5):
        fits = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if np.array_equal(y[n].numpy(), data.shift(x[n].numpy(), down, right))
        ]
        assert len(fits) == 1


def test_half_of_the_images_are_mirrored():
    x = images(N=1).expand(400, -1, -1, -1)
    y = random_flip(x, generator())
    mirrored = (y == x.flip(-1)).all(dim=(1, 2, 3))
    assert torch.equal(y[~mirrored], x[~mirrored])
    assert 160 < mirrored.sum() < 240


def test_wrong_arguments_are_named():
    with pytest.raises(
        ValueError, match=r"images: expected floats of shape \(N, C, H, W\), got torch.float64 \(2, 9, 12\)"
    ):
        random_affine(images()[0], generator())
    with pytest.raises(ValueError, match=r"got torch.uint8 \(5, 2, 9, 12\)"):
        random_affine(images().to(torch.uint8), generator())
    with pytest.raises(ValueError, match=r"0 ≤ scale < 1, got degrees .*, scale 1, "):
        random_affine(images(), generator(), scale=1)
    with pytest.raises(ValueError, match="pixels: expected at least 0, got -1"):
        random_shift(images(), generator(), -1)
    with pytest.raises(ValueError, match="p: expected 0 ≤ p ≤ 1, got 2"):
        random_flip(images(), generator(), 2)
    with pytest.raises(ValueError, match="generator: expected one on meta, as the images, got one on cpu"):
        random_flip(images().to("meta"), generator())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_a_generator_decides_too():
    x = images(dtype=torch.float32).cuda()
    for change in CHANGES.values():
        y = change(x, torch.Generator("cuda").manual_seed(0))
        assert torch.equal(y, change(x, torch.Generator("cuda").manual_seed(0)))
        assert y.is_cuda
