"""Remembers what is said and chosen: the last choices in Cut Out's dialog are those of Cut Out Selection."""

from __future__ import annotations

import json
from dataclasses import replace

from gi.repository import Gimp

from .failure import CutFailed
from .settings import AUTOMATIC, SELECTION, Settings

_NAME = "cutsmith-choices"
_TOLD = "cutsmith-told"
_CHOICES = (
    "edge",
    "band_inner",
    "band_outer",
    "harden",
    "shift",
    "feather",
    "threshold",
    "result",
    "existing_mask",
    "existing_selection",
)


def remember_choices(settings: Settings) -> None:
    """Keep the choices of a successful run, even after GIMP is closed."""
    choices = {name: getattr(settings, name) for name in _CHOICES}
    choices["model"] = settings.model if settings.what == SELECTION else AUTOMATIC
    data = json.dumps(choices).encode()
    Gimp.attach_parasite(Gimp.Parasite.new(_NAME, Gimp.PARASITE_PERSISTENT, data))


def remembered_choices(settings: Settings) -> Settings:
    """`settings` with the remembered choices; unchanged if there are none or they are not valid.

    Choices of another version may lack some.
    """
    kept = Gimp.get_parasite(_NAME)
    if kept is None:
        return settings
    try:
        choices = json.loads(bytes(kept.get_data()))
        known = {name: choices[name] for name in (*_CHOICES, "model") if name in choices}
        return replace(settings, **known).checked()
    except (ValueError, KeyError, TypeError, AttributeError, CutFailed):
        # Written by another version of Cutsmith.
        return settings


def once_a_session(text: str) -> list[str]:
    """`text`, unless it is empty or was said since GIMP was started."""
    kept = Gimp.get_parasite(_TOLD)
    data = text.encode()
    if not text or (kept is not None and bytes(kept.get_data()) == data):
        return []
    Gimp.attach_parasite(Gimp.Parasite.new(_TOLD, 0, data))
    return [text]
