"""The engine's failures in words for who sits before GIMP: fields of the dialog instead of options, commands whole."""

from __future__ import annotations

import re

from .installation import Installation
from .settings import SELECTION, WORDS, Settings

_COMMAND = re.compile(r"(?<![\w/.-])cutsmith (?=(models|doctor)\b)")
_EXTRA = re.compile(r"\[(\w+)\]")


def remedy_for(kind: str, what: str, remedy: str, settings: Settings, installation: Installation) -> str:
    """What to do about a failure of the engine.

    Args:
        kind: its type, as `cutsmith.errors` names it.
        what, remedy: as the engine words them for its command line.
        settings: what was asked for.
        installation: where the engine is: its command need not be on the path.
    """
    if kind == "SubjectNotFound":
        return _NOT_FOUND.get(settings.what, "Select it roughly, name it in words, or choose another model.")
    extra = _EXTRA.search(what)
    if kind in ("ExtraMissing", "FormatExtraMissing") and extra:
        return f"Install that part, then try again:\n{installation.install} --with {extra[1]}"
    return _REMEDIES.get(kind) or with_whole_commands(remedy, installation)


def with_whole_commands(text: str, installation: Installation) -> str:
    """`text` with the commands in it that begin with "cutsmith" as they can be typed."""
    return _COMMAND.sub(lambda _: f"{installation.typed_command} ", text)


_NOT_FOUND = {
    WORDS: "Try other words, or lower the certainty that is wanted.",
    SELECTION: "Select the object more closely, or choose another model.",
}
_REMEDIES = {
    "BadPhrases": 'Say it in English, with commas between several things: "red mug, spoon".',
    "PictureTooSmall": "Choose a larger layer.",
    "PictureTooLarge": "Scale the layer down, or cut out a copy of a part of it.",
}
