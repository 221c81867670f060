"""What the user chose, checked, and the worker's job that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .failure import CutFailed

SUBJECT, SELECTION, WORDS = "subject", "selection", "words"
OWN_MASK = "mask"
"""The layer's mask is what is refined; a procedure of its own."""
HAIR, HARD, OFF = "hair", "hard", "off"
LAYER_MASK, NEW_LAYER, CLEANED_LAYER, NEW_SELECTION, CHANNEL = (
    "layer-mask",
    "new-layer",
    "cleaned-layer",
    "selection",
    "channel",
)
REPLACE, INTERSECT = "replace", "intersect"

# Each choice with its words in the dialog.
WHAT = {SUBJECT: "Main subject", SELECTION: "Selection", WORDS: "Words"}
EDGES = {HAIR: "Hair and fur", HARD: "Hard", OFF: "As found"}
RESULTS = {
    LAYER_MASK: "Layer mask",
    NEW_LAYER: "New layer with mask",
    CLEANED_LAYER: "New layer with cleaned colors",
    NEW_SELECTION: "Selection",
    CHANNEL: "Channel",
}
EXISTING_MASK = {REPLACE: "Replace it", INTERSECT: "Keep only what both show"}

AUTOMATIC = ""
SUBJECT_IN_BOX = "subject-in-box"
NO_MODEL = "none"

DEFAULT_BAND = 3
LARGEST_BAND = 256
DEFAULT_CERTAINTY = 0.30
"""The default of the engine's option `box_threshold`."""
WORDS_CERTAINTY = 0.25
"""The default of `text_threshold`; a lower certainty that is asked for holds for the words as well."""


@dataclass(frozen=True)
class Settings:
    """What is cut out, how, and what comes of it. The names are those of the procedures' arguments.

    `remover` and `segmenter` are no arguments: what stands in where the model alone does not say it.
    """

    what: str = SUBJECT
    prompt: str = ""
    box_threshold: float = DEFAULT_CERTAINTY
    model: str = AUTOMATIC
    edge: str = HAIR
    band_inner: int = DEFAULT_BAND
    band_outer: int = DEFAULT_BAND
    result: str = LAYER_MASK
    existing_mask: str = REPLACE
    remover: str = AUTOMATIC
    segmenter: str = AUTOMATIC

    @classmethod
    def for_own_mask(cls, band_inner: int, band_outer: int) -> Settings:
        """Those that work out the edge of the layer's own mask anew."""
        return cls(what=OWN_MASK, model=NO_MODEL, band_inner=band_inner, band_outer=band_outer)

    def checked(self) -> Settings:
        """The same without spaces around words. Raises CutFailed: a value that is none, or no words."""
        found = replace(self, prompt=self.prompt.strip(), model=self.model.strip())
        for name, choices in _CHOICES.items():
            value = getattr(found, name)
            if value not in choices:
                argument = name.replace("_", "-")
                raise CutFailed(f'{argument} is "{value}": wanted one of {", ".join(choices)}.')
        if found.what == WORDS and not found.prompt:
            raise CutFailed("There are no words to look for.", 'Type what is to be cut out, such as "red mug".')
        if found.what != SELECTION and found.model in (SUBJECT_IN_BOX, NO_MODEL):
            raise CutFailed(f'The model "{found.model}" is for a selection.', "Choose another model, or Selection.")
        return found

    @property
    def wants_colours(self) -> bool:
        """Whether the subject's own colours are part of the result."""
        return self.result == CLEANED_LAYER

    @property
    def is_mask(self) -> bool:
        """Whether the result is a mask over a layer's own transparency, which is not to be in it a second time."""
        return self.result in (LAYER_MASK, NEW_LAYER)

    def job(self) -> tuple[str, dict[str, Any]]:
        """The worker's job, as docs/worker-protocol.md has it: its name and its options."""
        options: dict[str, Any] = {}
        if self.edge == HAIR:
            options |= {"matting": "closed-form", "band": [self.band_inner, self.band_outer]}
        else:
            options["matting"] = "none"
        if self.is_mask:
            options["subject_alone"] = True
        if self.wants_colours:
            options["colours"] = True
        if self.model == NO_MODEL:
            return "refine", options
        if self.what == WORDS:
            words = min(self.box_threshold, WORDS_CERTAINTY)
            options |= {"text": self.prompt, "box_threshold": self.box_threshold, "text_threshold": words}
        models = {"model": self.remover, "segmenter": self.segmenter, _MODEL_OPTIONS[self.what]: self.model}
        return "cut", options | {option: name for option, name in models.items() if name != AUTOMATIC}


def settings_from(values: Mapping[str, Any]) -> Settings:
    """Settings, checked, of a procedure's arguments, whose names have hyphens. Raises CutFailed."""
    # From its second start on, GIMP gives None for a text whose default is empty.
    given: dict[str, Any] = {name.replace("-", "_"): "" if value is None else value for name, value in values.items()}
    return Settings(**given).checked()


_CHOICES = {"what": WHAT, "edge": EDGES, "result": RESULTS, "existing_mask": EXISTING_MASK}
_MODEL_OPTIONS = {SUBJECT: "model", SELECTION: "segmenter", WORDS: "detector"}
