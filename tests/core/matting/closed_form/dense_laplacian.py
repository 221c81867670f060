"""The matting Laplacian written down plainly, for comparison."""

import numpy as np


def whole_laplacian(image: np.ndarray, epsilon: float = 1e-7) -> np.ndarray:
    """The matting Laplacian (HW, HW) of the whole picture, straight from the paper, in extended precision."""
    height, width = image.shape[:2]
    colours = image.astype(np.longdouble) / np.iinfo(image.dtype).max
    number = np.arange(height * width).reshape(height, width)
    whole = np.zeros((height * width, height * width), np.longdouble)
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            window = np.s_[y - 1 : y + 2, x - 1 : x + 2]
            c = colours[window].reshape(9, 3)
            c = c - c.mean(axis=0)
            whitened = solved_by_cholesky(c.T @ c + np.longdouble(epsilon) * np.eye(3), c.T)
            at = number[window].ravel()
            whole[np.ix_(at, at)] += np.eye(9) - 1 / np.longdouble(9) - whitened.T @ whitened
    return whole


def solved_by_cholesky(matrix: np.ndarray, side: np.ndarray) -> np.ndarray:
    """F^-1 side, where F F^T = matrix; numpy.linalg has no extended precision."""
    factor = np.zeros_like(matrix)
    found = np.zeros_like(side)
    for i in range(len(matrix)):
        for j in range(i):
            factor[i, j] = (matrix[i, j] - factor[i, :j] @ factor[j, :j]) / factor[j, j]
        factor[i, i] = np.sqrt(matrix[i, i] - factor[i, :i] @ factor[i, :i])
        found[i] = (side[i] - factor[i, :i] @ found[:i]) / factor[i, i]
    return found
