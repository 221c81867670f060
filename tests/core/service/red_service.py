"""A service whose network takes what is red for the subject, and pictures whose right alpha is known."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from starlette.testclient import TestClient

from cutsmith.service.app import build_app
from cutsmith.service.settings import ServiceSettings
from tests.core.red_network import write_red_network

WIDTH, HEIGHT = 160, 120
BOX = (40, 30, 110, 90)
"""Where the subject of `red_picture` is: left, top, right, bottom."""
RED, BLUE = (220, 30, 20), (20, 40, 200)


@contextmanager
def red_service(folder: Path, **settings: Any) -> Iterator[TestClient]:
    """A client of a service in this process."""
    network = write_red_network(folder / "red.onnx")
    runtime = {"model": str(network), **settings.pop("runtime", {})}
    app = build_app(ServiceSettings(folder=folder / "service", runtime=runtime, **settings))
    # What nobody foresaw is an answer of the service, as it is for its clients.
    with TestClient(app, base_url="http://127.0.0.1:7007", raise_server_exceptions=False) as client:
        yield client


def red_pixels(box: tuple[int, int, int, int] = BOX, size: tuple[int, int] = (WIDTH, HEIGHT)) -> np.ndarray:
    """uint8 (height, width, 3), red in `box` and blue elsewhere."""
    pixels = np.empty((size[1], size[0], 3), np.uint8)
    pixels[:] = BLUE
    pixels[box[1] : box[3], box[0] : box[2]] = RED
    return pixels


def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    """The bytes of a file of `pixels`."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


def red_picture() -> bytes:
    """The file of a picture with the subject in `BOX`."""
    return encoded(red_pixels())


def shown(data: bytes) -> np.ndarray:
    """The samples of a picture's file."""
    return np.asarray(Image.open(io.BytesIO(data)))


def alpha_of(data: bytes) -> np.ndarray:
    """The alpha of a picture's file, (height, width) of 0-255."""
    samples = shown(data)
    assert samples.shape[2] == 4
    return samples[..., 3]
