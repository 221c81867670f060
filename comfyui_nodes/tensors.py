"""ComfyUI's tensors <-> the engine's arrays; the one module that converts.

IMAGE is float (B, H, W, 3 or 4) in [0, 1], straight alpha; MASK is float (B, H, W) in [0, 1], 1 = subject.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.errors import BadArray

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from cutsmith.picture import Picture

# Levels of 255 by which a picture of 8 bits may be off: half precision's share at full brightness.
_ROUNDING = 0.07


def pictures_of(image: torch.Tensor) -> list[Picture]:
    """The pictures of an IMAGE, each named "image N of B".

    Those that came from 8 bits get 8 bits back, exactly; others, such as a sampler's, keep 16. Values outside [0, 1]
    are clipped.

    Raises:
        BadArray: not (B, H, W, 1, 3 or 4), no image in it, or values that are no numbers.
    """
    if image.ndim != 4 or image.shape[-1] not in (1, 3, 4) or 0 in image.shape:
        raise BadArray(
            f"The image has the shape {tuple(image.shape)}: wanted (images, height, width, 3 or 4 channels).",
            "Connect the IMAGE output of Load Image, or of any node that gives pictures.",
        )
    count = image.shape[0]
    return [_picture(each, f"image {number} of {count}") for number, each in enumerate(image, start=1)]


def masks_for(
    mask: torch.Tensor | None, pictures: Sequence[Picture], name: str = "mask"
) -> list[NDArray[np.float32] | None]:
    """One mask a picture, float32 (H, W) in [0, 1] at its size; None for each where `mask` is None.

    One mask serves all pictures. Masks of another size, Load Image's placeholder of 64 x 64 among them, are resized.

    Raises:
        BadArray: neither one mask nor as many as pictures, or values that are no numbers.
    """
    if mask is None:
        return [None] * len(pictures)
    planes = _planes(mask, len(pictures), name)
    return [_fitted(plane, picture, "bilinear") for plane, picture in zip(planes, pictures, strict=True)]


def trimaps_for(trimap: torch.Tensor | None, pictures: Sequence[Picture]) -> list[NDArray[np.uint8] | None]:
    """One trimap a picture, uint8 (H, W) of what `trimap` says in 255 levels; None for each where it is None.

    Raises:
        BadArray: as for `masks_for`. Which levels a trimap may have, the engine checks.
    """
    if trimap is None:
        return [None] * len(pictures)
    planes = _planes(trimap, len(pictures), "trimap")
    return [
        np.rint(_fitted(plane, picture, "nearest") * 255).astype(np.uint8)
        for plane, picture in zip(planes, pictures, strict=True)
    ]


class ImageBatch:
    """An IMAGE that is filled picture by picture, while the engine works on the next."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._filled = 0
        self._images: torch.Tensor | None = None

    def add(self, pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
        """The next picture, uint8 or uint16 (H, W, 3 or 4), of the first one's shape."""
        import torch

        if self._images is None:
            self._images = torch.empty((self._count, *pixels.shape))
        # torch knows few operations on uint16, and copies from it.
        self._images[self._filled].copy_(torch.from_numpy(pixels)).div_(float(np.iinfo(pixels.dtype).max))
        self._filled += 1

    def tensor(self) -> torch.Tensor:
        """All of them, float32 (B, H, W, 3 or 4) in [0, 1]."""
        assert self._images is not None, "a batch has a picture"
        assert self._filled == self._count, "a batch is whole when it is given on"
        return _delivered(self._images)


def mask_tensor(masks: Sequence[NDArray[np.float32]]) -> torch.Tensor:
    """Masks, each float32 (H, W), as a MASK: float32 (B, H, W)."""
    import torch

    return _delivered(torch.from_numpy(np.stack(masks)))


def trimap_tensor(trimaps: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
    """Trimaps, each uint8 (H, W) of 0, 128 and 255, as a MASK of 0, 0.5 and 1."""
    levels = np.zeros(256, np.float32)
    levels[128], levels[255] = 0.5, 1
    return mask_tensor([levels[trimap] for trimap in trimaps])


def empty_mask(picture: Picture) -> NDArray[np.float32]:
    """The mask of a picture in which nothing was found: zeros at its full size."""
    return np.zeros((picture.height, picture.width), np.float32)


def _picture(image: torch.Tensor, name: str) -> Picture:
    import torch

    from cutsmith.picture import Picture

    # In torch, on all cores: a picture of 12 megapixels is a dozen passes over 36 million numbers.
    values = image.detach().float().cpu()
    # One NaN or infinity makes the sum one: a pass without an array of answers.
    if not torch.isfinite(values.sum()):
        raise BadArray(
            f"{name} has values that are no numbers (NaN or infinite).",
            "The node that made it failed: often a VAE in half precision. Start ComfyUI with --fp32-vae.",
        )
    values = values.clamp(0, 1)
    levels = values[..., :3] * 255
    whole = levels.round()
    if levels.sub_(whole).abs_().max() <= _ROUNDING:
        samples: NDArray[Any] = whole.to(torch.uint8).numpy()
    else:
        samples = (values[..., :3] * 65535).round_().numpy().astype(np.uint16)
    colours = np.repeat(samples, 3, axis=-1) if samples.shape[-1] == 1 else samples
    alpha = np.ascontiguousarray(values[..., 3].numpy()) if values.shape[-1] == 4 else None
    return Picture(np.ascontiguousarray(colours), alpha, source=name)


def _planes(mask: torch.Tensor, count: int, name: str) -> list[NDArray[np.float32]]:
    if mask.ndim == 2:
        mask = mask[None]
    if mask.ndim == 4 and 1 in (mask.shape[1], mask.shape[-1]):
        # Some packs give a mask a channel, before or behind its rows and columns.
        mask = mask[:, 0] if mask.shape[1] == 1 else mask[..., 0]
    if mask.ndim != 3 or 0 in mask.shape:
        raise BadArray(
            f"The {name} has the shape {tuple(mask.shape)}: wanted (masks, height, width).",
            "Connect a MASK output.",
        )
    if mask.shape[0] not in (1, count):
        raise BadArray(
            f"There are {mask.shape[0]} {name}s for {count} images: wanted 1 or {count}.",
            f"Connect the {name} of the same batch, or a single one for all images.",
        )
    planes = [_array(each) for each in mask]
    for plane in planes:
        if not np.isfinite(plane).all():
            raise BadArray(f"The {name} has values that are no numbers (NaN or infinite).", "Check what made it.")
    return planes if len(planes) == count else planes * count


def _fitted(plane: NDArray[np.float32], picture: Picture, mode: str) -> NDArray[np.float32]:
    import torch

    size = (picture.height, picture.width)
    plane = np.clip(plane, 0, 1)
    if plane.shape == size:
        return plane
    corners = {"align_corners": False} if mode == "bilinear" else {}
    resized = torch.nn.functional.interpolate(torch.from_numpy(plane)[None, None], size=size, mode=mode, **corners)
    return np.clip(_array(resized[0, 0]), 0, 1)


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().float().cpu().numpy(), np.float32)


def _delivered(tensor: torch.Tensor) -> torch.Tensor:
    """`tensor` on the device and in the precision in which ComfyUI hands values from node to node."""
    import comfy.model_management

    return tensor.to(
        device=comfy.model_management.intermediate_device(), dtype=comfy.model_management.intermediate_dtype()
    )
