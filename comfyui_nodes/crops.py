"""Cuts windows out of IMAGE tensors, and lays them back: what did not change is the same to the bit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.errors import BadArray
from cutsmith.result.crop_window import CropWindow, weight_of_mask, weight_of_window

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

TYPE = "CUTSMITH_CROP"
SUBJECT, WHOLE = "the mask", "the whole crop"
"""What Put Back lays back."""


@dataclass(frozen=True, eq=False)
class Crop:
    """What was cropped from a batch: all that is needed to lay it back.

    Attributes:
        image: the whole batch, float (B, H, W, C).
        windows: one per image.
        delivered: the crops as they were given to the next node, (B, h, w, C).
        masks: one per image, float32 (window's height, width): the subject within the window. They may be made as they
            are asked for.
    """

    image: torch.Tensor
    windows: tuple[CropWindow, ...]
    delivered: torch.Tensor
    masks: Sequence[NDArray[np.float32]]


def cut(image: torch.Tensor, window: CropWindow, size: tuple[int, int]) -> torch.Tensor:
    """The window of one image, (H, W, C), at `size` (width, height); beyond the image its edge goes on."""
    import torch

    height, width = image.shape[:2]
    rows, columns = window.within(width, height)
    part = image[rows, columns]
    over = (
        max(-window.x, 0),
        max(window.x + window.width - width, 0),
        max(-window.y, 0),
        max(window.y + window.height - height, 0),
    )
    if any(over):
        channels = part.movedim(-1, 0)[None]
        part = torch.nn.functional.pad(channels, over, mode="replicate")[0].movedim(0, -1)
    return resized(part, size)


def cut_mask(mask: NDArray[np.float32], window: CropWindow) -> NDArray[np.float32]:
    """The window of one mask, (H, W), at its own size; beyond the mask there is nothing."""
    height, width = mask.shape
    rows, columns = window.within(width, height)
    part = np.zeros((window.height, window.width), np.float32)
    top, left = rows.start - window.y, columns.start - window.x
    part[top : top + rows.stop - rows.start, left : left + columns.stop - columns.start] = mask[rows, columns]
    return part


def resized(image: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """One image, (H, W, C) or (H, W) in [0, 1], at `size` (width, height); itself if it has that size."""
    import torch

    width, height = size
    if image.shape[:2] == (height, width):
        return image
    planes = image[None, None] if image.ndim == 2 else image.movedim(-1, 0)[None]
    larger = torch.nn.functional.interpolate(
        planes.float(), size=(height, width), mode="bicubic", align_corners=False, antialias=True
    )
    # A cubic overshoots.
    larger = larger.clamp(0, 1).to(image.dtype)
    return larger[0, 0] if image.ndim == 2 else larger[0].movedim(0, -1)


def put_back(
    crop: Crop,
    edited: torch.Tensor,
    masks: Sequence[NDArray[np.float32]] | None,
    feather: int,
    *,
    whole: bool,
    numbers: Iterable[int] | None = None,
) -> torch.Tensor:
    """The whole images with the edited crops in them: a new tensor, (B, H, W, C).

    Args:
        crop: what was cropped.
        edited: float (B or 1, h, w, C), of any size; where C is 4, 3 channels are taken too, and alpha stays as it was.
        masks: what to lay back, one per image, float32 at the window's size; they may be made as they are asked for.
            None takes the subject's mask.
        feather: pixels over which an edited crop fades into its surroundings.
        whole: whether all of the crop is laid back, instead of what the mask says.
        numbers: of the images that get their crops, from 0; None for all.

    Raises:
        BadArray: `edited` is for another number of images or has other channels.
    """
    import torch

    count, own = len(crop.windows), crop.image.shape[-1]
    taken = sorted({min(3, own), own})
    if edited.ndim != 4 or edited.shape[0] not in (1, count) or edited.shape[-1] not in taken:
        channels = " or ".join(map(str, taken))
        raise BadArray(
            f"The edited crop must have the shape ({count} or 1, height, width, {channels}), but has "
            f"{tuple(edited.shape)}.",
            "Connect the image that was made from Crop to Subject's image.",
        )
    edited = edited.to(crop.image)
    back = crop.image.clone()
    height, width = back.shape[1:3]
    for number in range(count) if numbers is None else numbers:
        window = crop.windows[number]
        new = edited[number if edited.shape[0] == count else 0]
        weight = weight_of_window(window, width, height, feather)
        if not whole:
            mask = crop.masks[number] if masks is None else masks[number]
            weight = np.minimum(weight, weight_of_mask(mask, feather))
        share = torch.from_numpy(weight).to(back)
        old = crop.delivered[number][..., : new.shape[-1]]
        if new.shape == old.shape:
            share = share * _changed(new, old, (window.width, window.height)).to(share)
        _blend(back[number], resized(new, (window.width, window.height)), share, window)
    return back


def _changed(new: torch.Tensor, old: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Where a crop was edited, bool (h, w) at `size`: a pixel that is the same as before is left alone."""
    import torch

    differs = (new != old).any(dim=-1)
    if differs.shape == (size[1], size[0]):
        return differs
    # Resizing takes its neighbours into account, too.
    around = torch.nn.functional.max_pool2d(differs[None, None].float(), 5, stride=1, padding=2)
    return torch.nn.functional.interpolate(around, size=(size[1], size[0]), mode="bilinear")[0, 0] > 0


def _blend(image: torch.Tensor, new: torch.Tensor, share: torch.Tensor, window: CropWindow) -> None:
    """Lay `new` on `image` in place, as far as `share` says; exact where that is 0 or 1."""
    import torch

    rows, columns = window.within(image.shape[1], image.shape[0])
    inside = (
        slice(rows.start - window.y, rows.stop - window.y),
        slice(columns.start - window.x, columns.stop - window.x),
    )
    new, share = new[inside], share[inside][..., None]
    channels = new.shape[-1]
    old = image[rows, columns, :channels]
    mixed = old + share * (new - old)
    image[rows, columns, :channels] = torch.where(share >= 1, new, torch.where(share > 0, mixed, old))
