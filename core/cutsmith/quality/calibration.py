"""From signals to an uncertainty: a weighted sum of logarithms, whose weights were fitted on pictures with a truth.

The weights are never negative: no signal of doubt can make a mask look better. The calibration that Cutsmith ships is
`calibration.json` beside this file; docs/decisions.md says on what it was fitted and how well it does.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.cures import run
from cutsmith.errors import BadOption
from cutsmith.machine.folders import data_folder
from cutsmith.quality.signals import SIGNALS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.quality.signals import Signals

VERSION = 1
ERROR_OFFSET = 0.01
"""Errors below this are all alike: the fit is of log(error + this)."""
# These differ little for a good mask and over decades for a bad one.
_LOGARITHMIC = frozenset(SIGNALS) - {
    "centredness", "edge_weakness", "faintness", "busyness", "plainness", "smallness", "largeness"
}  # fmt: skip
_OFFSETS = {"disagreement": 0.02}
_OFFSET = 0.01


@dataclass(frozen=True)
class Calibration:
    """What was fitted.

    Attributes:
        weights: of each signal, standardised; 0 or more.
        means, deviations: of the signals in the data.
        intercept: the logarithm for a mask with mean signals.
        threshold: the uncertainty from which on a person should look at a result.
        model: the removal model whose masks they were.
        data: on what pictures it was fitted, in words.
        said, true: what the weighted sum said, and what was true of it on average; both rise.
    """

    weights: tuple[float, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    intercept: float
    threshold: float
    model: str
    data: str
    said: tuple[float, ...] = (0.0, 1.0)
    true: tuple[float, ...] = (0.0, 1.0)

    def uncertainty(self, signals: Signals) -> float:
        """How much of the subject is wrong, as far as the signals tell: in [0, 1].

        It estimates 1 - soft IoU: sum |alpha - truth| / sum max(alpha, truth). 0.2 says that about a fifth is wrong.
        """
        return float(self.uncertainties(prepared(signals.values()[None]))[0])

    def uncertainties(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """The uncertainties (N,) of prepared signals, float64 (N, K)."""
        standardised = (table - np.array(self.means)) / np.array(self.deviations)
        logarithm = standardised @ np.array(self.weights) + self.intercept
        said = np.clip(np.exp(np.minimum(logarithm, 1.0)) - ERROR_OFFSET, 0, 1)
        return np.asarray(np.clip(np.interp(said, self.said, self.true), 0, 1))

    def largest(self, signals: Signals, count: int) -> list[str]:
        """The names of the `count` signals that add most to the doubt, the largest first."""
        standardised = (prepared(signals.values()[None])[0] - np.array(self.means)) / np.array(self.deviations)
        parts = standardised * np.array(self.weights)
        return [SIGNALS[at] for at in np.argsort(-parts)[:count] if parts[at] > 0]

    def to_json(self) -> dict[str, Any]:
        """The calibration for JSON, the weights by the names of their signals."""
        told: dict[str, Any] = {"version": VERSION, **asdict(self)}
        for name in ("weights", "means", "deviations"):
            told[name] = {signal: round(value, 6) for signal, value in zip(SIGNALS, told[name], strict=True)}
        return told

    @classmethod
    def from_json(cls, told: Any) -> Calibration:
        """The calibration that `to_json` told.

        Raises:
            ValueError, KeyError, TypeError: it is none, or one of another version.
        """
        if told["version"] != VERSION:
            raise ValueError(f"version {told['version']}")
        by_signal = {
            name: tuple(float(told[name][signal]) for signal in SIGNALS) for name in ("weights", "means", "deviations")
        }
        return cls(
            **by_signal,
            intercept=float(told["intercept"]),
            threshold=float(told["threshold"]),
            model=str(told["model"]),
            data=str(told["data"]),
            said=tuple(map(float, told["said"])),
            true=tuple(map(float, told["true"])),
        )


def prepared(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signals as the fit takes them: float64 (N, K), logarithms of those that range over decades."""
    columns = [
        np.log(np.maximum(column, 0) + _OFFSETS.get(name, _OFFSET)) if name in _LOGARITHMIC else column
        for name, column in zip(SIGNALS, table.T, strict=True)
    ]
    return np.stack(columns, axis=1)


def own_calibration_file() -> Path:
    """The file of a user's own calibration (`cutsmith calibrate --save`), used instead of the shipped one."""
    return data_folder() / "calibration.json"


@cache
def calibration() -> Calibration:
    """The user's own calibration if there is one, else the one that Cutsmith ships.

    Raises:
        BadOption: the user's file is damaged, or of another version.
    """
    own = own_calibration_file()
    try:
        text = own.read_text(encoding="utf-8")
    except FileNotFoundError:
        shipped = resources.files("cutsmith.quality").joinpath("calibration.json")
        return Calibration.from_json(json.loads(shipped.read_text(encoding="utf-8")))
    try:
        return Calibration.from_json(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise BadOption(
            f"{own} is no calibration of this version of Cutsmith: {error}.",
            "Delete that file.",
            run("calibrate", "DIR", text="Or make it again, and save it"),
        ) from error
