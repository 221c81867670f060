"""`cutsmith batch --preset` as a process: what a shop gets, and how it hears of what the marketplace would refuse."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutsmith.batch.manifest import Manifest
from tests.core.cli.batch_process import command, make_network, make_picture

pytestmark = pytest.mark.slow
OWN = """
[presets.own]
title = "Our shop"
source = "us"
read = "2026-11"
verified = true
background = "#102030"
canvas = "300x200"
fill = 0.5
bytes_most = 900
formats = ["JPEG"]
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    make_network(tmp_path)
    for number in range(6):
        make_picture(tmp_path / "shop" / f"ring-{number}.jpg", number, (700 + 20 * number, 500))
    return tmp_path


def cut(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("shop", "-o", "out", *arguments), cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


def of_page(folder: Path) -> dict:
    """What the page of the batch knows."""
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    return json.loads(page.partition('id="data">')[2].partition("</script>")[0])


def test_pictures_are_as_the_marketplace_wants_them(folder) -> None:
    done = cut(folder, "--preset", "amazon")
    assert done.returncode == 0, done.stderr
    assert "6 pictures cut out" in done.stderr
    for number in range(6):
        data = (folder / "out" / f"ring-{number}.jpg").read_bytes()
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
        assert pixels.shape == (2000, 2000, 3)
        assert (pixels[[0, -1]] == 255).all()
        assert (pixels[:, [0, -1]] == 255).all()
        rows, columns = np.nonzero(pixels.min(axis=2) < 250)
        fill = max(np.ptp(rows), np.ptp(columns)) / 2000
        assert 0.85 <= fill <= 0.97, "0.9, and the soft edge"
    assert all(row.checks == () for row in Manifest(folder / "out").latest().results.values())


def test_what_it_would_refuse_is_in_the_row_on_the_page_and_in_the_exit_code(folder) -> None:
    done = cut(folder, "--preset", "amazon", "--background", "#eeeeee")
    assert done.returncode == 1
    assert "6 pictures cut out" in done.stderr
    assert "6 not as the preset wants them" in done.stderr
    rows = list(Manifest(folder / "out").latest().results.values())
    assert {row.status for row in rows} == {"done"}
    assert all("white" in row.checks[0] for row in rows)
    told = of_page(folder)
    assert rows[0].checks[0] in told["reasons"]
    number = told["reasons"].index(rows[0].checks[0])
    assert all(number in picture["reasons"] for picture in told["pictures"])
    again = cut(folder, "--preset", "amazon", "--background", "#eeeeee")
    assert again.returncode == 1, "what was not mended is not well the second time"
    mended = cut(folder, "--preset", "amazon")
    assert mended.returncode == 0, mended.stderr
    assert "6 now" in mended.stderr


def test_a_preset_of_ones_own_counts_with_its_background_and_what_it_says_now(folder) -> None:
    (folder / "own.toml").write_text(OWN)
    done = cut(folder, "--preset", "own.toml")
    assert done.returncode == 1, done.stderr
    rows = Manifest(folder / "out").latest().results
    assert all("Our shop" in row.checks[0] for row in rows.values())
    picture = Image.open(folder / "out" / "ring-0.jpg")
    assert picture.size == (300, 200)
    assert np.abs(np.subtract(picture.getpixel((2, 2)), (0x10, 0x20, 0x30))).max() < 4
    assert "6 pictures done already" in cut(folder, "--preset", "own.toml").stderr
    (folder / "own.toml").write_text(OWN.replace("bytes_most = 900\n", ""))
    done = cut(folder, "--preset", "own.toml")
    assert done.returncode == 0, done.stderr
    assert "6 now" in done.stderr
