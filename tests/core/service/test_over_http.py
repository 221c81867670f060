"""The API over HTTP: uvicorn with one process. Ray's deployment is asked the same in test_on_ray."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cutsmith.service.settings import ServiceSettings
from tests.core.service.api_checks import CHECKS, Api
from tests.core.service.servers import server_in_a_thread


@pytest.fixture(scope="module")
def api(red_network: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("service")
    with server_in_a_thread(ServiceSettings(folder=folder, runtime={"model": str(red_network)})) as address:
        yield Api(address)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_api_does_what_it_says(api: Api, check: Callable[[Api], None]) -> None:
    check(api)
