"""Reads a layer's pixels, its mask and the selection for the worker, and writes alpha and pixels back to GIMP.

In GIMP, layer masks and the selection are linear ("Y"), but the channels of most images are not ("Y'"). Values stay
unchanged only in the drawable's own encoding.
"""

from __future__ import annotations

from gi.repository import Babl, Gegl, Gimp

from .failure import CutFailed
from .filters import as_seen
from .layers import offsets, part_on_canvas, refuse_quick_mask
from .planes import CanvasPart, hardened, pasted
from .worker_files import Array

_SCALE = 1.0
_DEPTHS = {"uint8": "u8", "uint16": "u16", "float32": "float"}
_DISPLAY_8_BIT = (Gimp.Precision.U8_NON_LINEAR, Gimp.Precision.U8_PERCEPTUAL)


def has_8_bits(image: Gimp.Image) -> bool:
    """Whether the masks of `image` have 8 bits."""
    return image.get_precision() in (
        Gimp.Precision.U8_LINEAR,
        Gimp.Precision.U8_NON_LINEAR,
        Gimp.Precision.U8_PERCEPTUAL,
    )


def pixel_dtype(image: Gimp.Image) -> str:
    """The dtype of the pixels that are read from layers of `image`: "uint8" if no more bits are needed, or "uint16"."""
    return "uint8" if image.get_precision() in _DISPLAY_8_BIT else "uint16"


def read_pixels(layer: Gimp.Layer) -> dict[str, Array]:
    """The arrays "pixels", uint8 or uint16 (H, W, 3) or (H, W, 4) with alpha, and "icc" if the colours are not sRGB.

    The layer's filters are part of the pixels. RGB of 8 or 16 bits is read as it is stored, in the image's own colour
    space. Gray, indexed, linear and float images are converted to sRGB, with 8 bits if no more are needed.
    """
    dtype = pixel_dtype(layer.get_image())
    width, height = layer.get_width(), layer.get_height()
    profile = _own_profile(layer)
    with as_seen(layer) as (seen, x, y):
        letters, channels = ("R'G'B'A", 4) if seen.has_alpha() else ("R'G'B'", 3)
        encoding = f"{letters} {_DEPTHS[dtype]}"
        data = _read(seen, encoding if profile is None else _in_own_space(encoding, layer), x, y, width, height)
    arrays = {"pixels": Array(dtype, (height, width, channels), data)}
    if profile is not None:
        arrays["icc"] = Array("uint8", (len(profile),), profile)
    return arrays


def read_for_the_eye(layer: Gimp.Layer, columns: range, rows: range) -> Array:
    """A part of the layer as the screen shows it: uint8 (h, w, 4), sRGB with straight alpha."""
    data = _read(layer, "R'G'B'A u8", columns.start, rows.start, len(columns), len(rows))
    return Array("uint8", (len(rows), len(columns), 4), data)


def read_selection(layer: Gimp.Layer) -> Array:
    """The part of the selection that covers `layer`, uint8 (H, W).

    Raises:
        CutFailed: nothing in the layer is selected.
    """
    image = layer.get_image()
    if Gimp.Selection.is_empty(image):
        refuse_quick_mask(image)
        raise CutFailed("Nothing is selected.", "Select the object roughly first, with any selection tool.")
    x, y = offsets(layer)
    width, height = layer.get_width(), layer.get_height()
    data = _read(image.get_selection(), "Y u8", x, y, width, height)
    if not data.strip(b"\0"):
        raise CutFailed(
            f'The selection lies outside the layer "{layer.get_name()}".',
            "Select another layer, or something on this one.",
        )
    return Array("uint8", (height, width), data)


def read_mask(layer: Gimp.Layer) -> Array:
    """The layer's mask, uint8 or float32 (H, W). Raises CutFailed if it has none."""
    return mask_values(mask_of(layer), "uint8" if has_8_bits(layer.get_image()) else "float32")


def mask_of(layer: Gimp.Layer) -> Gimp.LayerMask:
    """The mask of `layer`. Raises CutFailed if it has none."""
    mask = layer.get_mask()
    if mask is None:
        raise CutFailed(
            f'The layer "{layer.get_name()}" has no mask.', "Make one first: Filters > Cut Out…, or Layer > Mask."
        )
    return mask


def mask_values(mask: Gimp.LayerMask, dtype: str) -> Array:
    """The values of `mask`, (H, W), as `dtype`: uint8, uint16 or float32."""
    width, height = mask.get_width(), mask.get_height()
    return Array(dtype, (height, width), _read(mask, f"Y {_DEPTHS[dtype]}", 0, 0, width, height))


def read_trimap(layer: Gimp.Layer, name: str) -> dict[str, Array]:
    """The arrays "trimap" and, if `layer` reaches beyond the canvas, "within", its part there; both uint8 (H, W).

    A channel is as large as the canvas. Beyond it, the trimap is the layer's mask, which stays as it is there.

    Raises:
        CutFailed: there is no channel `name`, or the layer has nothing of it or no mask.
    """
    image = layer.get_image()
    channel = image.get_channel_by_name(name)
    if channel is None:
        raise CutFailed(
            f'There is no channel "{name}".',
            "Paint one in the list of channels: white in the subject, black outside, gray where the edge is unknown.",
        )
    x, y = offsets(layer)
    width, height = layer.get_width(), layer.get_height()
    values = _encoding(channel).partition(" ")[0]
    trimap = Array("uint8", (height, width), _read(channel, f"{values} u8", x, y, width, height))
    part = part_on_canvas(layer)
    if part is None:
        raise CutFailed(
            f'The layer "{layer.get_name()}" lies outside the canvas, and the channel "{name}" has nothing of it.',
            "Choose Image > Fit Canvas to Layers, and paint the channel there.",
        )
    if (len(part.rows), len(part.columns)) == (height, width):
        return {"trimap": trimap}
    beyond = hardened(mask_values(mask_of(layer), "uint8"))
    return {"trimap": pasted(beyond, trimap, part), "within": _canvas(trimap.shape, part)}


def _canvas(shape: tuple[int, ...], part: CanvasPart) -> Array:
    """255 in `part`, 0 beyond it."""
    height, width = shape
    black, white = (Array("uint8", shape, bytes([value]) * (height * width)) for value in (0, 255))
    return pasted(black, white, part)


def write_alpha(drawable: Gimp.Drawable, alpha: Array, x: int = 0, y: int = 0) -> None:
    """Write `alpha`, (H, W), to a mask or channel at (x, y). This makes no undo step."""
    height, width = alpha.shape
    values = _encoding(drawable).partition(" ")[0]
    _write(drawable, f"{values} {_DEPTHS[alpha.dtype]}", x, y, width, height, alpha)


def write_pixels(layer: Gimp.Layer, pixels: Array, like: Gimp.Layer) -> None:
    """Write `pixels`, uint8 or uint16 (H, W, 4), to the layer. Their encoding is that read from `like`."""
    height, width, _ = pixels.shape
    encoding = f"R'G'B'A {_DEPTHS[pixels.dtype]}"
    has_profile = _own_profile(like) is not None
    _write(layer, _in_own_space(encoding, like) if has_profile else encoding, 0, 0, width, height, pixels)


def _own_profile(layer: Gimp.Layer) -> bytes | None:
    """The ICC profile of a layer whose stored colours can be used; None if they are sRGB or must be converted."""
    profile = layer.get_image().get_color_profile()
    is_as_shown = _encoding(layer) in ("R'G'B' u8", "R'G'B'A u8", "R'G'B' u16", "R'G'B'A u16")
    return bytes(profile.get_icc_profile()) if profile is not None and is_as_shown else None


def _in_own_space(encoding: str, layer: Gimp.Layer) -> str:
    """The name of `encoding` in the colour space of `layer`."""
    return str(Babl.get_name(Babl.format_with_space(encoding, layer.get_format())))


def _encoding(drawable: Gimp.Drawable) -> str:
    return str(Babl.format_get_encoding(drawable.get_format()))


def _read(drawable: Gimp.Drawable, encoding: str, x: int, y: int, width: int, height: int) -> bytes:
    place = Gegl.Rectangle.new(x, y, width, height)
    return bytes(drawable.get_buffer().get(place, _SCALE, encoding, Gegl.AbyssPolicy.NONE))


def _write(drawable: Gimp.Drawable, encoding: str, x: int, y: int, width: int, height: int, values: Array) -> None:
    buffer = drawable.get_buffer()
    buffer.set(Gegl.Rectangle.new(x, y, width, height), encoding, bytes(values.data))
    buffer.flush()
    drawable.update(x, y, width, height)
