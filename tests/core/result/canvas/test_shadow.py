"""The soft shadow: under the subject, in proportion to it, and never at the rim."""

from __future__ import annotations

import numpy as np

from cutsmith.geometry import Box
from cutsmith.result.canvas.shadow import contact_shadow


def on_ground(size: int = 400) -> tuple[np.ndarray, Box]:
    alpha = np.zeros((size, size), np.float32)
    alpha[size // 4 : 3 * size // 4, size // 4 : 3 * size // 4] = 1
    return alpha, Box(size // 4, size // 4, 3 * size // 4, 3 * size // 4)


def test_it_is_darkest_where_the_subject_touches_the_ground() -> None:
    alpha, box = on_ground()
    shadow = contact_shadow(alpha, box)
    below = shadow[300:, 200]
    assert 0.2 < below[0] <= 0.6
    assert (np.diff(below) <= 1e-6).all(), "it fades downward"
    assert below[40] == 0
    assert shadow[:250].max() == 0, "none beside or above the subject"
    assert np.allclose(shadow, shadow[:, ::-1], atol=1e-4)


def test_it_has_no_part_in_the_rim() -> None:
    alpha, _ = on_ground()
    low = np.roll(alpha, 98, axis=0)
    shadow = contact_shadow(low, Box(100, 198, 300, 398))
    assert shadow.max() > 0
    assert max(shadow[0].max(), shadow[-1].max(), shadow[:, 0].max(), shadow[:, -1].max()) == 0


def test_it_grows_with_the_subject() -> None:
    small, large = (np.count_nonzero(contact_shadow(*on_ground(size))) / size**2 for size in (200, 800))
    assert small > 0.01
    assert abs(large - small) < 0.005


def test_only_what_is_near_the_ground_casts_one() -> None:
    alpha, box = on_ground()
    alpha[200:, 210:] = 0  # the right half hangs in the air
    shadow = contact_shadow(alpha, box)
    assert shadow[302, 150] > 0.1
    assert shadow[205, 280] == 0
    assert contact_shadow(np.zeros((50, 50), np.float32), Box(0, 0, 50, 50)).max() == 0
