"""How far an alpha is from the true one, and the figures that each matting method reached when they were written down.

`python -m tests.core.matting.golden_alpha` measures again and writes golden_alpha.json: run it when a method has become
better, look at the difference, and commit it with the change.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from cutsmith import Picture, refine_mask
from tests.core.matting.composites import COMPOSITES, MASKS

GOLDEN = Path(__file__).with_suffix(".json")
METHODS = ("closed-form",)

# (composite, mask): where the mask leaves enough for a method to go by.
CASES = (
    ("hair", "hard"),
    ("hair", "blurred"),
    ("hair", "dilated"),
    ("soft disk", "hard"),
    ("soft disk", "blurred"),
    ("soft disk", "eroded"),
    ("soft disk", "dilated"),
    ("thin parts", "hard"),
    ("thin parts", "blurred"),
    ("thin parts", "dilated"),
    ("slots", "hard"),
    ("slots", "blurred"),
    ("slots", "eroded"),
)


def measures(alpha: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """The field's measures (Rhemann et al., CVPR 2009) of `alpha` against `truth`, both float32 (H, W) in [0, 1].

    sad: the sum of the absolute differences, in pixels. mse: the mean of the squared ones, x 1000. gradient: the sum of
    the squared differences of the gradients' magnitudes, taken by derivatives of a Gaussian of 1.4 pixels.
    """
    from scipy.ndimage import gaussian_gradient_magnitude

    difference = alpha.astype(np.float64) - truth
    slopes = [gaussian_gradient_magnitude(each.astype(np.float64), 1.4) for each in (alpha, truth)]
    return {
        "sad": float(np.abs(difference).sum()),
        "mse": float((difference**2).mean() * 1000),
        "gradient": float(((slopes[0] - slopes[1]) ** 2).sum()),
    }


def refined(method: str, composite: str, mask: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(alpha by `method`, the true alpha, the mask that was given), each float32 (H, W)."""
    made = COMPOSITES[composite]()
    given = MASKS[mask](made.alpha)
    cut = refine_mask(Picture(made.image), given, matting=method, foreground="none")
    return cut.alpha, made.alpha, given


def measured() -> dict[str, dict[str, dict[str, float]]]:
    """method -> "composite, mask" -> measures, rounded."""
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for method in METHODS:
        figures[method] = {}
        for composite, mask in CASES:
            alpha, truth, _ = refined(method, composite, mask)
            found = measures(alpha, truth)
            figures[method][f"{composite}, {mask}"] = {name: round(value, 3) for name, value in found.items()}
    return figures


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(measured(), indent=1) + "\n", encoding="utf-8")
