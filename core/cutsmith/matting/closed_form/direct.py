"""Sparse LDL^T factors: exact, and fast where the unknown pixels form a narrow band or small spots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.matting.closed_form.laplacian import Equations


def solve_directly(system: Equations) -> NDArray[np.float64] | None:
    """Alpha (N,) that solves `system`; None where the matrix is singular.

    By qdldl: B. Stellato et al., "OSQP: an operator splitting solver for quadratic programs", 2020.
    """
    import qdldl
    from scipy.sparse import triu

    upper = triu(system.matrix, format="csc")
    try:
        alpha: NDArray[np.float64] = qdldl.Solver(upper, upper=True).solve(system.right_side)
    except (RuntimeError, ValueError):  # a zero on the diagonal of D
        return None
    return alpha if np.isfinite(alpha).all() else None
