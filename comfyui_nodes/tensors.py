"""Converts between ComfyUI's tensors and the engine's arrays. No other module does.

IMAGE is float (B, H, W, 3 or 4) in [0, 1], straight alpha; MASK is float (B, H, W) in [0, 1], 1 = subject.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np

from cutsmith.errors import BadArray

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from cutsmith.picture import Picture

Item = TypeVar("Item", covariant=True)

# How far an 8-bit picture may be off, in levels of 255: the error of half precision at full brightness.
_ROUNDING = 0.07


class Made(Sequence[Item], Generic[Item]):
    """A sequence that makes each item when it is asked for, and keeps none: a film needs no second copy."""

    def __init__(self, count: int, make: Callable[[int], Item]) -> None:
        self._count = count
        self._make = make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, number: int) -> Item: ...

    @overload
    def __getitem__(self, number: slice) -> list[Item]: ...

    def __getitem__(self, number: int | slice) -> Item | list[Item]:
        if isinstance(number, slice):
            return [self._make(each) for each in range(self._count)[number]]
        return self._make(range(self._count)[number])


class Pictures(Made["Picture"]):
    """The pictures of an IMAGE, all of them of one `size`: (height, width) in pixels."""

    def __init__(self, image: torch.Tensor) -> None:
        super().__init__(image.shape[0], lambda number: _picture(image[number], _named(number, image)))
        self.size = (int(image.shape[1]), int(image.shape[2]))


def pictures_of(image: torch.Tensor) -> Pictures:
    """The pictures of an IMAGE, each named "image N of B".

    Images that came from 8 bits get exactly these 8 bits back; others, such as a sampler's, keep 16. Values outside
    [0, 1] are clipped.

    Raises:
        BadArray: the shape is not (B, H, W, 1, 3 or 4), the batch is empty, or values are NaN or infinite.
    """
    if image.ndim != 4 or image.shape[-1] not in (1, 3, 4) or 0 in image.shape:
        raise BadArray(
            f"The image must have the shape (images, height, width, 3 or 4 channels), but got {tuple(image.shape)}.",
            "Connect the IMAGE output of Load Image, or of any other node that gives images.",
        )
    for number, each in enumerate(image):
        _require_finite(each, _named(number, image))
    return Pictures(image)


def masks_for(mask: torch.Tensor | None, pictures: Sequence[Picture]) -> Sequence[NDArray[np.float32] | None]:
    """One mask per picture, float32 (H, W) in [0, 1] at its size; None for each picture if `mask` is None.

    A single mask serves all pictures. Masks of another size are resized, including Load Image's 64 x 64 placeholder.

    Raises:
        BadArray: there are neither one mask nor as many as pictures, or values are NaN or infinite.
    """
    if mask is None:
        return [None] * len(pictures)
    planes = _planes(mask, len(pictures), "mask")
    return Made(len(pictures), lambda number: _fitted(planes[number], _size_of(pictures, number), "bilinear"))


def masks_of(mask: torch.Tensor) -> Sequence[NDArray[np.float32]]:
    """The masks of a MASK, each float32 (H, W) in [0, 1].

    Raises:
        BadArray: it has another shape, or values are NaN or infinite.
    """
    count = 1 if mask.ndim == 2 else mask.shape[0]
    planes = _planes(mask, count, "mask")
    return Made(count, lambda number: np.clip(planes[number], 0, 1))


def trimaps_for(trimap: torch.Tensor | None, pictures: Sequence[Picture]) -> Sequence[NDArray[np.uint8] | None]:
    """One trimap per picture, uint8 (H, W), with 1.0 as 255; None for each picture if `trimap` is None.

    The engine checks which levels a trimap may have.

    Raises:
        BadArray: as in `masks_for`.
    """
    if trimap is None:
        return [None] * len(pictures)
    planes = _planes(trimap, len(pictures), "trimap")

    def levels(number: int) -> NDArray[np.uint8]:
        return np.rint(_fitted(planes[number], _size_of(pictures, number), "nearest") * 255).astype(np.uint8)

    return Made(len(pictures), levels)


class _Batch:
    """A tensor that is filled one picture at a time, while the engine works on the next."""

    def __init__(self, count: int) -> None:
        """Make room for `count` pictures; more are taken too."""
        self._room = count
        self._filled = 0
        self._tensor: torch.Tensor | None = None

    def _next(self, shape: tuple[int, ...]) -> torch.Tensor:
        """The place of the next picture, which must have the first one's `shape`."""
        import torch

        if self._tensor is None:
            # Its pages take memory only as they are filled.
            self._tensor = torch.empty((self._room, *shape))
        elif self._filled == len(self._tensor):
            larger = torch.empty((2 * self._filled, *shape))
            larger[: self._filled] = self._tensor
            self._tensor = larger
        self._filled += 1
        return self._tensor[self._filled - 1]

    def tensor(self) -> torch.Tensor:
        """The whole batch, float32 (B, ...) in [0, 1], as ComfyUI passes it between nodes."""
        assert self._tensor is not None, "a batch has at least one picture"
        return _delivered(self._tensor[: self._filled])


class ImageBatch(_Batch):
    """An IMAGE: float32 (B, H, W, 3 or 4)."""

    def add(self, pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
        """Add the next picture, uint8 or uint16 (H, W, 3 or 4)."""
        import torch

        # torch has few operations on uint16, but it can copy from it.
        self._next(pixels.shape).copy_(torch.from_numpy(pixels)).div_(float(np.iinfo(pixels.dtype).max))


class MaskBatch(_Batch):
    """A MASK: float32 (B, H, W)."""

    def add(self, mask: NDArray[np.float32]) -> None:
        """Add the next mask, float32 (H, W)."""
        import torch

        self._next(mask.shape).copy_(torch.from_numpy(mask))

    def add_trimap(self, trimap: NDArray[np.uint8]) -> None:
        """Add the next trimap, uint8 (H, W) of 0, 128 and 255, as a mask of 0, 0.5 and 1."""
        levels = np.zeros(256, np.float32)
        levels[128], levels[255] = 0.5, 1
        self.add(levels[trimap])


def empty_mask(picture: Picture | Pictures) -> NDArray[np.float32]:
    """The mask of a picture, or of one of a batch, in which nothing was found: zeros at full size."""
    return np.zeros(picture.size if isinstance(picture, Pictures) else (picture.height, picture.width), np.float32)


def _named(number: int, image: torch.Tensor) -> str:
    return f"image {number + 1} of {image.shape[0]}"


def _size_of(pictures: Sequence[Picture], number: int) -> tuple[int, int]:
    if isinstance(pictures, Pictures):
        return pictures.size
    return pictures[number].height, pictures[number].width


def _require_finite(image: torch.Tensor, name: str) -> None:
    import torch

    # A single NaN or infinity makes the sum NaN or infinite, so this needs no array of results.
    if not torch.isfinite(image.detach().float().sum()):
        raise BadArray(
            f"{name} must have finite values, but has NaN or infinity.",
            "The node that made it failed, often a VAE in half precision. Start ComfyUI with --fp32-vae.",
        )


def _picture(image: torch.Tensor, name: str) -> Picture:
    import torch

    from cutsmith.picture import Picture

    # Done in torch, on all cores: a 12-megapixel picture needs a dozen passes over 36 million numbers.
    values = image.detach().float().cpu().clamp(0, 1)
    levels = values[..., :3] * 255
    whole = levels.round()
    if levels.sub_(whole).abs_().max() <= _ROUNDING:
        samples: NDArray[Any] = whole.to(torch.uint8).numpy()
    else:
        samples = (values[..., :3] * 65535).round_().numpy().astype(np.uint16)
    colours = np.repeat(samples, 3, axis=-1) if samples.shape[-1] == 1 else samples
    alpha = np.ascontiguousarray(values[..., 3].numpy()) if values.shape[-1] == 4 else None
    return Picture(np.ascontiguousarray(colours), alpha, source=name)


def _planes(mask: torch.Tensor, count: int, name: str) -> Sequence[NDArray[np.float32]]:
    """`count` planes of `mask`, each float32 (H, W) and made when it is asked for."""
    if mask.ndim == 2:
        mask = mask[None]
    if mask.ndim == 4 and 1 in (mask.shape[1], mask.shape[-1]):
        # Some packs give a mask a channel axis, before or after its rows and columns.
        mask = mask[:, 0] if mask.shape[1] == 1 else mask[..., 0]
    if mask.ndim != 3 or 0 in mask.shape:
        raise BadArray(
            f"The {name} must have the shape (masks, height, width), but got {tuple(mask.shape)}.",
            "Connect a MASK output.",
        )
    if mask.shape[0] not in (1, count):
        raise BadArray(
            f"There must be 1 or {count} {name}s for {count} images, but got {mask.shape[0]}.",
            f"Connect the {name}s of the same batch, or a single one for all images.",
        )
    if not all(np.isfinite(_array(each)).all() for each in mask):
        raise BadArray(f"The {name} must have finite values, but has NaN or infinity.", "Check the node that made it.")
    planes = mask
    return Made(count, lambda number: _array(planes[number if len(planes) == count else 0]))


def _fitted(plane: NDArray[np.float32], size: tuple[int, int], mode: str) -> NDArray[np.float32]:
    import torch

    plane = np.clip(plane, 0, 1)
    if plane.shape == size:
        return plane
    corners = {"align_corners": False} if mode == "bilinear" else {}
    resized = torch.nn.functional.interpolate(torch.from_numpy(plane)[None, None], size=size, mode=mode, **corners)
    return np.clip(_array(resized[0, 0]), 0, 1)


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().float().cpu().numpy(), np.float32)


def _delivered(tensor: torch.Tensor) -> torch.Tensor:
    """`tensor` on the device and in the precision that ComfyUI uses between nodes."""
    import comfy.model_management

    return tensor.to(
        device=comfy.model_management.intermediate_device(), dtype=comfy.model_management.intermediate_dtype()
    )
