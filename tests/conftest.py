"""What all tests share: a cache of their own, so that constructed networks do not end up in the user's."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUTSMITH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
