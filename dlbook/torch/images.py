"""Images changed at random where they are, on the GPU say: one operation for a whole batch, no loop and no copy.

    x = random_affine(images[rows], generator, degrees=10, shift=2, scale=0.1)        # (N, C, H, W) -> same

Each image gets draws of its own from `generator`, which lives on the device of the images: the same state gives the
same images, on one kind of device.  None is PyTorch's own for that device, which a checkpoint keeps.
`dlbook.data.augment` does this in NumPy and says what leaves a label true.  Book: chapter 24.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def random_affine(
    images: Tensor,
    generator: torch.Generator | None,
    degrees: float = 0.0,
    shift: float = 0.0,
    scale: float = 0.0,
    shear: float = 0.0,
) -> Tensor:
    """Turn, slant, enlarge and move each image (N, C, H, W) of floats; between pixels bilinear, outside 0.

    degrees, shear : turned about the middle, and slanted, by up to so many degrees and pixels a row, either way.
    scale : enlarged or made smaller by up to this share.  shift : moved by up to so many pixels along each axis.
    Each draw is uniform.  Returns the same shape and dtype.

    A pixel at p, measured from the middle, comes from A p − s, with A = scale · rotation · shear, inverted.
    Source: Simard, Steinkraus and Platt 2003.
    """
    _check(images, generator)
    if not (degrees >= 0 and shift >= 0 and 0 <= scale < 1 and shear >= 0):
        raise ValueError(
            "expected degrees, shift and shear of at least 0 and 0 ≤ scale < 1, "
            f"got degrees {degrees}, shift {shift}, scale {scale}, shear {shear}"
        )
    N, _, H, W = images.shape
    most = torch.tensor([degrees, shift, shift, scale, shear], device=images.device)
    draws = (2 * torch.rand(N, 5, generator=generator, device=images.device) - 1) * most
    angle, across, down, factor, slant = draws.unbind(1)
    angle, factor = angle.deg2rad(), 1 / (1 + factor)
    cos, sin = factor * angle.cos(), factor * angle.sin()
    # affine_grid counts from the middle in halves of the width and of the height.
    x = torch.stack([cos, (cos * slant - sin) * H / W, -across * 2 / W], dim=1)
    y = torch.stack([sin * W / H, sin * slant + cos, -down * 2 / H], dim=1)
    grid = F.affine_grid(torch.stack([x, y], dim=1), images.shape, align_corners=False)  # (N, 2, 3) -> (N, H, W, 2)
    exact = images.dtype if images.dtype == torch.float64 else torch.float32
    return F.grid_sample(images.to(exact), grid.to(exact), align_corners=False).to(images.dtype)


def random_shift(images: Tensor, generator: torch.Generator | None, pixels: int) -> Tensor:
    """Move each image (N, C, H, W) by up to `pixels` whole pixels along each axis; 0 comes in.  Any dtype is kept."""
    _check(images, generator, floats=False)
    if pixels < 0:
        raise ValueError(f"pixels: expected at least 0, got {pixels}")
    N, _, H, W = images.shape
    framed = F.pad(images, (pixels,) * 4)
    down, right = torch.randint(2 * pixels + 1, (2, N, 1), generator=generator, device=images.device)
    rows = down + torch.arange(H, device=images.device)  # (N, H)
    columns = right + torch.arange(W, device=images.device)  # (N, W)
    which = torch.arange(N, device=images.device)
    moved = framed[which[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # (N, H, W, C)
    return moved.permute(0, 3, 1, 2).contiguous()


def random_flip(images: Tensor, generator: torch.Generator | None, p: float = 0.5) -> Tensor:
    """Mirror each image (N, C, H, W), left for right, with probability p.  Any dtype is kept."""
    _check(images, generator, floats=False)
    if not 0 <= p <= 1:
        raise ValueError(f"p: expected 0 ≤ p ≤ 1, got {p}")
    flipped = torch.rand(len(images), 1, 1, 1, generator=generator, device=images.device) < p
    return torch.where(flipped, images.flip(-1), images)


def _check(images: Tensor, generator: torch.Generator | None, floats: bool = True) -> None:
    if images.ndim != 4 or (floats and not images.is_floating_point()):
        kind = "floats" if floats else "images"
        raise ValueError(f"images: expected {kind} of shape (N, C, H, W), got {images.dtype} {tuple(images.shape)}")
    if generator is not None and generator.device.type != images.device.type:
        raise ValueError(f"generator: expected one on {images.device}, as the images, got one on {generator.device}")
