"""What is wrong with a request, by the code that the API has for it."""

from __future__ import annotations

from cutsmith.errors import UsageError


class Refused(UsageError):
    """A request that cannot be answered.

    Args:
        code: the API's, such as "invalid_roi".
        title: what is wrong, in a sentence.
        detail: more about it, or what mends it.
    """

    def __init__(self, code: str, title: str, detail: str = "") -> None:
        super().__init__(title, detail)
        self.code = code


def invalid(field: str, found: str, wanted: str) -> Refused:
    """The refusal of a field's value, with the code invalid_FIELD."""
    shown = found if len(found) <= 60 else f"{found[:57]}..."
    return Refused(f"invalid_{field}", f"Invalid {field} parameter given", f"It must be {wanted}, but is {shown!r}.")
