"""Planes and pictures of the worker as cairo draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("GdkPixbuf", "2.0")
import cairo  # noqa: E402 - the versions first
from gi.repository import Gdk, GdkPixbuf, GLib  # noqa: E402

from .planes import in_8_bits  # noqa: E402

if TYPE_CHECKING:
    from .worker_files import Array

_SQUARE = 8
_LIGHT, _DARK = 0.66, 0.42


def picture_surface(pixels: Array) -> cairo.ImageSurface:
    """A picture, uint8 or uint16 (H, W, 3) or, with straight alpha, (H, W, 4), in sRGB."""
    height, width, channels = pixels.shape
    pixbuf = GdkPixbuf.Pixbuf.new_from_bytes(
        GLib.Bytes.new(bytes(in_8_bits(pixels).data)),
        GdkPixbuf.Colorspace.RGB,
        channels == 4,
        8,
        width,
        height,
        width * channels,
    )
    return Gdk.cairo_surface_create_from_pixbuf(pixbuf, 1, None)


def mask_surface(alpha: Array) -> cairo.ImageSurface:
    """A plane, uint8, uint16 or float32 (H, W), as transparency."""
    height, width = alpha.shape
    stride = cairo.ImageSurface.format_stride_for_width(cairo.FORMAT_A8, width)
    data, gap = memoryview(in_8_bits(alpha).data).cast("B"), bytes(stride - width)
    padded = bytearray(b"".join(part for row in range(height) for part in (data[row * width : (row + 1) * width], gap)))
    return cairo.ImageSurface.create_for_data(padded, cairo.FORMAT_A8, width, height, stride)


def checks() -> cairo.SurfacePattern:
    """The checks that stand for transparency."""
    surface = cairo.ImageSurface(cairo.FORMAT_RGB24, 2 * _SQUARE, 2 * _SQUARE)
    context = cairo.Context(surface)
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        shade = _LIGHT if x == y else _DARK
        context.set_source_rgb(shade, shade, shade)
        context.rectangle(x * _SQUARE, y * _SQUARE, _SQUARE, _SQUARE)
        context.fill()
    pattern = cairo.SurfacePattern(surface)
    pattern.set_extend(cairo.EXTEND_REPEAT)
    return pattern
