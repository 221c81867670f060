"""What every server of the service must do, asked over HTTP at any address: uvicorn's and Ray's."""

from __future__ import annotations

import base64
import io
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import requests
from PIL import Image

from tests.core.service.conftest import RED, opened, png, red_picture
from tests.core.service.jobs.pictures import QUICK

PHOTO = png(red_picture())


@dataclass(frozen=True)
class Api:
    """A service, and how to ask it.

    Attributes:
        address: ends in a slash.
        headers: of every request, such as a key.
    """

    address: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> requests.Response:
        """The answer to one request."""
        all_headers = {**self.headers, **(headers or {})}
        return requests.request(method, f"{self.address}{path}", headers=all_headers, timeout=120, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> requests.Response:
        return self.ask("POST", path, **more)

    def delete(self, path: str, **more: Any) -> requests.Response:
        return self.ask("DELETE", path, **more)


def check_cut(api: Api) -> None:
    """/v1/cut in all its forms."""
    answer = api.post("v1/cut", files={"image": PHOTO}, data=QUICK)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-quality-verdict"] in ("accept", "review")
    assert -1 <= float(answer.headers["x-uncertainty-score"]) <= 1
    alpha = np.asarray(opened(answer.content))[..., 3]
    assert alpha[RED].mean() > 240
    assert alpha[:20].mean() < 10
    jpg = api.post("v1/cut", files={"image": PHOTO}, data={**QUICK, "background": "white", "format": "jpg"})
    assert jpg.headers["content-type"] == "image/jpeg"
    told = api.post(
        "v1/cut", json={"image": base64.b64encode(PHOTO).decode(), **QUICK}, headers={"Accept": "application/json"}
    )
    assert base64.b64decode(told.json()["result_b64"]) == answer.content
    parts = api.post("v1/cut", files={"image": PHOTO}, data=QUICK, headers={"Accept": "multipart/mixed"})
    assert parts.headers["content-type"].startswith("multipart/mixed")
    assert all(name in parts.content for name in (b'name="alpha"', b'name="foreground"', b'name="provenance"'))


def check_refine(api: Api) -> None:
    """/v1/refine: the mask that was sent is what is kept."""
    mask = np.zeros((120, 160), np.uint8)
    mask[40:80, 50:90] = 255
    answer = api.post("v1/refine", files={"image": PHOTO, "mask": png(mask)}, data={"matting": "none"})
    assert answer.status_code == 200, answer.text
    alpha = np.asarray(opened(answer.content))[..., 3]
    assert alpha[45:75, 55:85].min() > 200
    assert alpha[:35].max() < 20


def check_errors(api: Api) -> None:
    """What is wrong is told in our own form, with the right status."""
    cases: tuple[tuple[Callable[[], requests.Response], int, str], ...] = (
        (lambda: api.post("v1/cut", data={"matting": "none"}), 400, "FieldMissing"),
        (lambda: api.post("v1/cut", files={"image": b"no picture"}), 400, "PictureFormatUnsupported"),
        (lambda: api.post("v1/cut", files={"image": PHOTO}, data={"colour": "red"}), 400, "BadForm"),
        (lambda: api.post("v1/cut", files={"image": PHOTO}, data={"background": "/etc/passwd"}), 400, "BadColour"),
        (lambda: api.post("v1/cut", data=b"x", headers={"Content-Type": "text/plain"}), 415, "WrongMediaType"),
        (lambda: api.post("v1/cut", data=b"{", headers={"Content-Type": "application/json"}), 400, "BadForm"),
        (lambda: api.get("v1/cut"), 405, "MethodNotAllowed"),
        (lambda: api.get("v1/nothing"), 404, "NotFound"),
        (lambda: api.get("v1/sessions/nothing"), 404, "NotFound"),
        (lambda: api.get("v1/jobs/nothing"), 404, "NotFound"),
        (
            lambda: api.post("v1/cut", data=b"x" * 40_000_000, headers={"Content-Type": "application/json"}),
            413,
            "BodyTooLarge",
        ),
        (lambda: api.get("healthz", headers={"Host": "evil.example"}), 421, "WrongHost"),
        (lambda: api.get("healthz", headers={"Origin": "http://evil.example"}), 403, "ForeignOrigin"),
    )
    for ask, status, kind in cases:
        answer = ask()
        assert (answer.status_code, answer.json()["error"]["type"]) == (status, kind), answer.text
        assert "Traceback" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"


def check_wrong_fields(api: Api) -> None:
    """Every wrong field of test_cutting's table."""
    from tests.core.service.test_cutting import WRONG

    for name, (files, data, status, option) in WRONG.items():
        answer = api.post("v1/cut", files={"image": PHOTO} if files is None else files or None, data=data)
        assert answer.status_code == status, (name, answer.text)
        assert option is None or answer.json()["error"]["option"] == option, name


def check_sessions(api: Api) -> None:
    """A picture uploaded once, and clicks on it, whichever process hears them."""
    made = api.post("v1/sessions", files={"image": PHOTO})
    assert made.status_code == 201, made.text
    session = made.json()["session"]
    assert (made.json()["width"], made.json()["height"]) == (160, 120)
    for _ in range(6):
        mask = api.post(f"v1/sessions/{session}/mask", json={"box": [30, 20, 120, 100]})
        assert mask.status_code == 200, mask.text
        assert opened(mask.content).size == (160, 120)
        assert np.asarray(opened(mask.content))[RED].mean() > 200
    cut = api.post(f"v1/sessions/{session}/cut", json=QUICK)
    assert opened(cut.content).mode == "RGBA"
    assert api.get(f"v1/sessions/{session}").json()["session"] == session
    assert api.delete(f"v1/sessions/{session}").status_code == 204
    for _ in range(6):
        assert api.get(f"v1/sessions/{session}").status_code == 404


def check_jobs(api: Api) -> None:
    """Many pictures as one job, whichever process hears the questions."""
    files = [("images", (f"{number}.png", PHOTO)) for number in range(5)]
    made = api.post("v1/jobs", files=files, data=QUICK)
    assert made.status_code == 202, made.text
    job = made.json()["job"]
    assert ended_job(api, job)["done"] == 5
    assert set(result_of(api, job)) == {*(f"{number}.png" for number in range(5)), "manifest.csv", "report.html"}
    assert job in [each["job"] for each in api.get("v1/jobs").json()["jobs"]]
    assert api.delete(f"v1/jobs/{job}").status_code == 204
    for _ in range(6):
        assert api.get(f"v1/jobs/{job}").status_code == 404


def ended_job(api: Api, job: str, seconds: float = 120) -> dict[str, Any]:
    """What the service says of the job once it has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = api.get(f"v1/jobs/{job}")
        if answer.status_code == 200 and answer.json()["state"] in ("done", "failed"):
            return dict(answer.json())
        time.sleep(0.2)
    raise AssertionError(answer.text)


def result_of(api: Api, job: str) -> dict[str, bytes]:
    """The files of a job's zip, by name."""
    answer = api.get(f"v1/jobs/{job}/result")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def check_other_apis(api: Api) -> None:
    """remove.bg's API, and rembg's."""
    answer = api.post("v1.0/removebg", files={"image_file": PHOTO}, data={"size": "auto"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-credits-charged"]
    refused = api.post("v1.0/removebg", data={"size": "auto"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "missing_source")
    assert api.post("api/remove", files={"file": PHOTO}).status_code == 200


def check_service(api: Api) -> None:
    """What the service says of itself."""
    assert api.get("healthz").json()["status"] == "ok"
    assert api.get("readyz").json()["status"] == "ready"
    assert api.get("v1/models").json()["formats"]
    assert "/v1/cut" in api.get("openapi.json").json()["paths"]
    # All processes count together.
    before = _counted(api)
    for _ in range(8):
        assert api.post("v1/cut", files={"image": PHOTO}, data=QUICK).status_code == 200
    assert _counted(api) == before + 8


def _counted(api: Api) -> float:
    lines = api.get("metrics").text.splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("cutsmith_verdicts_total"))


def check_pictures_are_not_mixed_up(api: Api) -> None:
    """Each client gets its own picture back, however many ask at a time."""
    from concurrent.futures import ThreadPoolExecutor

    def ask(number: int) -> bool:
        rows, columns = slice(5 + 2 * number, 60 + 2 * number), slice(10, 40 + 3 * number)
        photo = png(red_picture(rows, columns))
        answer = api.post("v1/cut", files={"image": photo}, data={**QUICK, "mask_only": "true"})
        assert answer.status_code == 200, answer.text
        mask = np.asarray(Image.open(io.BytesIO(answer.content))) > 127
        expected = np.zeros((120, 160), bool)
        expected[rows, columns] = True
        return bool((mask & expected).sum() / (mask | expected).sum() > 0.8)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(24)))


CHECKS: tuple[Callable[[Api], None], ...] = (
    check_cut,
    check_refine,
    check_errors,
    check_wrong_fields,
    check_sessions,
    check_jobs,
    check_other_apis,
    check_service,
    check_pictures_are_not_mixed_up,
)
