"""Remembers the last choices made in Cut Out's dialog, for Cut Out Selection, which has no dialog."""

from __future__ import annotations

import json
from dataclasses import replace

from gi.repository import Gimp

from .failure import CutFailed
from .settings import AUTOMATIC, SELECTION, Settings

_NAME = "cutsmith-choices"
_CHOICES = ("edge", "band_inner", "band_outer", "harden", "shift", "feather", "threshold", "result", "existing_mask")


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
