"""Parts of a mask, and gaps in it, that are thinner than matting's unknown band, and what keeps them from being lost.

A part up to twice as thick as the band reaches loses every known pixel to the band. Matting then knows nothing but its
surroundings, and takes the part for them: a bird in the sky, a rope or a letter vanishes, and a thin slot is filled.
The promise is that matting never removes what the mask was sure of, nor fills what it was sure is not. It is kept by
ridges, the pixels of a thin part that are the farthest from its edges:

- Where nothing else tells matting about a part, its ridge is known from the beginning (`isolated_ridges`).
- A strand that hangs on a thick body, or lies beside one, is best left to matting, which follows its colours out of the
  body, and finds out how thin a hair is. Its ridge becomes known only where matting has lost it (`lost_ridges`), and
  matting solves again.
- A part that the mask is sure of nowhere, or a speck, has no ridge to keep. Where matting loses it, the mask stays
  (`faint_parts`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cutsmith.machine.cancelling import check
from cutsmith.matting.regions import grown

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Unknown pixels depend on what is at most so many rows and columns away: a 3 x 3 window holds both.
REACH = 2
# A strand of two pixels that a mask sees blurred may be less likely than not at every pixel.
_FAINT = 0.4
# A ridge of this alpha or more is still there.
_KEPT = 0.5
# A way inside the region is measured by growing the whole picture by one pixel, again and again.
_LONGEST_WAY = 48
# Each direction in which a ridge may be crossed: rows, columns, and the two diagonals.
_ACROSS = ((0, 1), (1, 0), (1, 1), (1, -1))
# By how much the distance goes up and down along the ridge of a slanted strand, from one pixel to the next.
_WAVES = 0.75


def isolated_ridges(
    region: NDArray[np.bool_], known: NDArray[np.bool_], unknown: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The ridges of the parts of `region` that matting would know nothing about, bool (H, W).

    Args:
        region: bool (H, W), where the mask is sure.
        known: bool (H, W), where the trimap knows the region.
        unknown: bool (H, W), what the trimap leaves to matting.
    """
    groups, count = linked_groups(unknown)
    is_told = np.zeros(count, bool)
    is_told[groups[known]] = True
    isolated = region & unknown & ~is_told[groups]
    return _ridge(_distance_inside(region), isolated) if isolated.any() else isolated


def lost_ridges(
    kept: NDArray[np.float32], region: NDArray[np.bool_], known: NDArray[np.bool_], reach: int
) -> NDArray[np.bool_]:
    """The ridges of thin parts of `region` that matting has taken away, bool (H, W).

    A run of ridge is lost if all of it has less than 0.5 and it is longer than the band is wide, or if its part has
    less than 0.5 on average along its whole ridge. Parts with fewer pixels of ridge than the band is wide are specks
    amid hair, too small to say anything of the colours around them (see `faint_parts`).

    Args:
        kept: float32 (H, W) in [0, 1], how much of each pixel matting gave to the region: alpha, or 1 - alpha for the
            background.
        region: bool (H, W), where the mask is sure.
        known: bool (H, W), where the trimap knows the region.
        reach: of the band into the region, in pixels.
    """
    if reach == 0 or not (region & (kept < _KEPT)).any():
        return np.zeros_like(region)
    thin = _strands(region, known & region, reach)
    if not thin.any():
        return thin
    ridge = _ridge(_distance_inside(region), thin)
    lost = ridge & (kept < _KEPT)
    if not lost.any():
        return lost
    runs, run_length = _labelled(lost)
    parts, sizes = _labelled(thin)
    length = np.bincount(parts[ridge], minlength=len(sizes))
    mean = np.bincount(parts[ridge], kept[ridge], minlength=len(sizes)) / np.maximum(length, 1)
    is_lost = (mean < _KEPT) & (length >= 2 * reach)
    found: NDArray[np.bool_] = lost & ((run_length > 2 * reach)[runs] | is_lost[parts])
    return found


def linked_groups(unknown: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Pixels of `unknown` that depend on each other have one number, and so has all that they depend on.

    Returns:
        int32 (H, W), 0 where nothing depends on anything; and how many numbers there are, 0 included.
    """
    import cv2

    surroundings = grown(unknown, REACH).view(np.uint8)
    count, groups = cv2.connectedComponents(surroundings, connectivity=8, ltype=cv2.CV_32S)
    return np.asarray(groups, np.int32), count


def faint_parts(
    kept: NDArray[np.float32], wanted: NDArray[np.float32], known: NDArray[np.bool_], reach: int
) -> NDArray[np.bool_]:
    """The thin parts of a mask that have no known pixel, and that matting has taken away, bool (H, W).

    A part is what hangs together above 0.4 in `wanted`. Lost is what has less than half of its sum in `kept`. Where the
    mask is undecided over more than a thin part, it does not know, and matting may.

    Args:
        kept: float32 (H, W) in [0, 1], alpha, or 1 - alpha for the background.
        wanted: float32 (H, W) in [0, 1], the soft mask, or 1 - that.
        known: bool (H, W), where the trimap knows what is wanted.
        reach: of the band into it, in pixels.
    """
    faint = _parts_without(known, wanted > _FAINT)
    if not (faint & (kept < _KEPT)).any():
        return np.zeros_like(faint)
    faint = _parts_without(faint & (_distance_inside(wanted > _KEPT) > reach), faint)
    if not faint.any():
        return faint
    parts, _ = _labelled(faint)
    rest = np.bincount(parts[faint], kept[faint])
    lost: NDArray[np.bool_] = faint & (rest < 0.5 * np.bincount(parts[faint], wanted[faint]))[parts]
    return lost


def _distance_inside(region: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The Euclidean distance of each pixel of `region` to the nearest one outside, between centres; 0 outside.

    What lies beyond the picture's edge counts as neither; where nothing is outside, all distances are infinite. They
    are up to 2% off: that makes no other ridge, and takes a tenth of the time.
    """
    import cv2

    if region.all():
        return np.full(region.shape, np.inf, np.float32)
    check()
    return np.asarray(cv2.distanceTransform(region.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5), np.float32)


def _labelled(region: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The number of each pixel's connected part, int32 (H, W), 0 outside; and how many pixels each number has."""
    import cv2

    check()
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(region.view(np.uint8), connectivity=8)
    return np.asarray(labels, np.int32), np.asarray(statistics[:, cv2.CC_STAT_AREA], np.int64)


def _parts_without(core: NDArray[np.bool_], region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The connected parts of `region`, bool (H, W), that have no pixel of `core`, bool (H, W)."""
    if not core.any():
        return region
    import cv2

    check()
    count, labels = cv2.connectedComponents(region.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    has_core = np.zeros(count, bool)
    has_core[labels[core]] = True
    detached: NDArray[np.bool_] = region & ~has_core[labels]
    return detached


def _strands(region: NDArray[np.bool_], core: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """The thin parts of `region`, bool (H, W), whether they hang on a thick one or not.

    These are the parts without `core`, and of the others what sticks out of the thick body and ends farther from the
    core than twice the reach, along a way inside the region. The corners of a body are nearer than that.
    """
    import cv2

    check()
    if not core.any():
        return region
    if 2 * reach <= _LONGEST_WAY:
        body = _within(reach + 1, core, region)
        beyond = region & ~_within(reach - 1, body, region)
    else:
        # The straight way may lead from one part to another, so a short strand beside another part may be missed.
        straight = cv2.distanceTransform((~core).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        body = region & (straight <= 1.2 * reach)
        beyond = (region & (straight > 2 * reach)) | _parts_without(core, region)
    if not beyond.any():
        return beyond
    outside_body = region & ~body
    return outside_body & ~_parts_without(beyond, outside_body)


def _within(steps: int, core: NDArray[np.bool_], region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels of `region` that are at most `steps` from `core` along a way inside it, by an octagon's measure."""
    import cv2

    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    square = np.ones((3, 3), np.uint8)
    near = core.view(np.uint8)
    for step in range(steps):
        check()
        grown = cv2.dilate(near, square if step % 2 == 0 else cross)
        near = cv2.min(grown, region.view(np.uint8))
    return np.asarray(near).view(np.bool_)


def _ridge(distance: NDArray[np.float32], thin: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels of `thin`, bool (H, W), that are the farthest from the edge in one direction at least, bool (H, W).

    Every thin part has some, whatever its shape: of a strand it is the middle, of a strand of two pixels both. What
    only leads from a corner to the middle is not among them.

    Args:
        distance: float32 (H, W), of each pixel of the region to the nearest one outside it, in pixels.
    """
    check()
    rows, columns = np.nonzero(thin)
    padded = np.pad(distance, 1)
    own = padded[rows + 1, columns + 1]
    farthest = own.copy()
    is_ridge = np.zeros(len(rows), bool)
    for down, right in _ACROSS:
        check()
        before = padded[rows + 1 - down, columns + 1 - right]
        after = padded[rows + 1 + down, columns + 1 + right]
        is_ridge |= (own >= before) & (own >= after) & ((own > before) | (own > after))
        farthest = np.maximum(farthest, np.maximum(before, after))
    is_ridge &= own >= farthest - _WAVES
    ridge = np.zeros_like(thin)
    ridge[rows[is_ridge], columns[is_ridge]] = True
    return ridge
