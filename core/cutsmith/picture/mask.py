"""Masks as files: the alpha or soft mask alone, as a gray picture."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cutsmith.picture.destination import write_bytes_atomically
from cutsmith.picture.encoding import encode
from cutsmith.picture.formats import output_format
from cutsmith.picture.samples import samples_from_alpha


def encode_mask(
    alpha: NDArray[np.float32],
    suffix: str,
    *,
    sixteen_bit: bool = False,
    dpi: tuple[float, float] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """The gray file of `alpha`, float32 (H, W) in [0, 1]; `suffix` such as ".png"; 16 bits in PNG and TIFF only.

    Raises:
        OutputFormatUnsupported, OutputRefused.
    """
    gray = samples_from_alpha(alpha, np.dtype(np.uint16 if sixteen_bit else np.uint8))
    return encode(gray, None, output_format(suffix), dpi=dpi, metadata=metadata)


def write_mask(
    alpha: NDArray[np.float32],
    path: str | os.PathLike[str],
    *,
    sixteen_bit: bool = False,
    overwrite: bool = False,
    dpi: tuple[float, float] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write `alpha`, float32 (H, W) in [0, 1], to `path` as a gray picture, atomically; -> the path.

    Raises:
        OutputFormatUnsupported, OutputExists, OutputRefused.
    """
    data = encode_mask(alpha, Path(path).suffix or str(path), sixteen_bit=sixteen_bit, dpi=dpi, metadata=metadata)
    return write_bytes_atomically(data, path, overwrite=overwrite)
