"""Presets: what a marketplace wants of a picture, as data; ours (presets.toml) and the user's own.

The user's own stand in `presets.toml` in Cutsmith's configuration folder, written like ours; a name there comes before
one of ours. One preset may also be a file by itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cutsmith.cures import give
from cutsmith.errors import BadOption, CutsmithError, shown
from cutsmith.machine.files import is_file
from cutsmith.machine.folders import config_folder
from cutsmith.result.background import parse_colour
from cutsmith.result.canvas.settings import Canvas

FILE_NAME = "presets.toml"
FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "AVIF", "GIF", "BMP")
SUBSAMPLINGS = ("4:4:4", "4:2:2", "4:2:0")


@dataclass(frozen=True)
class Preset:
    """What a marketplace wants of a picture; None where it wants nothing. presets.toml explains each.

    Attributes:
        name: by which it is asked for.
        title: what messages call the marketplace.
        source: the page that says so.
        read: when it was read, as year and month.
        verified: whether it was read there; else it is from memory.
        canvas: the size that is made, such as "2000x2000".
        background: a colour.
        pure_white: whether the outermost pixels must be exactly white.
        fill: the share of the canvas that the subject takes, in (0, 1].
        fill_least, fill_most: what is allowed of it.
        longest_least, longest_most, shortest_least: what is allowed of the sides, in pixels.
        megapixels_most: what is allowed of all pixels, in millions.
        bytes_most: what is allowed of the file.
        formats: those that are taken; empty for all.
        subsampling: of JPEGs.
        colour: "sRGB".
    """

    name: str
    title: str
    source: str
    read: str
    verified: bool
    canvas: str
    background: str | None = None
    pure_white: bool = False
    fill: float | None = None
    fill_least: float | None = None
    fill_most: float | None = None
    longest_least: int | None = None
    longest_most: int | None = None
    shortest_least: int | None = None
    megapixels_most: float | None = None
    bytes_most: int | None = None
    formats: tuple[str, ...] = ()
    subsampling: str | None = None
    colour: str | None = None

    @property
    def notice(self) -> str:
        """What the user should know before it is relied on; "" for one that was verified."""
        if self.verified:
            return ""
        return f"the preset {self.name} is not verified ({self.source}): compare it with what {self.title} says itself"

    @property
    def wants_srgb(self) -> bool:
        """Whether colours must be sRGB."""
        return self.colour == "sRGB"


def own_presets_file() -> Path:
    """Where the user's own presets stand."""
    return config_folder() / FILE_NAME


def presets() -> Mapping[str, Preset]:
    """Every preset by its name: ours, and the user's own, which come before ours of the same name.

    Raises:
        BadOption: the user's file cannot be read, or says something that makes no sense.
    """
    own = own_presets_file()
    return {**_shipped(), **(_read(own) if is_file(own) else {})}


def find_preset(name: str) -> Preset:
    """The preset called `name`, or the one that the file of this path holds.

    Raises:
        BadOption: there is none, or the file cannot be read or makes no sense.
    """
    if name.lower().endswith(".toml") or is_file(name):
        found = _read(Path(name))
        if len(found) != 1:
            raise BadOption(
                f"{name} must hold one preset to be given as a file, but holds {len(found)}.",
                f"Copy the file to {own_presets_file()}, and give one of the names.",
                option="preset",
            )
        return next(iter(found.values()))
    known = presets()
    wanted = name.strip().lower()
    if wanted in known:
        return known[wanted]
    from difflib import get_close_matches

    near = get_close_matches(wanted, known, n=1, cutoff=0.5) or [each for each in known if each.startswith(wanted)][:1]
    raise BadOption(
        "",
        give("preset", near[0], "Did you mean") if near else give("preset", next(iter(known))),
        f"Write a preset of your own into {own_presets_file()}.",
        option="preset",
        found=shown(name),
        wanted=f"one of {', '.join(known)}, or a TOML file with a preset",
    )


@cache
def _shipped() -> Mapping[str, Preset]:
    path = Path(__file__).with_name(FILE_NAME)
    return MappingProxyType(parse_presets(path.read_text(encoding="utf-8"), str(path)))


def _read(path: Path) -> dict[str, Preset]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise BadOption(
            f"The presets in {path} cannot be read: {reason}.",
            give("preset", next(iter(_shipped()))),
            option="preset",
            found=shown(str(path)),
        ) from error
    return parse_presets(text, str(path))


def parse_presets(text: str, path: str) -> dict[str, Preset]:
    """The presets in `text`, a TOML document with a table `[presets.NAME]` for each; `path` is for messages.

    Raises:
        BadOption: a key is unknown or missing, or has a value that makes no sense; names table and key.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(path, f"it is not valid TOML ({error})") from error
    tables = document.get("presets")
    if set(document) != {"presets"} or not isinstance(tables, dict):
        raise _wrong(path, "it must have tables [presets.NAME], and nothing else")
    return {name.lower(): _preset(name.lower(), table, path) for name, table in tables.items()}


def _preset(name: str, table: Any, path: str) -> Preset:
    where = f"[presets.{name}]"
    if not isinstance(table, dict):
        raise _wrong(path, f"{where} must be a table")
    known = [field.name for field in fields(Preset) if field.name != "name"]
    needed = [field.name for field in fields(Preset) if field.default is MISSING and field.name != "name"]
    if unknown := sorted(set(table) - set(known)):
        raise _wrong(path, f"{where} has the unknown key {unknown[0]}; known are {', '.join(known)}")
    if missing := [key for key in needed if key not in table]:
        raise _wrong(path, f"{where} lacks the key {missing[0]}")
    for key, value in table.items():
        if wanted := _wanted(key, value):
            raise _wrong(path, f"{where} {key} must be {wanted}, but is {shown(value)}")
    preset = Preset(name, **{**table, "formats": tuple(table.get("formats", ()))})
    try:
        Canvas(preset.canvas, preset.fill)
        if preset.background is not None:
            parse_colour(preset.background)
    except CutsmithError as error:
        raise _wrong(path, f"in {where}, {error.what[0].lower()}{error.what[1:].rstrip('.')}") from error
    for least, most in (("fill_least", "fill_most"), ("longest_least", "longest_most")):
        low, high = table.get(least), table.get(most)
        if low is not None and high is not None and low > high:
            raise _wrong(path, f"{where} {least} is more than {most}")
    return preset


_TEXTS = frozenset({"title", "source", "read", "canvas", "background"})
_FLAGS = frozenset({"verified", "pure_white"})
_SHARES = frozenset({"fill", "fill_least", "fill_most"})


def _wanted(key: str, value: object) -> str:
    """What the `value` of `key` must be; "" if it is good."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if key in _TEXTS:
        return "" if isinstance(value, str) and value.strip() else "a text"
    if key in _FLAGS:
        return "" if isinstance(value, bool) else "true or false"
    if key in _SHARES:
        return "" if is_number and 0 < value <= 1 else "a number above 0 and up to 1"  # type: ignore[operator]
    if key == "formats":
        is_good = isinstance(value, list) and all(each in FORMATS for each in value)
        return "" if is_good else f"a list of {', '.join(FORMATS)}"
    if key == "subsampling":
        return "" if value in SUBSAMPLINGS else f"one of {', '.join(SUBSAMPLINGS)}"
    if key == "colour":
        return "" if value == "sRGB" else "sRGB"
    return "" if is_number and value > 0 else "a number above 0"  # type: ignore[operator]


def _wrong(path: str, what: str) -> BadOption:
    return BadOption(f"The presets in {path} are wrong: {what}.", "Correct the file.", option="preset")
