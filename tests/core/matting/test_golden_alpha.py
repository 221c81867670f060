"""Every matting method against a known alpha: as good as it was, and never worse than the mask it was given."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from tests.core.matting.golden_alpha import CASES, GOLDEN, METHODS, measures, refined

ALL = [(method, composite, mask) for method in METHODS for composite, mask in CASES]

# Solvers stop at a residual, and libraries round differently: the same code on another machine stays within this.
RELATIVE, ABSOLUTE = 0.02, 0.05


def golden(method: str, composite: str, mask: str) -> dict[str, float]:
    return json.loads(GOLDEN.read_text(encoding="utf-8"))[method][f"{composite}, {mask}"]


def changed(found: dict[str, float], wanted: dict[str, float]) -> dict[str, str]:
    """The measures that are not `wanted`'s within the tolerance, each "worse" or "better"."""
    return {
        name: "worse" if value > wanted[name] else "better"
        for name, value in found.items()
        if abs(value - wanted[name]) > wanted[name] * RELATIVE + ABSOLUTE
    }


@pytest.mark.parametrize(("method", "composite", "mask"), ALL)
def test_alpha_is_as_near_to_the_truth_as_it_was(method, composite, mask) -> None:
    alpha, truth, _ = refined(method, composite, mask)
    found, wanted = measures(alpha, truth), golden(method, composite, mask)
    # Golden figures that lag behind would let what was gained be lost again, so better fails too.
    assert changed(found, wanted) == {}, f"{found}. If it is better: python -m tests.core.matting.golden_alpha"


def test_the_golden_figures_are_those_of_the_cases() -> None:
    kept = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert [(method, *name.split(", ")) for method in kept for name in kept[method]] == ALL


@pytest.mark.parametrize(("method", "composite", "mask"), ALL)
def test_alpha_is_nearer_to_the_truth_than_the_mask(method, composite, mask) -> None:
    alpha, truth, given = refined(method, composite, mask)
    found, before = measures(alpha, truth), measures(given, truth)
    assert {name: value for name, value in found.items() if value > before[name]} == {}


# Mattings that are broken on purpose: a measure that passed them would be worth nothing.


def one_pixel_eaten(alpha: np.ndarray) -> np.ndarray:
    return cv2.erode(alpha, np.ones((3, 3)))


def thin_parts_deleted(alpha: np.ndarray) -> np.ndarray:
    return cv2.morphologyEx(alpha, cv2.MORPH_OPEN, np.ones((5, 5)))


def thin_gaps_filled(alpha: np.ndarray) -> np.ndarray:
    return cv2.morphologyEx(alpha, cv2.MORPH_CLOSE, np.ones((5, 5)))


def edges_hardened(alpha: np.ndarray) -> np.ndarray:
    return (alpha >= 0.5).astype(np.float32)


def shifted_by_one(alpha: np.ndarray) -> np.ndarray:
    return np.roll(alpha, 1, axis=1)


@pytest.mark.parametrize("fault", [one_pixel_eaten, shifted_by_one])
@pytest.mark.parametrize(("method", "composite", "mask"), ALL)
def test_a_fault_everywhere_is_noticed_everywhere(fault, method, composite, mask) -> None:
    alpha, truth, _ = refined(method, composite, mask)
    assert changed(measures(fault(alpha), truth), golden(method, composite, mask))


@pytest.mark.parametrize(
    ("fault", "composite", "mask"),
    [
        (thin_parts_deleted, "hair", "hard"),
        (thin_parts_deleted, "hair", "blurred"),
        (thin_parts_deleted, "thin parts", "dilated"),
        (thin_gaps_filled, "slots", "eroded"),
        (edges_hardened, "soft disk", "blurred"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_a_fault_of_one_kind_is_noticed_where_it_shows(fault, method, composite, mask) -> None:
    alpha, truth, _ = refined(method, composite, mask)
    found, wanted = measures(fault(alpha), truth), golden(method, composite, mask)
    assert changed(found, wanted).items() >= {"sad": "worse", "mse": "worse"}.items()


def test_the_measures_of_the_truth_itself_are_zero_and_of_its_inverse_are_large() -> None:
    truth = np.zeros((40, 50), np.float32)
    truth[10:30, 10:40] = 1
    assert measures(truth, truth) == {"sad": 0, "mse": 0, "gradient": 0}
    inverse = measures(1 - truth, truth)
    assert (inverse["sad"], inverse["mse"]) == (40 * 50, 1000)
