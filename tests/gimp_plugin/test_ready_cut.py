"""What was worked out in the dialog is taken by OK only if the same would be asked again, of the same pixels."""

from __future__ import annotations

from dataclasses import replace

from cutsmith.worker.protocol import Array, Message
from gimp_plugin.cutsmith.plug_in.ready_cut import ReadyCut, asked_for, fingerprint
from gimp_plugin.cutsmith.plug_in.settings import Settings

PIXELS = {"pixels": Array("uint8", (1, 2, 3), bytes(range(6)))}
HINT = {"selection": Array("uint8", (1, 2), b"\xff\x00")}
SETTINGS = Settings(what="selection", edge="off")
READY = ReadyCut(*asked_for(SETTINGS, "uint8"), fingerprint(PIXELS), fingerprint(HINT), Message({}, {}))


def test_it_is_taken_for_the_same_and_whatever_does_not_change_the_cut() -> None:
    assert READY.is_for(SETTINGS, "uint8", PIXELS, HINT)
    as_view = {"pixels": Array("uint8", (1, 2, 3), memoryview(bytes(range(6))))}
    assert READY.is_for(replace(SETTINGS, existing_mask="intersect", points="3,4"), "uint8", as_view, HINT)


def test_it_is_stale_for_other_settings_pixels_or_selections() -> None:
    other = {"pixels": Array("uint8", (1, 2, 3), bytes(range(1, 7)))}
    assert not READY.is_for(SETTINGS, "uint8", other, HINT)
    assert not READY.is_for(SETTINGS, "uint8", {**PIXELS, "icc": Array("uint8", (1,), b"i")}, HINT)
    assert not READY.is_for(SETTINGS, "uint8", {"pixels": Array("uint8", (2, 1, 3), bytes(range(6)))}, HINT)
    assert not READY.is_for(SETTINGS, "uint8", PIXELS, {"selection": Array("uint8", (1, 2), b"\x00\xff")})
    assert not READY.is_for(SETTINGS, "float32", PIXELS, HINT)
    assert not READY.is_for(replace(SETTINGS, shift=2), "uint8", PIXELS, HINT)
    assert not READY.is_for(replace(SETTINGS, model="none"), "uint8", PIXELS, HINT)
