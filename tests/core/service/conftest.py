"""A service on a network that takes no time: what is red is the subject."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from cutsmith.service.app import build_app
from cutsmith.service.settings import ServiceSettings
from tests.core.red_network import write_red_network
from tests.core.segmentation.random_sam2 import random_sam2, tiny_sam2

__all__ = ["random_sam2", "tiny_sam2"]

ADDRESS = "http://127.0.0.1:7007"
RED = (slice(30, 90), slice(40, 110))
"""Rows and columns of the red subject in `red_picture`."""


def red_picture(rows: slice = RED[0], columns: slice = RED[1], size: tuple[int, int] = (120, 160)) -> np.ndarray:
    """uint8 (H, W, 3): a red box on blue."""
    pixels = np.full((*size, 3), (20, 40, 200), np.uint8)
    pixels[rows, columns] = (220, 30, 20)
    return pixels


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.fixture(scope="session")
def red_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_red_network(tmp_path_factory.mktemp("network") / "red.onnx")


@pytest.fixture(scope="session")
def photo_bytes() -> bytes:
    return png(red_picture())


@pytest.fixture
def service_client(red_network: Path, tmp_path: Path) -> Iterator[Callable[..., TestClient]]:
    """Makes clients of services with the given settings; all are ended afterwards."""
    opened_clients = []

    def make(**settings: object) -> TestClient:
        runtime = {"model": str(red_network), **settings.pop("runtime", {})}  # type: ignore[dict-item]
        app = build_app(ServiceSettings(folder=tmp_path / "service", runtime=runtime, **settings))  # type: ignore[arg-type]
        client = TestClient(app, base_url=ADDRESS, raise_server_exceptions=False)
        client.__enter__()
        opened_clients.append(client)
        return client

    yield make
    for client in opened_clients:
        client.__exit__(None, None, None)


@pytest.fixture
def client(service_client: Callable[..., TestClient]) -> TestClient:
    """A client of a service with its default settings."""
    return service_client()
