"""`cutsmith batch --same-scale` as a process, and killed: the same pictures come out, whatever ended it."""

from __future__ import annotations

import random
import re
import subprocess
import time
from pathlib import Path

import pytest

from cutsmith.batch.manifest import Manifest
from tests.core.cli.batch_process import command, make_network, make_picture, on_posix, results, start

pytestmark = pytest.mark.slow
COUNT = 36
OPTIONS = ("--canvas", "200x200", "--same-scale", "folder")


def cut(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), cwd=folder, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.skipif(not on_posix, reason="a process is killed another way there")
def test_killed_again_and_again_it_ends_as_if_nothing_had_happened(tmp_path) -> None:
    make_network(tmp_path)
    for number in range(COUNT):
        make_picture(tmp_path / "shop" / f"{number % 4}" / f"{number}.png", number, (100 + 7 * number, 120))
    calm = cut(tmp_path, "shop", "-o", "calm", *OPTIONS)
    assert calm.returncode == 0, calm.stderr
    told = re.search(r"(\d+) pictures to be cut out again, at the scale of the folder", calm.stderr)
    again = int(told[1])
    assert COUNT - 8 <= again <= COUNT - 4, "what limits the scale of its folder is right already"
    assert f"{COUNT} pictures cut out" in calm.stderr
    rows = Manifest(tmp_path / "calm").latest().results.values()
    scales = {(row.output[0], row.scale) for row in rows if row.scale is not None}
    assert len(scales) == 4, "one in each folder"
    assert len({scale for _, scale in scales}) > 1

    chance, killed = random.Random(3), 0
    for _ in range(8):
        process = start(tmp_path, "shop", "-o", "wild", *OPTIONS)
        began = len(list(Manifest(tmp_path / "wild").rows()))
        while process.poll() is None and len(list(Manifest(tmp_path / "wild").rows())) < began + 4:
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.3))
        if process.poll() is None:
            process.kill()
            killed += 1
        process.communicate()
    assert killed >= 4
    last = cut(tmp_path, "shop", "-o", "wild", *OPTIONS)
    assert last.returncode == 0, last.stderr
    assert results(tmp_path / "wild") == results(tmp_path / "calm")
    assert f"{COUNT} pictures done already" in cut(tmp_path, "shop", "-o", "wild", *OPTIONS).stderr
    limited = cut(tmp_path, "shop", "-o", "few", *OPTIONS, "--limit", "40")
    assert f"{again - 4} pictures left" in limited.stderr


def test_it_needs_a_canvas(tmp_path) -> None:
    make_network(tmp_path)
    make_picture(tmp_path / "shop" / "a.png")
    done = cut(tmp_path, "shop", "-o", "out", "--same-scale", "all")
    assert done.returncode == 2
    assert "--canvas 2000x2000" in done.stderr
