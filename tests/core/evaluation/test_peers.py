"""rembg as a peer of the comparison."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith.errors import WeightsMissing
from cutsmith.evaluation.configurations import PEERS, comparison
from cutsmith.evaluation.peers import peer_cutter

pytest.importorskip("rembg", reason="the extra [rembg] is not installed")


def test_u2net_is_never_fetched_for_a_row(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("U2NET_HOME", str(tmp_path))
    with pytest.raises(WeightsMissing, match="U2-Net"):
        peer_cutter("rembg")


@pytest.mark.weights
def test_rembg_runs_the_isnet_that_cutsmith_uses(photo) -> None:
    picture = photo("astronaut")
    alpha = peer_cutter("rembg-isnet")(picture)
    assert alpha.dtype == np.float32
    assert alpha.shape == picture.shape[:2]
    assert alpha[100, 220] > 0.9
    assert alpha[10, 500] < 0.1


def test_every_peer_is_a_row_of_the_comparison() -> None:
    names = [each.name for each in comparison()]
    assert [peer.title for peer in PEERS.values()] == names[-len(PEERS) :]
