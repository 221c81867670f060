"""Converts arrays between numpy and the wire format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.worker.protocol import Array


def array_of(name: str, array: Array) -> NDArray[Any]:
    """The received array `name` as a numpy array. It shares the received bytes, and may be read-only."""
    import numpy as np

    values: NDArray[Any] = np.frombuffer(array.data, np.dtype(array.dtype).newbyteorder("<")).reshape(array.shape)
    return values.astype(array.dtype, copy=False)


def wire_array(values: NDArray[Any]) -> Array:
    """`values` in the wire format; their dtype must be one of the protocol's."""
    import numpy as np

    from cutsmith.worker.protocol import Array

    little_endian = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    return Array(values.dtype.name, values.shape, little_endian.data)
