"""Pictures to upload, and what becomes of a job."""

from __future__ import annotations

import io
import time
import zipfile
from typing import Any

import numpy as np
from PIL import Image

QUICK = {"matting": "none", "looks": "1"}


def picture(number: int = 0, size: tuple[int, int] = (80, 60), kind: str = "PNG") -> bytes:
    """A red block on blue; each number another."""
    width, height = size
    pixels = np.full((height, width, 3), (20, 40 + number, 200), np.uint8)
    pixels[height // 4 : height * 3 // 4, width // 4 : width // 2 + number] = (220, 30, 20)
    told = io.BytesIO()
    Image.fromarray(pixels).save(told, kind)
    return told.getvalue()


def images(*names: str) -> list[tuple[str, tuple[str, bytes]]]:
    """The parts of a form with a picture for each name."""
    return [("images", (name, picture(number))) for number, name in enumerate(names)]


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    told = io.BytesIO()
    with zipfile.ZipFile(told, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return told.getvalue()


def ended(client: Any, job: str, seconds: float = 60, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """What the service says of the job once it has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        answer = client.get(f"/v1/jobs/{job}", headers=headers)
        assert answer.status_code == 200, answer.text
        if answer.json()["state"] in ("done", "failed"):
            return answer.json()
        time.sleep(0.05)
    raise AssertionError(f"the job has not ended: {answer.text}")


def result(client: Any, job: str) -> dict[str, bytes]:
    """The files of a job's zip, by name."""
    answer = client.get(f"/v1/jobs/{job}/result")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
