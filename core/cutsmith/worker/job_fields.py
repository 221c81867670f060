"""The fields of a job, checked before anything of the engine sees them: types here, values by the engine itself."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from cutsmith.errors import BadJob

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.picture import Picture
    from cutsmith.worker.protocol import Array

ANSWER_DTYPES = ("uint8", "uint16", "float32")


class Options:
    """The options of a job, each taken once; what nobody took is an option that does not exist."""

    def __init__(self, options: object) -> None:
        if not isinstance(options, dict):
            raise BadJob(f"The job's options are {_shown(options)}: wanted an object.")
        self._left = dict(options)

    def text(self, name: str, default: str | None = None) -> str | None:
        """A string, or None."""
        value = self._left.pop(name, default)
        if value is not None and not isinstance(value, str):
            raise _bad(name, value, "text")
        return value

    def flag(self, name: str) -> bool:
        """True or false; false where it is not given."""
        value = self._left.pop(name, False)
        if not isinstance(value, bool):
            raise _bad(name, value, "true or false")
        return value

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        """One of `choices`."""
        value = self._left.pop(name, default)
        if not isinstance(value, str) or value not in choices:
            raise _bad(name, value, f"one of {', '.join(choices)}")
        return value

    def number(self, name: str, default: float) -> float:
        """A finite number."""
        value = self._left.pop(name, default)
        if not _is_number(value):
            raise _bad(name, value, "a number")
        return float(value)

    def whole(self, name: str) -> int | None:
        """A whole number, or None."""
        value = self._left.pop(name, None)
        if value is not None and type(value) is not int:
            raise _bad(name, value, "a whole number")
        return value

    def numbers(self, name: str, count: int) -> tuple[float, ...] | None:
        """`count` numbers, or None."""
        value = self._left.pop(name, None)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != count or not all(map(_is_number, value)):
            raise _bad(name, value, f"{count} numbers")
        return tuple(float(each) for each in value)

    def band(self) -> tuple[int, int] | None:
        """(inner, outer) of "band", in pixels, or None."""
        value = self._left.pop("band", None)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != 2 or not all(type(each) is int for each in value):
            raise _bad("band", value, "two whole numbers")
        return value[0], value[1]

    def points(self) -> tuple[tuple[float, ...], ...]:
        """The clicks of "points", each (x, y) or (x, y, label); none where it is not given."""
        value = self._left.pop("points", None)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(
            isinstance(point, list) and len(point) in (2, 3) and all(map(_is_number, point)) for point in value
        ):
            raise _bad("points", value, "a list of [x, y] or [x, y, label]")
        return tuple(tuple(float(each) for each in point) for point in value)

    def end(self) -> None:
        """Refuse what was not taken."""
        if self._left:
            raise BadJob(f"The job has unknown options: {', '.join(sorted(map(_shown, self._left)))}.")


class Arrays:
    """The arrays of a job, as numpy's, each taken once."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._left = dict(arrays)

    def picture(self) -> Picture:
        """The picture that "pixels" is, (H, W, 3) or with straight alpha (H, W, 4), and "icc", its profile's bytes."""
        from cutsmith.picture import DEFAULT_MAX_PIXELS, Picture
        from cutsmith.picture.colour import settle_profile
        from cutsmith.picture.limits import check_size
        from cutsmith.picture.samples import alpha_from_samples

        samples = self.take("pixels", ("uint8", "uint16"))
        if samples is None:
            raise BadJob(
                'The job has no array "pixels".', "Send the picture as uint8 or uint16 (H, W, 3) or (H, W, 4)."
            )
        if samples.ndim != 3 or samples.shape[2] not in (3, 4):
            raise BadJob(f"The array pixels has the shape {samples.shape}: wanted (H, W, 3) or (H, W, 4).")
        check_size(samples.shape[1], samples.shape[0], "The picture", DEFAULT_MAX_PIXELS)
        icc = self.take("icc", ("uint8",))
        warnings: list[str] = []
        pixels, profile = settle_profile(samples[..., :3], None if icc is None else icc.tobytes(), warnings)
        alpha = alpha_from_samples(samples[..., 3]) if samples.shape[2] == 4 else None
        return Picture(_contiguous(pixels), alpha, profile, source="the picture", warnings=tuple(warnings))

    def take(self, name: str, dtypes: Collection[str]) -> NDArray[Any] | None:
        """The array `name` where it is there."""
        array = self._left.pop(name, None)
        if array is None:
            return None
        if array.dtype not in dtypes:
            raise BadJob(f"The array {name} is {array.dtype}: wanted {' or '.join(dtypes)}.")
        import numpy as np

        little_endian = np.dtype(array.dtype).newbyteorder("<")
        values: NDArray[Any] = np.frombuffer(array.data, little_endian).reshape(array.shape)
        return values.astype(array.dtype, copy=False)

    def end(self) -> None:
        """Refuse what was not taken."""
        if self._left:
            raise BadJob(f"The job has unknown arrays: {', '.join(sorted(map(_shown, self._left)))}.")


def answer_array(alpha: NDArray[np.float32], dtype: str) -> NDArray[Any]:
    """`alpha` as `dtype`: float32 as it is, uint8 and uint16 rounded as in the files that the command line writes."""
    if dtype == "float32":
        return alpha
    import numpy as np

    from cutsmith.picture.samples import samples_from_alpha

    return samples_from_alpha(alpha, np.dtype(dtype))


def wire_array(values: NDArray[Any]) -> Array:
    """`values`, of one of the protocol's dtypes, as they travel."""
    import numpy as np

    from cutsmith.worker.protocol import Array

    little_endian = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    return Array(values.dtype.name, values.shape, little_endian.data)


def _contiguous(pixels: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.ascontiguousarray(pixels)


def _is_number(value: object) -> bool:
    # JSON has whole numbers beyond what a float holds.
    return type(value) in (int, float) and abs(value) < 1e15 and math.isfinite(value)  # type: ignore[arg-type]


def _bad(name: str, value: object, wanted: str) -> BadJob:
    return BadJob(f"The job's option {name} is {_shown(value)}: wanted {wanted}.")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
