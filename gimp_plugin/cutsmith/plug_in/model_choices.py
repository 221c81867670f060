"""The models that the dialog offers, and its advice on what is missing, both taken from the worker's list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from .installation import Installation
from .settings import AUTOMATIC, EDGES, NO_MODEL, OFF, OWN_MASK, SELECTION, SUBJECT, SUBJECT_IN_BOX, WORDS, Settings
from .words import missing_of

_LONG = 8
"""Seconds that a user wants to know of before they begin."""

_KINDS = {SUBJECT: "remover", SELECTION: "segmenter", WORDS: "detector"}


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
        best = self._best(what)
        choices = {AUTOMATIC: f"Best that is here ({best})" if best else "Best that is here"}
        choices |= dict(self._here(_KINDS[what]))
        if what == SELECTION:
            choices[SUBJECT_IN_BOX] = "Main subject in the selection's box"
            choices[NO_MODEL] = "None: the selection is the mask"
        return choices

    def advice(self, what: str, model: str) -> Advice:
        """What is missing for `what` with `model`; empty if nothing is."""
        needs_remover = what == SUBJECT or (what == SELECTION and model == SUBJECT_IN_BOX)
        if what == WORDS and self._told["no_detector"]:
            return Advice(missing_of(self._told["no_detector"], self._installation), prevents=True)
        if (what == WORDS or (what == SELECTION and model == AUTOMATIC)) and self._told["no_sam2"]:
            where = "the selection's box" if what == SELECTION else "the box that is found"
            instead = f"Until then, the main subject in {where} is cut out."
            return Advice(
                f"{missing_of(self._told['no_sam2'], self._installation)}\n{instead}", prevents=not self._removers()
            )
        if needs_remover and not self._removers():
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
        if what == SELECTION and self._told["no_sam2"]:
            return SUBJECT_IN_BOX
        names = [name for name, _ in self._here(_KINDS[what])]
        if what == SUBJECT:
            names = [name for name in self._told["default_removers"] if name in names]
        return names[0] if names else ""

    def _removers(self) -> list[tuple[str, str]]:
        return self._here("remover")

    def _here(self, kind: str) -> list[tuple[str, str]]:
        return [
            (str(model["name"]), str(model["title"]))
            for model in self._told["models"]
            if model["kind"] == kind and model["here"]
        ]


def _rounded(seconds: float) -> int:
    """`seconds` to the next five: they are a guess."""
    return 5 * ceil(seconds / 5)
