"""What the tests of jobs share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from cutsmith.service.app import build_app
from cutsmith.service.settings import ServiceSettings
from tests.core.service.conftest import ADDRESS


@pytest.fixture
def settings(red_network: Path, tmp_path: Path) -> ServiceSettings:
    return ServiceSettings(folder=tmp_path / "service", runtime={"model": str(red_network)})


@pytest.fixture
def serve() -> Iterator[Callable[[ServiceSettings], TestClient]]:
    """Starts a service of these settings, which ends with the test; -> its client."""
    opened: list[TestClient] = []

    def start(settings: ServiceSettings) -> TestClient:
        client = TestClient(build_app(settings), base_url=ADDRESS)
        client.__enter__()
        opened.append(client)
        return client

    yield start
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(serve: Callable[[ServiceSettings], TestClient], settings: ServiceSettings) -> TestClient:
    return serve(settings)
