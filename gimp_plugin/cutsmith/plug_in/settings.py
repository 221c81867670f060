"""The user's choices, checked, and the worker's job that they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from .declared_options import DEFAULT_BAND, MODEL_OPTIONS, OPTIONS, Matting, what_is_wanted
from .failure import CutFailed
from .found_objects import FoundObject
from .pointing import EXAMPLE, objects_of

SUBJECT, POINTS, SELECTION, WORDS = "subject", "points", "selection", "words"
OWN_MASK = "mask"
"""The value of `what` for refining the layer's own mask, which has its own procedure."""
HAIR, HARD, OFF = "hair", "hard", "off"
LAYER_MASK, NEW_LAYER, CLEANED_LAYER, NEW_SELECTION, CHANNEL = (
    "layer-mask",
    "new-layer",
    "cleaned-layer",
    "selection",
    "channel",
)
TOGETHER, EACH = "all", "each"
REPLACE, ADD, SUBTRACT, INTERSECT = "replace", "add", "subtract", "intersect"

# Each choice with its label in the dialog.
WHAT = {SUBJECT: "Main subject", POINTS: "What I point at", SELECTION: "Selection", WORDS: "Words"}
EDGES = {HAIR: "Hair and fur", HARD: "Hard", OFF: "As found"}
RESULTS = {
    LAYER_MASK: "Layer mask",
    NEW_LAYER: "New layer with mask",
    CLEANED_LAYER: "New layer with cleaned colors",
    NEW_SELECTION: "Selection",
    CHANNEL: "Channel",
}
RESULTS_OF_EACH = (NEW_LAYER, CLEANED_LAYER, CHANNEL)
OBJECTS = {TOGETHER: "Together", EACH: "Each by itself"}
EXISTING_MASK = {REPLACE: "Replace it", INTERSECT: "Keep only what both show"}
EXISTING_SELECTION = {
    REPLACE: "Replace it",
    ADD: "Add to it",
    SUBTRACT: "Subtract from it",
    INTERSECT: "Keep only what both select",
}

AUTOMATIC = ""
SUBJECT_IN_BOX = "subject-in-box"
NO_MODEL = "none"

DEFAULT_CERTAINTY = float(OPTIONS["box_threshold"].example)
DEFAULT_THRESHOLD = float(OPTIONS["threshold"].example)
"""Where a hard edge lies: the engine's own default is not to have one."""

WORDS_CERTAINTY = float(OPTIONS["text_threshold"].example)
"""The default for words. If the user asks for a lower certainty, that applies to words too."""


@dataclass(frozen=True)
class Settings:
    """What to cut out, how, and what to make of it. The names are those of the procedures' arguments.

    Two are no arguments. `stand_ins` maps the engine's options to models, for those that `model` alone does not name.
    `found` is what the dialog has found for the words already, with what was chosen of it; None for nothing yet.
    """

    what: str = SUBJECT
    points: str = ""
    prompt: str = ""
    box_threshold: float = DEFAULT_CERTAINTY
    model: str = AUTOMATIC
    edge: str = HAIR
    band_inner: int = DEFAULT_BAND
    band_outer: int = DEFAULT_BAND
    harden: float = OPTIONS["harden"].default
    shift: int = OPTIONS["mask_offset"].default
    feather: float = OPTIONS["mask_blur"].default
    threshold: float = DEFAULT_THRESHOLD
    result: str = LAYER_MASK
    objects: str = TOGETHER
    existing_mask: str = REPLACE
    existing_selection: str = REPLACE
    within_selection: bool = True
    trimap: str = ""
    stand_ins: Mapping[str, str] = field(default_factory=dict, hash=False)
    found: tuple[FoundObject, ...] | None = None

    @classmethod
    def for_own_mask(cls, values: Mapping[str, Any]) -> Settings:
        """The settings that rework the edge of the layer's own mask. Raises CutFailed for an invalid value."""
        found = cls(**{**values, "what": OWN_MASK, "model": NO_MODEL})
        found._check_numbers()
        return found

    def checked(self) -> Settings:
        """These settings without spaces around texts, the model's path absolute.

        Raises CutFailed for an invalid value or missing words.
        """
        found = replace(self, prompt=self.prompt.strip(), model=_located(self.model.strip()))
        for name, choices in _CHOICES.items():
            value = getattr(found, name)
            if value not in choices:
                argument = name.replace("_", "-")
                raise CutFailed(f'{argument} must be one of {", ".join(choices)}, but got "{value}".')
        found._check_numbers()
        if found.what == WORDS and not found.prompt:
            raise CutFailed("There are no words to look for.", 'Type what to cut out, such as "red mug".')
        if found.what == POINTS and not objects_of(found.points):
            raise CutFailed("Nothing was pointed at.", f'Click on the subject, or give points such as "{EXAMPLE}".')
        if found.model in _ONLY_FOR and found.what not in _ONLY_FOR[found.model]:
            raise CutFailed(f'The model "{found.model}" is for selections only.', "Choose another model, or Selection.")
        return found

    def _check_numbers(self) -> None:
        """Raise CutFailed for a number that the engine would refuse, under the name that a script gave it."""
        given = [(name, name.replace("_", "-"), getattr(self, name)) for name in _NUMBERS]
        given += [("mask_offset", "shift", self.shift), ("mask_blur", "feather", self.feather)]
        given.append(("band", "band-inner and band-outer", (self.band_inner, self.band_outer)))
        for option, argument, value in given:
            wanted = what_is_wanted(OPTIONS[option], value)
            if wanted:
                raise CutFailed(f"{argument} must be {wanted}, but got {value}.")

    @property
    def wants_colours(self) -> bool:
        """Whether the subject's own colours are part of the result."""
        return self.result == CLEANED_LAYER

    @property
    def is_mask(self) -> bool:
        """Whether the result is a layer mask, which must not include the layer's own transparency again."""
        return self.result in (LAYER_MASK, NEW_LAYER)

    @property
    def is_for_each(self) -> bool:
        """Whether each object that is found becomes a result of its own. The dialog hides that for other results."""
        return self.objects == EACH and self.what == WORDS and self.result in RESULTS_OF_EACH

    @property
    def chosen(self) -> tuple[FoundObject, ...]:
        """What is cut out of what the dialog has found."""
        return tuple(each for each in self.found or () if each.is_chosen)

    def detection(self) -> dict[str, Any]:
        """The options of the worker's job "detect", which finds the words."""
        options: dict[str, Any] = {"text": self.prompt}
        # As it stands in a new dialog, the certainty is the model's own.
        if self.box_threshold != DEFAULT_CERTAINTY:
            options |= {"box_threshold": self.box_threshold, "text_threshold": min(self.box_threshold, WORDS_CERTAINTY)}
        return options if self.model == AUTOMATIC else {**options, _MODEL_OPTIONS[WORDS]: self.model}

    def job(self) -> tuple[str, dict[str, Any]]:
        """The worker's job, as docs/worker-protocol.md describes it: its name and its options."""
        options: dict[str, Any] = {"matting": _MATTING[self.edge]}
        if self.edge == HAIR and (self.band_inner, self.band_outer) != (DEFAULT_BAND, DEFAULT_BAND):
            # As they stand in a new dialog, the band adapts itself to the mask's edge.
            options["band"] = [self.band_inner, self.band_outer]
        if self.edge == HARD:
            options["threshold"] = self.threshold
        elif self.harden:
            options["harden"] = self.harden
        if self.shift:
            options["mask_offset"] = self.shift
        # The dialog hides Feather for a hard edge, and keeps its number.
        if self.feather and self.edge != HARD:
            options["mask_blur"] = self.feather
        if self.is_mask:
            options["subject_alone"] = True
        if self.wants_colours:
            options["colours"] = True
        if self.model == NO_MODEL:
            return "refine", options
        if self.what == POINTS:
            options["parts"] = [each.as_part() for each in objects_of(self.points)]
        models = dict(self.stand_ins)
        if self.what != WORDS:
            models[_MODEL_OPTIONS[self.what]] = self.model
        elif self.found is None:
            options |= self.detection()
        else:
            options["parts"] = [each.as_part() for each in self.chosen]
        return "cut", options | {option: name for option, name in models.items() if name != AUTOMATIC}


def settings_from(values: Mapping[str, Any]) -> Settings:
    """Checked settings from a procedure's arguments, whose names have hyphens. Raises CutFailed."""
    # From its second start on, GIMP returns None for a text with an empty default.
    given: dict[str, Any] = {name.replace("-", "_"): "" if value is None else value for name, value in values.items()}
    return Settings.for_own_mask(given) if given.get("what") == OWN_MASK else Settings(**given).checked()


def _located(model: str) -> str:
    """`model`, absolute if it is a path: the worker has a working folder of its own."""
    path = Path(model)
    is_path = len(path.parts) > 1 or path.is_file()
    return str(path.expanduser().absolute()) if is_path else model


_CHOICES = {
    "what": WHAT,
    "edge": EDGES,
    "result": RESULTS,
    "objects": OBJECTS,
    "existing_mask": EXISTING_MASK,
    "existing_selection": EXISTING_SELECTION,
}
_ONLY_FOR = {SUBJECT_IN_BOX: (POINTS, SELECTION), NO_MODEL: (SELECTION,)}
_NUMBERS = tuple(each.name for each in fields(Settings) if each.name in OPTIONS and OPTIONS[each.name].kind == "number")
_MATTING: Mapping[str, Matting] = {HAIR: "auto", HARD: "none", OFF: "none"}
# The fourth names the weights of a neural matting, which the dialog does not offer.
_MODEL_OPTIONS = dict(zip((SUBJECT, SELECTION, WORDS), MODEL_OPTIONS[:3], strict=True))
_MODEL_OPTIONS[POINTS] = _MODEL_OPTIONS[SELECTION]
