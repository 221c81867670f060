"""`cutsmith batch` as a process of its own, with a network of a few lines that the command line opens by its path."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

from tests.core.red_network import write_red_network
from tests.ctrl_c import hears_ctrl_c

PATIENCE = 60  # seconds; the machine may be busy
OPTIONS = ("--model", "red.onnx", "--matting", "none", "--looks", "1")

on_posix = os.name != "nt"


def make_network(folder: Path) -> None:
    """The network, with its description, as red.onnx in `folder`."""
    write_red_network(folder / "red.onnx")
    (folder / "red.toml").write_text("input_size = 64\n")


def make_picture(path: Path, number: int = 0, size: tuple[int, int] = (90, 60)) -> Path:
    """A red disc on blue; each `number` gives another picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", size, (20, 30, 90 + number % 160))
    width, height = size
    ImageDraw.Draw(image).ellipse((width / 3, height / 6, width / 3 + height / 2, height * 2 / 3), fill=(230, 30, 20))
    image.save(path)
    return path


def command(*arguments: str) -> list[str]:
    """`cutsmith batch` with `arguments`."""
    return [sys.executable, "-m", "cutsmith", "batch", *arguments, *OPTIONS]


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start the command in `folder`; it hears Ctrl+C, to which a shell that started the tests may be deaf."""
    return subprocess.Popen(
        command(*arguments),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hears_ctrl_c,
    )


def wait_until(is_so: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until `is_so`, as long as `process` runs."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.05)


def results(folder: Path) -> dict[str, bytes]:
    """The results below `folder`."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.png"))
        if ".cutsmith" not in path.parts
    }
