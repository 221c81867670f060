"""Conjugate gradients preconditioned by algebraic multigrid: for wide regions, where factors fill up.

P. Vanek, J. Mandel, M. Brezina, "Algebraic multigrid by smoothed aggregation", Computing 1996, by pyamg. The Laplacian
sends colour lines to nearly nothing, so the coarse grids are built to hold 1, red, green and blue: that takes the
iterations from 156 to 22.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.machine.cancelling import checking_calls

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyamg.multilevel import MultilevelSolver
    from scipy.sparse import csr_matrix

    from cutsmith.matting.closed_form.laplacian import Equations

Solve = Callable[["NDArray[np.float32]"], "NDArray[np.float32]"]

_COARSEST = 500
"""Unknowns of the coarsest grid, which is solved exactly."""

_STRENGTH = ("symmetric", {"theta": 0.02})


def multigrid_is_installed() -> bool:
    """Whether pyamg is there: it has no wheels for Linux on ARM and for Windows on ARM."""
    return importlib.util.find_spec("pyamg") is not None


def solve_by_multigrid(
    system: Equations,
    colours: NDArray[np.float32],
    tolerance: float,
    most_iterations: int,
    told: Callable[[float], None] = lambda share: None,
    start: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], bool]:
    """Alpha (N,) and whether it was reached: whether the residual fell to `tolerance` times the right side's norm.

    Args:
        system: the equations. Their matrix is rounded to 48 bits.
        colours: (N, 3) of the unknown pixels, in [0, 1].
        tolerance: relative.
        most_iterations: after which the best alpha so far is returned.
        told: called after each iteration with the share that is done, in [0, 1].
        start: (N,), where the iterations begin; None for zeros.
    """
    from pyamg import smoothed_aggregation_solver
    from scipy.sparse import csr_matrix

    # The grids are single precision: they only precondition, and that takes half the memory.
    near_nullspace = np.column_stack([np.ones(len(colours), np.float32), colours])
    matrix = system.matrix
    single = csr_matrix((matrix.data.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)
    # While they are set up, most memory is in use: the digits beyond single precision take half of what all take.
    matrix.data = (matrix.data - single.data).astype(np.float32)
    down, up = ("gauss_seidel", {"sweep": "forward"}), ("gauss_seidel", {"sweep": "backward"})
    with checking_calls():
        hierarchy = smoothed_aggregation_solver(
            single,
            B=near_nullspace,
            # The finest grid's couplings take as much memory as its matrix, so they are gone before P is smoothed.
            strength=[None, _STRENGTH],
            aggregate=[("predefined", {"AggOp": _aggregated(single)}), "standard"],
            # Of the others, "block" and "diagonal" estimate eigenvalues from random vectors, which takes more time than
            # all else together and differs from call to call.
            smooth=("jacobi", {"omega": 4 / 3, "weighting": "local"}),
            presmoother=down,
            postsmoother=up,
            improve_candidates=None,
            max_coarse=_COARSEST,
            max_levels=12,
            # Not used: `_cycle` is handed one that takes singular grids, too.
            coarse_solver=None,
        )
    coarsest = _exact_solver(hierarchy.levels[-1].A)
    matrix.data = np.add(matrix.data, single.data, dtype=np.float64)

    def precondition(residual: NDArray[np.float64]) -> NDArray[np.float64]:
        size = float(np.abs(residual).max())
        corrected = _cycle(hierarchy, coarsest, 0, (residual / size).astype(np.float32)).astype(np.float64)
        corrected *= size
        return corrected

    return _conjugate_gradients(system, precondition, tolerance, most_iterations, told, start)


def _aggregated(matrix: csr_matrix) -> csr_matrix:
    """Which unknown of the finest grid goes into which of the next: (N, M), 1 where it does."""
    from pyamg.aggregation import standard_aggregation
    from pyamg.strength import symmetric_strength_of_connection

    return standard_aggregation(symmetric_strength_of_connection(matrix, **_STRENGTH[1]))[0]


def _exact_solver(matrix: csr_matrix) -> Solve:
    """What solves the coarsest grid.

    Where an aggregate has a single colour, as on a studio's white, its four columns are not independent. pyamg leaves
    out those that say nothing new, and their rows of the coarse grid are empty.
    """
    from scipy.sparse.linalg import splu

    try:
        factors = splu(matrix.tocsc())
    except RuntimeError:  # "Factor is exactly singular", which scipy tells in no other way
        inverse = np.linalg.pinv(matrix.toarray().astype(np.float64)).astype(np.float32)
        return lambda residual: np.asarray(inverse @ residual, np.float32)
    return lambda residual: np.asarray(factors.solve(residual), np.float32)


def _cycle(
    hierarchy: MultilevelSolver, coarsest: Solve, level: int, residual: NDArray[np.float32]
) -> NDArray[np.float32]:
    """One V-cycle from zero. pyamg's own also measures residuals, which takes two products with the finest matrix."""
    grid = hierarchy.levels[level]
    if level == len(hierarchy.levels) - 1:
        return coarsest(residual)
    correction = np.zeros_like(residual)
    grid.presmoother(grid.A, correction, residual)
    correction += grid.P @ _cycle(hierarchy, coarsest, level + 1, grid.R @ (residual - grid.A @ correction))
    grid.postsmoother(grid.A, correction, residual)
    return correction


def _dot(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The inner product on one thread: a BLAS takes all, to no gain, and its sums differ with their number."""
    return float(np.einsum("i,i->", one, other))


def _norm(vector: NDArray[np.float64]) -> float:
    return float(np.sqrt(_dot(vector, vector)))


def _conjugate_gradients(
    system: Equations,
    precondition: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    tolerance: float,
    most_iterations: int,
    told: Callable[[float], None],
    start: NDArray[np.float64] | None,
) -> tuple[NDArray[np.float64], bool]:
    """Alpha, and whether the residual fell to `tolerance` of the right side."""
    alpha = np.zeros_like(system.right_side) if start is None else start.copy()
    residual = system.right_side - system.matrix @ alpha
    goal = tolerance * _norm(system.right_side)
    first = size = _norm(residual)
    if size <= goal:
        return alpha, True
    direction = np.zeros_like(residual)
    before = 1.0
    for _ in range(most_iterations):
        corrected = precondition(residual)
        product = _dot(residual, corrected)
        if not product > 0:  # also NaN: rounding has taken over
            return alpha, False
        direction *= product / before
        direction += corrected
        before = product
        image = system.matrix @ direction
        curvature = _dot(direction, image)
        if not curvature > 0:  # also NaN: the matrix is not positive definite any more
            return alpha, False
        step = product / curvature
        alpha += step * direction
        residual -= step * image
        size = _norm(residual)
        if size <= goal:
            return alpha, True
        # The residual falls by about the same factor in each iteration.
        told(min(1.0, max(0.0, np.log(first / size) / np.log(first / goal))) if goal > 0 else 0.0)
    return alpha, False
