"""The models that the dialog offers, and its advice on what is missing, both taken from the worker's list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from .installation import Installation
from .settings import (
    AUTOMATIC,
    EDGES,
    NO_MODEL,
    OFF,
    OWN_MASK,
    POINTS,
    SELECTION,
    SUBJECT,
    SUBJECT_IN_BOX,
    WORDS,
    Settings,
)
from .words import missing_of

_LONG = 8
"""Seconds that a user wants to know of before they begin."""

_KINDS = {SUBJECT: "remover", POINTS: "segmenter", SELECTION: "segmenter", WORDS: "detector"}
_NEEDS = {
    POINTS: "Finding what you click on",
    SELECTION: "Finding what is selected",
    WORDS: "Finding what words name",
}
_BOXES = {POINTS: "the box that you draw", SELECTION: "the selection's box", WORDS: "the box that is found"}


@dataclass(frozen=True)
class Advice:
    """What the user should know before a run: a `text`, and whether it prevents the run."""

    text: str = ""
    prevents: bool = False


class ModelChoices:
    """The models on this machine, and what is missing.

    Args:
        told: the worker's answer to the job "models".
        installation: how to start the engine, for the commands that fetch what is missing.
        pixels: of the layers that are to be cut out, together.
    """

    def __init__(self, told: Mapping[str, Any], installation: Installation, pixels: int = 0) -> None:
        self._told = told
        self._installation = installation
        self._pixels = pixels

    def offered(self, what: str) -> dict[str, str]:
        """The name and label of each model for `what`, beginning with the automatic choice."""
        in_box = f"Main subject in {_BOXES[what]}" if what in (POINTS, SELECTION) else ""
        best = self._best(what)
        title = in_box if best == SUBJECT_IN_BOX else self._title(best)
        choices = {AUTOMATIC: f"Best that is here ({title})" if title else "Best that is here"}
        choices |= {each["name"]: _described(each) for each in self._here(_KINDS[what])}
        if in_box:
            choices[SUBJECT_IN_BOX] = in_box
        if what == SELECTION:
            choices[NO_MODEL] = "None: the selection is the mask"
        return choices

    def advice(self, what: str, model: str) -> Advice:
        """What is missing for `what` with `model`; empty if nothing is."""
        needs_remover = what == SUBJECT or model == SUBJECT_IN_BOX
        if what == WORDS and self._told["no_detector"]:
            return Advice(self._missing(what, "no_detector", "Grounding DINO"), prevents=True)
        if (what == WORDS or (what in (POINTS, SELECTION) and model == AUTOMATIC)) and self._told["no_sam2"]:
            clicks = "Clicks have to wait for it. " if what == POINTS else ""
            instead = f"{clicks}Until then, the main subject in {_BOXES[what]} is cut out."
            return Advice(f"{self._missing(what, 'no_sam2', 'SAM 2')}\n{instead}", prevents=not self._here("remover"))
        if needs_remover and not self._here("remover"):
            return Advice("There is no model for the main subject on this machine.", prevents=True)
        return Advice()

    def estimate(self, settings: Settings) -> str:
        """What will take long with `settings`, before it begins; "" if nothing does."""
        cost = self._told["matting_costs"].get(settings.job()[1]["matting"])
        seconds = cost["seconds"] + cost["seconds_per_megapixel"] * self._pixels / 1e6 if cost else 0
        if seconds < _LONG:
            return ""
        needed, free = cost["bytes_per_pixel"] * self._pixels, self._told["available_memory"]
        text = f"Working out the edge can take up to {_rounded(seconds)} s and {needed / 1e9:.1f} GB of memory"
        text += f", but this machine has {free / 1e9:.1f} GB free." if free < needed else "."
        is_a_choice = settings.what != OWN_MASK
        return f"{text} Edge: {EDGES[OFF]} is quick." if is_a_choice else text

    def chosen(self, settings: Settings) -> Settings:
        """`settings` with the automatic choices replaced by model names, so that the engine does not warn about them.

        The dialog has already said what they stand in for.
        """
        if settings.what not in _KINDS or settings.model == NO_MODEL:
            return settings
        model = settings.model or self._best(settings.what)
        if settings.what == SUBJECT:
            return replace(settings, model=model)
        stand_ins = {"segmenter": SUBJECT_IN_BOX} if settings.what == WORDS and self._told["no_sam2"] else {}
        if SUBJECT_IN_BOX in (model, *stand_ins.values()):
            stand_ins["model"] = self._best(SUBJECT)
        return replace(settings, model=model, stand_ins=stand_ins)

    def _best(self, what: str) -> str:
        if what in (POINTS, SELECTION) and self._told["no_sam2"]:
            return SUBJECT_IN_BOX
        names = [str(each["name"]) for each in self._here(_KINDS[what])]
        if what == SUBJECT:
            names = [name for name in self._told["default_removers"] if name in names]
        return names[0] if names else ""

    def _title(self, name: str) -> str:
        return next((str(each["title"]) for each in self._told["models"] if each["name"] == name), "")

    def _missing(self, what: str, told: str, family: str) -> str:
        """What a model of `family` is needed for, how large it is, and the command that brings it."""
        problem = self._told[told]
        wanted = [name for cure in problem.get("cures", ()) if cure["action"] == "fetch" for name in cure["names"]]
        known = [each for each in self._told["models"] if each["name"] in wanted[:1]]
        needed = _described(known[0]) if known else family
        commands = missing_of(problem, self._installation).partition("\n")[2]
        return f"{_NEEDS[what]} needs {needed}, which is not on this machine yet.\n{commands}".rstrip()

    def _here(self, kind: str) -> list[Mapping[str, Any]]:
        return [model for model in self._told["models"] if model["kind"] == kind and model["here"]]


def _described(model: Mapping[str, Any]) -> str:
    """A model's title, size and licence."""
    facts = [f"{round(model['size'] / 1e6)} MB"] if model.get("size") else []
    facts += [str(model["licence"])] if model.get("licence") else []
    return f"{model['title']} ({', '.join(facts)})" if facts else str(model["title"])


def _rounded(seconds: float) -> int:
    """`seconds` to the next five: they are a guess."""
    return 5 * ceil(seconds / 5)
