"""Every failure has a code and a status of the API; none is a 402."""

from __future__ import annotations

import pytest

from cutsmith import errors
from cutsmith.service import failures
from cutsmith.service.failures import status_of
from cutsmith.service.removebg.dialect import told_of
from cutsmith.service.removebg.refusal import Refused
from cutsmith.serving.queue import QueueFull


def kinds_of(module) -> list[type[errors.CutsmithError]]:
    found = (each for each in vars(module).values() if isinstance(each, type))
    return [each for each in found if issubclass(each, errors.CutsmithError)]


@pytest.mark.parametrize("kind", [*kinds_of(errors), *kinds_of(failures), QueueFull], ids=lambda kind: kind.__name__)
def test_every_error_has_a_title_a_code_and_a_status(kind) -> None:
    error = kind.__new__(kind)
    errors.CutsmithError.__init__(error, "Something is wrong.", "Mend it.")
    status, told = told_of(error, status_of(error))
    assert told["title"]
    assert told["code"].replace("_", "").isalpha()
    assert ("Mend it." in told["detail"]) != (told["code"] == "not_installed"), "that is for the operator"
    assert status in (400, 403, 404, 405, 408, 421, 429, 500, 501, 503)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.PictureTooLarge("x"), 400, "resolution_too_high"),
        (errors.PictureDamaged("x"), 400, "failed_to_read_image"),
        (errors.FormatExtraMissing("x"), 400, "invalid_file_type"),
        (errors.SubjectNotFound("x", best_probability=0, threshold=1), 400, "unknown_foreground"),
        (failures.BodyTooLarge("x"), 400, "file_too_large"),
        (failures.KeyMissing("x"), 403, "auth_failed"),
        (failures.TooManyRequests("x", retry_after=3), 429, "rate_limit_exceeded"),
        (errors.WeightsMissing("x"), 501, "not_installed"),
        (failures.DeadlinePassed("x"), 503, "unavailable"),
        (Refused("invalid_roi", "x"), 400, "invalid_roi"),
        (RuntimeError("secret"), 500, "internal_error"),
    ],
)
def test_the_engines_errors_have_the_apis_codes(error, status, code) -> None:
    found, told = told_of(error, status_of(error))
    assert (found, told["code"]) == (status, code)
    assert "secret" not in str(told)
