"""The rows of a batch's manifest: what became of one input, and what a person said about it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal, Self, cast, get_args

Verdict = Literal["accepted", "rejected", "undecided"]
"""What a person says of a result. Cutsmith's own verdicts are "accept" and "review"."""

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


class RowUnusable(ValueError):
    """A row is damaged: a field that must be there is missing, or is of another kind. Readers pass over it."""


def now() -> str:
    """The time as rows hold it: UTC, to the second, "2026-11-26T23:59:00Z"."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class ResultRow:
    """What became of one input, the last time that it was worked on.

    Attributes:
        input: a path as the user gave it, or a URI.
        status: "done", "failed" or "nothing found".
        output: the result's path relative to the folder of the batch, with "/"; None if there is none.
        key: 64 hexadecimal digits of input, request and weights; None where the input could not be read.
        setup: the key without the input.
        instead_of: the setup of the rejected result that this one stands for; None where it stands for none.
        source: the input's size in "bytes" and its time "modified" (nanoseconds).
        output_bytes: the result's size.
        outputs: all results, where each object has one of its own.
        width: of the input, in pixels.
        height: of the input, in pixels.
        seconds: the whole time.
        stages: the seconds of each stage.
        model: the network that made the mask.
        view: "first", "mirrored" or "padded".
        quality: Cutsmith's own judgement: "uncertainty" (0..1 or None), "verdict" and "reasons".
        steps: what the cascade tried, in its order.
        scale: that of its group on the canvas; None where it has its own.
        subjects: how large the subjects are that were laid on a canvas (`groups.told_of_subjects`).
        checks: what the encoded result fails of its preset, in sentences.
        warnings: what the user should know, in sentences.
        error: "what" and "remedy" of the failure.
        at: when, in UTC.
        others: fields that this version does not know, kept as they were read.
    """

    input: str
    status: str
    output: str | None = None
    key: str | None = None
    setup: str | None = None
    instead_of: str | None = None
    source: Mapping[str, Any] | None = None
    output_bytes: int | None = None
    outputs: tuple[str, ...] = ()
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    stages: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = None
    view: str | None = None
    quality: Mapping[str, Any] | None = None
    steps: tuple[Mapping[str, Any], ...] = ()
    scale: float | None = None
    subjects: tuple[Mapping[str, Any], ...] = ()
    checks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: Mapping[str, Any] | None = None
    at: str = ""
    others: Mapping[str, Any] = field(default_factory=dict)

    @property
    def uncertainty(self) -> float | None:
        """How much Cutsmith doubts the result, 0 to 1; None where it does not know."""
        found = self.quality.get("uncertainty") if self.quality is not None else None
        return _number_or_none(found)

    @property
    def verdict(self) -> str | None:
        """Cutsmith's own verdict: "accept" or "review"; None where nothing was judged."""
        found = self.quality.get("verdict") if self.quality is not None else None
        return found if isinstance(found, str) else None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why Cutsmith wants a person to look at it, in sentences."""
        found = self.quality.get("reasons") if self.quality is not None else None
        return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list | tuple) else ()

    def as_json(self) -> dict[str, Any]:
        """The row as a line of the manifest holds it."""
        return _as_json("result", self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """The row that `as_json` gave, or that another version of Cutsmith wrote.

        Raises:
            RowUnusable: input or status is missing, or a field is of another kind.
        """
        return cls(**_fields_of(cls, row))


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """What a person said about a result. It counts only for the result with the same input and key.

    Attributes:
        input: the input of the result.
        verdict: "accepted", "rejected", or "undecided", which takes an earlier verdict back.
        key: the key of the result.
        at: when, in UTC.
        others: fields that this version does not know, kept as they were read.
    """

    input: str
    verdict: Verdict
    key: str | None = None
    at: str = ""
    others: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The row as a line of the manifest holds it."""
        return _as_json("review", self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """The row that `as_json` gave, or that another version of Cutsmith wrote.

        Raises:
            RowUnusable: input or verdict is missing or unknown, or a field is of another kind.
        """
        found = _fields_of(cls, row)
        if found.get("verdict") not in VERDICTS:
            raise RowUnusable(f"verdict must be one of {', '.join(VERDICTS)}, but is {found.get('verdict')!r}")
        return cls(**found)


def start_row(source: str, output: str) -> dict[str, str]:
    """The row that tells that the work on the input `source` begins; its result will be `output`.

    A row without an end names the output that may be there without one, and what may have ended the process.
    """
    return {"row": "start", "input": source, "output": output}


_TEXTS = frozenset({"input", "status", "verdict", "at"})
_TEXTS_OR_NONE = frozenset({"output", "key", "setup", "instead_of", "model", "view"})
_WHOLE_OR_NONE = frozenset({"output_bytes", "width", "height"})
_OBJECTS_OR_NONE = frozenset({"source", "quality", "error"})
_LISTS = {"outputs": str, "steps": dict, "subjects": dict, "checks": str, "warnings": str}


def _as_json(kind: str, row: ResultRow | ReviewRow) -> dict[str, Any]:
    told: dict[str, Any] = {"row": kind}
    for each in fields(row):
        if each.name != "others":
            value = getattr(row, each.name)
            told[each.name] = list(value) if isinstance(value, tuple) else value
    # A known field is never overwritten by what an unknown one says.
    return told | {name: value for name, value in row.others.items() if name not in told}


def _fields_of(cls: type[ResultRow | ReviewRow], row: Mapping[str, Any]) -> dict[str, Any]:
    known = {each.name for each in fields(cls)} - {"others"}
    found = {name: _checked(name, row[name]) for name in known if name in row}
    missing = [name for name in ("input", "status" if cls is ResultRow else "verdict") if name not in found]
    if missing:
        raise RowUnusable(f"the row has no {missing[0]}")
    found["others"] = {name: value for name, value in row.items() if name not in known and name != "row"}
    return found


def _checked(name: str, value: Any) -> Any:
    """`value` as the field `name` holds it; RowUnusable where it is of another kind."""
    if name in _LISTS:
        # A writer of another kind may say null for "none".
        listed = value if value is not None else ()
        if isinstance(listed, list | tuple) and all(isinstance(each, _LISTS[name]) for each in listed):
            return tuple(listed)
    elif name == "stages":
        if value is None or isinstance(value, Mapping):
            return value or {}
    elif value is None:
        if name not in _TEXTS:
            return None
    elif name in _TEXTS or name in _TEXTS_OR_NONE:
        if isinstance(value, str):
            return value
    elif name in _OBJECTS_OR_NONE:
        if isinstance(value, Mapping):
            return value
    elif name in _WHOLE_OR_NONE:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif name in ("seconds", "scale"):
        return _number_or_none(value)
    raise RowUnusable(f"{name} may not be {value!r:.60}")


def _number_or_none(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return cast("float", value) if is_number and math.isfinite(value) else None
