"""Against real workers."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import numpy as np
import pytest

from cutsmith import Picture, __version__, refine_mask
from cutsmith.picture.samples import samples_from_alpha
from cutsmith.worker import client
from gimp_plugin.cutsmith.plug_in.failure import CutFailed
from gimp_plugin.cutsmith.plug_in.installation import Installation
from gimp_plugin.cutsmith.plug_in.settings import Settings
from gimp_plugin.cutsmith.plug_in.worker_link import WorkerLink
from tests.core.worker.conftest import (
    COMMAND,
    LONG_MATTING,
    STUBBORN,
    environment,
    received,
    sent,
    short,
    undecided_picture,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights of folders")


@pytest.fixture
def installation(tmp_path, monkeypatch):
    """An installation whose worker is met in a folder of this test's own; one that runs at the end is stopped."""
    for name in ("XDG_RUNTIME_DIR", "CUTSMITH_CACHE", "XDG_STATE_HOME", "PYTHONPATH"):
        # So that they are again at the end what they are now: the plug-in sets them for its process.
        monkeypatch.setenv(name, os.environ.get(name, ""))
    runtime = short(tmp_path)
    runtime.chmod(0o700)
    variables = {**environment(tmp_path), "XDG_RUNTIME_DIR": str(runtime)}
    yield Installation(tuple(COMMAND), __version__, variables)
    try:
        with client.connect(folder=runtime / "cutsmith") as left:
            left.run("stop")
    except client.WorkerNotRunning:
        pass


def disc(size: int) -> tuple[np.ndarray, np.ndarray]:
    pixels = np.random.default_rng(1).integers(0, 256, (size, size, 3), np.uint8)
    y, x = np.indices((size, size))
    return pixels, np.where(np.hypot(y - size / 2, x - size / 2) < size / 3, 255, 0).astype(np.uint8)


def test_a_job_is_done_and_reported_in_words(installation) -> None:
    told: list[tuple[str, float]] = []
    pixels, mask = disc(60)
    with WorkerLink(installation, "test", lambda text, share: told.append((text, share))) as link:
        answer = link.cut(Settings.for_own_mask({}), {"pixels": sent(pixels), "mask": sent(mask)}, "uint8")
        assert {"models", "no_sam2", "no_detector"} <= link.models().keys()
    alpha = refine_mask(Picture(pixels), mask).alpha
    np.testing.assert_array_equal(received(answer.arrays["alpha"]), samples_from_alpha(alpha, np.dtype(np.uint8)))
    words = [text for text, _ in told]
    assert "Starting Cutsmith's engine…" in words
    assert any(text.startswith("Working out the edge…") for text in words)
    shares = [share for _, share in told]
    assert shares == sorted(shares)


def test_a_failure_of_the_engine_is_told_in_the_plug_ins_words(installation) -> None:
    pixels, mask = disc(3)
    with (
        WorkerLink(installation, "test", lambda text, share: None) as link,
        pytest.raises(CutFailed, match="3 x 3 pixels") as caught,
    ):
        link.cut(Settings.for_own_mask({}), {"pixels": sent(pixels), "mask": sent(mask)}, "uint8")
    assert caught.value.remedy == "Choose a larger layer."


@pytest.mark.slow
def test_what_waited_for_a_job_that_cannot_be_stopped_is_done_after_its_end(installation) -> None:
    pixels, mask = disc(60)
    waited: list[str] = []
    stubborn = replace(installation, command=tuple(STUBBORN))
    with WorkerLink(stubborn, "test", lambda text, share: waited.append(text)) as link:
        with client.connect() as other:
            first = other.welcome.pid
            job = other.submit("refine", LONG_MATTING, undecided_picture())
            assert next(each for each in job.follow() if each is not None and each.stage == "matting")
            # It goes away in the midst of it, as a plug-in does that is cancelled.
        link.cut(Settings.for_own_mask({}), {"pixels": sent(pixels), "mask": sent(mask)}, "uint8")
        assert any(text.startswith("Waiting for 1 other job…") for text in waited)
        with client.connect() as same:
            assert same.welcome.pid == first
