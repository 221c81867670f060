"""The raw mode in Pillow's tile descriptors: how its unpacker reads the file's bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFile import _Tile


def raw_mode(tile: _Tile) -> str:
    """The raw mode of `tile`, such as "RGB;16B"; "" where it has none."""
    found = tile.args[0] if isinstance(tile.args, tuple) and tile.args else tile.args
    return found if isinstance(found, str) else ""


def with_raw_mode(tile: _Tile, mode: str) -> _Tile:
    """`tile`, to be unpacked as the raw mode `mode`."""
    return tile._replace(args=(mode, *tile.args[1:]) if isinstance(tile.args, tuple) else mode)
