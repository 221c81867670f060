"""Alpha of given unknown pixels by closed-form matting, with or without a prior.

A. Levin, D. Lischinski, Y. Weiss, "A Closed-Form Solution to Natural Image Matting", PAMI 2008.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cutsmith.arrays import checked_image, checked_mask, checked_plane
from cutsmith.cures import set_option
from cutsmith.errors import BadArray, PictureTooLarge, must_be
from cutsmith.machine.cancelling import check, heeding
from cutsmith.machine.memory import available_memory
from cutsmith.matting.closed_form.components import System, divided, mean_width
from cutsmith.matting.closed_form.direct import solve_directly
from cutsmith.matting.closed_form.effort import EFFORTS, Effort
from cutsmith.matting.closed_form.laplacian import REACH, Prior, equations
from cutsmith.matting.closed_form.multigrid import multigrid_is_installed, solve_by_multigrid
from cutsmith.matting.closed_form.reduced_size import local_linear_upsample, reduced

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.options import MattingEffort
    from cutsmith.protocols import Watch

Told = Callable[[float], None]
"""Is given the share of a system that is done, in [0, 1]; ends the work where it is not wanted any more."""

_log = logging.getLogger(__name__)

# Alpha of an unknown pixel that nothing determines.
_UNDECIDED = 0.5

# Factors of regions up to this many pixels take less time than multigrid's setup and iterations. Of narrow ones, larger
# regions would take no more; but they are one call, which nobody can cancel (300,000 pixels: 4 s).
_DIRECT_PIXELS = 20_000
# A region up to this wide is solved at the picture's own size, however long it is.
_NARROW = 40

# The most pixels of a wide region that are solved by factors, where multigrid is not installed: about 10 s.
_DIRECT_PIXELS_WIDE = 100_000

# Peak memory by unknown pixel, equations included. Measured: 1.2 kB in a band 20 pixels wide, 2.4 kB in squares; 1.1 kB
# by multigrid.
_BYTES_DIRECT = 1500
_BYTES_MULTIGRID = 1500

# Each takes 5 to 100 iterations; a system that is not solved by then would go on for minutes.
_MOST_ITERATIONS = 300


def solve_unknown(
    image: NDArray[Any],
    unknown: NDArray[np.bool_],
    known: NDArray[np.float32],
    *,
    prior: NDArray[np.float32] | None = None,
    prior_weight: NDArray[np.float32] | None = None,
    epsilon: float = 1e-7,
    effort: MattingEffort = "balanced",
    memory: int | None = None,
    watch: Watch | None = None,
) -> NDArray[np.float32]:
    """Alpha, float32 (H, W) in [0, 1]: `known` where `unknown` is false, solved for where it is true.

    It minimises a^T L a + sum w (a - p)^2 over the unknown pixels, with L the matting Laplacian, p `prior` and w
    `prior_weight`. An unknown pixel that nothing determines (no known pixel in reach, no weight; or a picture less than
    3 pixels high or wide) is the prior, or 0.5 without one. So is one whose system is not solved; `watch` is warned of
    it. The same call gives the same answer.

    Args:
        image: uint8, uint16, or float32 in [0, 1]; (H, W, 3), sRGB as it is.
        unknown: bool (H, W).
        known: float32 (H, W) in [0, 1].
        prior: float32 (H, W) in [0, 1], what alpha is drawn to; None for nothing.
        prior_weight: float32 (H, W), 0 or more; given exactly where `prior` is.
        epsilon: the regularisation of flat windows.
        effort: "exact" solves everything at the picture's size, "balanced" and "fast" solve wide regions at a smaller
            one from 300,000 and 60,000 unknown pixels on.
        memory: bytes that may be allocated; None means all that is available.
        watch: receives warnings and progress, and may end the work (see `cutsmith.machine.cancelling`).

    Raises:
        BadArray: an argument is not as described, or sizes differ.
        PictureTooLarge: `effort` is "exact", and `memory` does not hold the equations.
        Cancelled: by `watch`.
    """
    image = _checked_colours(image)
    shape = image.shape[:2]
    unknown = checked_plane(unknown, "unknown pixels", shape)
    if unknown.dtype != np.bool_:
        raise BadArray(must_be("The unknown pixels", "of dtype bool", str(unknown.dtype)), option="unknown")
    known = checked_mask(known, shape, "known alpha")
    drawn_to = _checked_prior(prior, prior_weight, shape)

    if not unknown.any():
        return known.copy()
    with heeding(None if watch is None else watch.check):
        check()
        alpha, systems = _begun(unknown, known, drawn_to)
        solver = _Solver(
            image, alpha, drawn_to, epsilon, EFFORTS[effort], available_memory() if memory is None else memory, watch
        )
        solver.solve(systems)
    return alpha


def _begun(
    unknown: NDArray[np.bool_], known: NDArray[np.float32], prior: Prior | None
) -> tuple[NDArray[np.float32], list[System]]:
    """Alpha (H, W) as far as it needs no solver, and the systems to solve."""
    alpha = known.copy()
    alpha[unknown] = _UNDECIDED if prior is None else prior.value[unknown]
    if min(unknown.shape) < 3:
        return alpha, []
    # A large picture with a small unknown region costs no more than that region's box.
    rows, columns = (np.flatnonzero(unknown.any(axis=axis)) for axis in (1, 0))
    top, left = max(int(rows[0]) - REACH, 0), max(int(columns[0]) - REACH, 0)
    box = np.s_[top : int(rows[-1]) + REACH + 1, left : int(columns[-1]) + REACH + 1]
    division = divided(unknown[box], known[box], None if prior is None else prior.weight[box])
    np.copyto(alpha[box], division.constants, where=~np.isnan(division.constants))
    systems = [system.moved(top, left) for system in division.systems]
    return alpha, systems


class _Plan(NamedTuple):
    """How a system is solved: by which method, and at which share of the picture's size."""

    directly: bool
    factor: float = 1.0


@dataclass
class _Solver:
    """Solves systems one after another, and writes what it finds into `alpha`."""

    image: NDArray[Any]
    alpha: NDArray[np.float32]
    prior: Prior | None
    epsilon: float
    effort: Effort
    memory: int
    watch: Watch | None

    def solve(self, systems: list[System]) -> None:
        """Solve all of `systems`."""
        plans = [self._plan(system) for system in systems]
        total = max(1, sum(system.pixels for system in systems))
        done = 0
        for system, plan in zip(systems, plans, strict=True):

            def told(share: float, done: int = done, count: int = system.pixels) -> None:
                check()
                if self.watch is not None:
                    self.watch.progress((done + share * count) / total)

            told(0.0)
            found = self._solved(system, plan, told)
            if found is None:
                self._warn(system)
            else:
                self.alpha[system.slices][system.own] = np.clip(found, 0, 1)
            done += system.pixels
        if self.watch is not None:
            self.watch.progress(1.0)

    def _plan(self, system: System) -> _Plan:
        """How to solve `system`.

        Raises:
            PictureTooLarge: the memory does not hold its equations, and the effort forbids a smaller size.
        """
        check()
        count = system.pixels
        narrow = count <= _DIRECT_PIXELS or mean_width(system.own, count) <= _NARROW
        directly = count <= _DIRECT_PIXELS or not multigrid_is_installed()
        needed = _BYTES_DIRECT if directly else _BYTES_MULTIGRID
        most = self.memory // needed
        if count > most and not self.effort.may_reduce:
            raise PictureTooLarge(
                f"Solving for {count} undecided pixels exactly needs about {count * needed / 1e9:.1f} GB of memory, "
                f"but {self.memory / 1e9:.1f} GB may be used.",
                set_option("matting_effort", "balanced", text="To solve wide regions at a smaller size"),
                set_option("matting", "none", text="Or to keep the mask as it is"),
            )
        limit = most if narrow else min(most, self.effort.most_pixels)
        if directly and not narrow and self.effort.may_reduce:
            limit = min(limit, _DIRECT_PIXELS_WIDE)
        return _Plan(directly) if count <= limit else _Plan(directly, max(limit, 1000) ** 0.5 / count**0.5)

    def _solved(self, system: System, plan: _Plan, told: Told) -> NDArray[Any] | None:
        """Alpha of the system's own pixels (N,); None where it cannot be solved. `told` is given the share done."""
        image = self.image[system.slices]
        known = self.alpha[system.slices]
        prior = None
        if self.prior is not None:
            prior = Prior(self.prior.value[system.slices], self.prior.weight[system.slices])
        if plan.factor == 1:
            return self._at_this_size(image, system.own, known, prior, plan.directly, told)
        small = reduced(image, system.own, known, prior, plan.factor)
        found = self._at_this_size(small.image, small.unknown, small.known, small.prior, plan.directly, told)
        if found is None:
            return None
        small.known[small.unknown] = np.clip(found, 0, 1)
        upsampled: NDArray[np.float32] = local_linear_upsample(small.image, small.known, image)[system.own]
        return upsampled

    def _at_this_size(
        self,
        image: NDArray[Any],
        unknown: NDArray[np.bool_],
        known: NDArray[np.float32],
        prior: Prior | None,
        directly: bool,
        told: Told,
    ) -> NDArray[np.float64] | None:
        """Alpha of the pixels in `unknown` (N,); None where it cannot be solved."""
        system = equations(image, unknown, known, prior, self.epsilon)
        if directly:
            return solve_directly(system)
        colours = image[unknown].astype(np.float32)
        if image.dtype.kind != "f":
            colours /= np.float32(np.iinfo(image.dtype).max)
        start = None if prior is None else prior.value[unknown].astype(np.float64)
        is_drawn = prior is not None and bool(prior.weight[unknown].any())
        tolerance = self.effort.tolerance_with_prior if is_drawn else self.effort.tolerance
        alpha, is_solved = solve_by_multigrid(system, colours, tolerance, _MOST_ITERATIONS, told, start)
        return alpha if is_solved and np.isfinite(alpha).all() else None

    def _warn(self, system: System) -> None:
        # Not where: the system may be that of a smaller size.
        warning = f"Closed-form matting found no solution for {system.pixels:,} pixels: the mask is used there instead."
        tell: Callable[[str], None] = _log.warning if self.watch is None else self.watch.warn
        tell(warning)


def _checked_colours(image: NDArray[Any]) -> NDArray[Any]:
    """`image`, (H, W, 3) of uint8, uint16, or float32 in [0, 1].

    Raises:
        BadArray: anything else.
    """
    if not (isinstance(image, np.ndarray) and image.dtype == np.float32 and image.ndim == 3):
        return checked_image(image)
    checked_image(np.empty_like(image, np.uint8))  # its shape
    lowest, highest = float(image.min(initial=0)), float(image.max(initial=0))
    if not (lowest >= 0 and highest <= 1):  # also NaN
        found = f"values from {lowest:g} to {highest:g}"
        raise BadArray(must_be("A float32 image", "in [0, 1]", found), option="image", found=found)
    return image


def _checked_prior(
    prior: NDArray[np.float32] | None, weight: NDArray[np.float32] | None, shape: tuple[int, int]
) -> Prior | None:
    """Both planes as float32 (H, W).

    Raises:
        BadArray: one is not as described, or is given without the other.
    """
    if prior is None and weight is None:
        return None
    if prior is None or weight is None:
        raise BadArray("A prior and its weight must be given together.", option="prior")
    weight = checked_plane(weight, "prior weight", shape)
    lowest, highest = float(weight.min()), float(weight.max())
    if not (lowest >= 0 and np.isfinite(highest)):  # also NaN
        found = f"values from {lowest:g} to {highest:g}"
        raise BadArray(must_be("The prior weight", "0 or more", found), option="prior_weight", found=found)
    return Prior(checked_mask(prior, shape, "prior"), weight.astype(np.float32, copy=False))
