"""`cutsmith batch` ended in its midst, by Ctrl+C or SIGTERM, once or twice: what it says, leaves, and goes on with."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cutsmith.batch.manifest import Manifest
from tests.core.cli.batch_process import command, make_network, make_picture, on_posix, results, start, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not on_posix, reason="signals are sent another way there")]
COUNT = 250


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("endings")
    make_network(folder)
    for number in range(COUNT):
        make_picture(folder / "my shop" / f"{number % 3}" / f"{number}.png", number)
    subprocess.run(command("my shop", "-o", "calm"), cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    ("signals", "code"),
    [
        ((signal.SIGINT,), 130),
        ((signal.SIGINT, signal.SIGINT), 130),
        ((signal.SIGTERM,), 143),
        ((signal.SIGTERM, signal.SIGTERM), 143),
    ],
    ids=["Ctrl+C", "Ctrl+C twice", "SIGTERM", "SIGTERM twice"],
)
@pytest.mark.alone
def test_it_ends_at_once_tells_how_to_go_on_and_goes_on_to_the_same(folder, signals, code) -> None:
    out = folder / "-".join(map(str, (*signals, "it's out")))
    process = start(folder, "my shop", "-o", out.name)
    wait_until(lambda: len(results(out)) >= 5, process)
    began = time.monotonic()
    for each in signals:
        process.send_signal(each)
        time.sleep(0.01)
    _, err = process.communicate(timeout=30)
    assert time.monotonic() - began < 5
    assert process.returncode == code, err
    assert "Traceback" not in err
    (told,) = (line for line in err.splitlines() if "To go on: " in line)
    (report,) = (line for line in err.splitlines() if "to see what there is: " in line)
    assert len(results(out)) < COUNT, "it was ended in its midst"
    assert not list(out.rglob("*.unfinished"))
    assert all(data == (folder / "calm" / name).read_bytes() for name, data in results(out).items())
    state = Manifest(out).latest()
    assert (state.skipped, (out / "manifest.jsonl").read_bytes()[-1:]) == (0, b"\n")
    assert 0 < len(state.results) < COUNT

    for line, lead in ((report, "is: "), (told, "on: ")):
        typed = shlex.split(line.partition(lead)[2])
        assert typed[0] == "cutsmith"
        subprocess.run([sys.executable, "-m", *typed], cwd=folder, check=True, capture_output=True)
    assert results(out) == results(folder / "calm")
    rows = [row["input"] for row in Manifest(out).rows() if row["row"] == "result"]
    assert sorted(rows) == sorted(f"my shop/{number % 3}/{number}.png" for number in range(COUNT))
