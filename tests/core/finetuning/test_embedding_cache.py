from __future__ import annotations

import sys

import pytest

from cutsmith.errors import OutputRefused
from cutsmith.finetuning.embedding_cache import EmbeddingCache

pytestmark = pytest.mark.torch


def some(value: float = 1.0, count: int = 1000) -> dict:
    import torch

    return {"coarse": torch.full((count,), value), "fine": torch.arange(4.0)}


def test_what_is_kept_is_found_again_by_the_same_name_alone(tmp_path) -> None:
    EmbeddingCache("base", tmp_path).put("picture", "plain", some(0.5))
    cache = EmbeddingCache("base", tmp_path)
    found = cache.get("picture", "plain")
    assert found is not None
    assert found["coarse"][0] == 0.5
    assert found["coarse"].dtype.itemsize == 4
    assert cache.get("picture", "mirrored") is None
    assert cache.get("other", "plain") is None
    assert EmbeddingCache("other base", tmp_path).get("picture", "plain") is None


def test_half_precision_is_left_where_it_cannot_hold_the_values(tmp_path) -> None:
    cache = EmbeddingCache("base", tmp_path)
    cache.put("picture", "plain", some(1e6))
    assert cache.get("picture", "plain")["coarse"][0] == 1e6


def test_the_folder_stays_within_its_limit_and_others_embeddings_go_first(tmp_path) -> None:
    old = EmbeddingCache("old", tmp_path, limit=10_000)
    for number in range(3):
        old.put(str(number), "plain", some())
    new = EmbeddingCache("new", tmp_path, limit=10_000)
    for number in range(10):
        new.put(str(number), "plain", some())
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10_000
    assert [new.get(str(number), "plain") is not None for number in range(5)] == [True, True, True, True, False]
    assert all(EmbeddingCache("old", tmp_path).get(str(number), "plain") is None for number in range(3))


def test_a_file_that_is_not_whole_counts_as_missing(tmp_path) -> None:
    cache = EmbeddingCache("base", tmp_path)
    cache.put("picture", "plain", some())
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    assert cache.get("picture", "plain") is None


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process")
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    cache = EmbeddingCache("base", tmp_path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(
            OutputRefused, match=r"The embeddings, 0.0 MB per picture, cannot be kept\. .*[Ff]ile too large"
        ):
            cache.put("picture", "plain", some())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())
