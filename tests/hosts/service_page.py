"""The service's page in a browser: the process that serves it, the pictures for it, and what it shows."""

from __future__ import annotations

import base64
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.core.red_network import write_red_network
from tests.ctrl_c import hears_ctrl_c
from tests.hosts.headless_chromium import headless_chromium

RED, GRAY, BLUE = (214, 40, 30), (128, 128, 128), (20, 40, 200)
VIEWPORT = {"width": 1440, "height": 900}

DROP = """files => {
  const transfer = new DataTransfer();
  for (const [name, kind, text] of files) {
    const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: kind }));
  }
  for (const name of ["dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }
}"""

# How much of the veil is there, around a point of the picture given by shares.
VEIL_AT = """([x, y]) => {
  const veil = document.querySelector(".veil");
  const at = [Math.floor(x * veil.width), Math.floor(y * veil.height)];
  return veil.hidden ? -1 : veil.getContext("2d").getImageData(...at, 1, 1).data[3];
}"""

ROWS = """() => [...document.querySelectorAll(".row")].map(row =>
  [".row-name", ".badge", ".doubt", ".row-reasons"].map(part => row.querySelector(part).textContent)
    .filter(Boolean).join(", "))"""


@contextmanager
def serving(*options: str, environment: dict[str, str] | None = None) -> Iterator[str]:
    """`cutsmith serve` as a process: -> the page's address."""
    command = [sys.executable, "-m", "cutsmith", "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **(environment or {})},
        preexec_fn=hears_ctrl_c,
    )
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http://"), "the service has not started"
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            process.kill()


def disc(path: Path, *, size: tuple[int, int] = (320, 240), at: tuple[int, int] = (160, 120), radius: int = 70) -> Path:
    """A red disc on gray, the subject of the red network, with a little noise so that it is a photograph."""
    width, height = size
    rows, columns = np.mgrid[:height, :width]
    inside = (columns - at[0]) ** 2 + (rows - at[1]) ** 2 <= radius**2
    pixels = np.where(inside[..., None], RED, GRAY).astype(np.int16)
    pixels += np.random.default_rng(len(path.name)).integers(-6, 7, pixels.shape, np.int16)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    return path


def plain(path: Path) -> Path:
    """Blue alone: the red network finds nothing."""
    Image.new("RGB", (160, 120), BLUE).save(path)
    return path


class ServicePage:
    """The page, with what it said of itself."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.context = browser.new_context(viewport=VIEWPORT, accept_downloads=True, **options)
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda told: self._hear(told))
        self.page.on("dialog", lambda dialog: dialog.accept())
        # Asked for from the start: a chooser that opens while Playwright is still asking for it is lost.
        self.page.on("filechooser", lambda chooser: None)
        self.address = f"{address.rstrip('/')}/"

    def _hear(self, told: Any) -> None:
        # A refused request is told too; what the page makes of it is what the tests look at.
        if told.type == "error" and "Failed to load resource" not in told.text:
            self.faults.append(told.text)

    def open(self) -> None:
        self.page.goto(self.address)
        self.page.wait_for_selector("body[data-ready]")

    def until(self, expression: str, argument: object = None, seconds: float = 60) -> Any:
        """Wait until `expression` is true; Playwright's own waiting evaluates texts, which the page's rules forbid."""
        end = time.monotonic() + seconds
        while not (found := self.page.evaluate(expression, argument)):
            assert time.monotonic() < end, expression
            time.sleep(0.05)
        return found

    def drop(self, *paths: Path, kind: str = "image/png") -> None:
        self.page.evaluate(DROP, [[path.name, kind, base64.b64encode(path.read_bytes()).decode()] for path in paths])

    def settled(self, rows: int | None = None) -> None:
        """Wait until all is done that was asked for."""
        self.page.wait_for_timeout(60)
        if rows is not None:
            self.until("rows => document.querySelectorAll('.row').length === rows", rows)
        self.until("() => !document.querySelector('.row.waiting, .row.working, .stage.busy')")
        self.page.wait_for_timeout(60)

    @property
    def rows(self) -> list[str]:
        """What each row says: name, verdict, doubt and reasons."""
        return self.page.evaluate(ROWS)

    @property
    def names(self) -> list[str]:
        return self.page.locator(".row-name").all_inner_texts()

    def select(self, name: str) -> None:
        self.page.locator(".row", has_text=name).first.click()
        self.page.wait_for_timeout(50)
        assert self.heading == name

    @property
    def heading(self) -> str:
        return self.page.locator("#heading").inner_text()

    @property
    def verdict(self) -> str:
        return self.page.locator("#verdict").inner_text()

    def use(self, tool: str) -> None:
        self.page.locator(f'#tools input[value="{tool}"]').check(force=True)

    def on_screen(self, x: float, y: float) -> tuple[float, float]:
        """A point of the picture, given by shares, on the screen."""
        box = self.page.locator(".board").bounding_box()
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def click_at(self, x: float, y: float, **options: Any) -> None:
        if shift := options.pop("shift", False):
            self.page.keyboard.down("Shift")
        self.page.mouse.click(*self.on_screen(x, y), **options)
        if shift:
            self.page.keyboard.up("Shift")

    def drag(self, *points: tuple[float, float]) -> None:
        self.page.mouse.move(*self.on_screen(*points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self.on_screen(*point), steps=6)
        self.page.mouse.up()

    def veil_at(self, x: float, y: float) -> int:
        return self.page.evaluate(VEIL_AT, [x, y])

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def shown(self) -> str:
        """The address of the result that is shown."""
        return self.page.locator(".board .after").get_attribute("src") or ""

    def saved(self, button: str = "#save") -> tuple[str, bytes]:
        """What the button downloads: its name and its bytes."""
        with self.page.expect_download() as download:
            self.page.locator(button).click()
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()

    def mask_of(self, picture: Path, prompt: dict[str, Any]) -> Image.Image:
        """What the service itself answers to a prompt."""
        ask = self.context.request
        sent = {"name": picture.name, "mimeType": "image/png", "buffer": picture.read_bytes()}
        session = ask.post(f"{self.address}v1/sessions", multipart={"image": sent}).json()["session"]
        answer = ask.post(f"{self.address}v1/sessions/{session}/mask", data=prompt)
        return Image.open(io.BytesIO(answer.body()))

    def fits(self, width: int) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth") <= width


@contextmanager
def service_page(browser: Any, address: str, *, opens: bool = True, **options: Any) -> Iterator[ServicePage]:
    made = ServicePage(browser, address, **options)
    try:
        if opens:
            made.open()
        yield made
        assert made.faults == []
    finally:
        made.context.close()


def alpha_of(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).getchannel("A"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with headless_chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_red_network(tmp_path_factory.mktemp("network") / "red.onnx")


@pytest.fixture(scope="module")
def address(network: Path, tiny_sam2: Path) -> Iterator[str]:
    """A service with a quick network and with SAM 2, whose weights are random."""
    with serving("--model", str(network), "--segmenter", str(tiny_sam2)) as started:
        yield started


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A whole disc, one that the picture's edge cuts off, and a picture without a subject."""
    folder = tmp_path_factory.mktemp("pictures")
    return (
        disc(folder / "whole.png"),
        disc(folder / "große Tasse.png", at=(20, 30), radius=60),
        plain(folder / "nothing.png"),
    )
