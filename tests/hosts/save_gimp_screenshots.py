"""Pictures of the plug-in in GIMP's window for docs/gimp.md: `python -m tests.hosts.save_gimp_screenshots`.

Needs the GIMP that `python3 install.py test --hosts` prepares, and IS-Net's weights. The photograph is scikit-image's
cat (CC0).
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import skimage.data
from PIL import Image

from cutsmith.models.catalogue import DEFAULT_MODELS, find_entry
from cutsmith.models.store import Store
from cutsmith.worker import client
from tests.hosts.gimp_host import ROOT, GimpHost
from tests.hosts.gimp_of_zip import GimpOfZip
from tests.hosts.gimp_window import GimpWindow, wait_until
from tests.hosts.host_programs import HOSTS

IMAGES = ROOT / "docs" / "images"
# Around the dialog.
MARGIN, TITLE = 10, 20
# The Filters menu and the picture; the picture and the list of layers.
MENU = (260, 0, 860, 620)
RESULT = (380, 0, 1280, 700)


def main() -> None:
    """Take them all."""
    weights = next(found.path for name in DEFAULT_MODELS if (found := Store().find(find_entry(name))))
    with tempfile.TemporaryDirectory(prefix="cg-", ignore_cleanup_errors=True) as folder:
        host = GimpHost(HOSTS / "gimp" / "run", Path(folder), {"CUTSMITH_MODELS": str(weights.parent)})
        try:
            window = GimpWindow(host, picture_in(Path(folder)))
            try:
                _take(host, window)
            finally:
                window.close()
        finally:
            host.end_worker()
    with tempfile.TemporaryDirectory(prefix="cg-", ignore_cleanup_errors=True) as folder:
        window = GimpWindow(GimpOfZip(HOSTS / "gimp" / "run", Path(folder), {}), picture_in(Path(folder)))
        try:
            _take_set_up(window)
        finally:
            window.close()


def picture_in(folder: Path) -> Path:
    """The photograph, as a file in `folder`."""
    picture = folder / "cat.png"
    Image.fromarray(skimage.data.chelsea()).save(picture)
    return picture


def _take(host: GimpHost, window: GimpWindow) -> None:
    window.menu("alt+r")
    window.settle()
    _save(window, "gimp-menu.png", MENU)
    window.keys("Escape", "Escape")
    dialog = window.open_dialog()
    window.rest()
    # The picture is read first, and cut out a moment later.
    for _ in range(2):
        _wait_for_jobs(host)
        window.settle(still=2.0)
    _save(window, "gimp-dialog.png", _around(window, dialog))
    window.accept("^Cut Out$")
    wait_until(lambda: window.is_changed, "nothing was changed")
    window.settle()
    # It may say that the result should be looked at.
    window.close_dialogs("^GIMP Message$")
    window.rest()
    window.settle()
    _save(window, "gimp-result.png", RESULT)


def _wait_for_jobs(host: GimpHost) -> None:
    """Wait until the worker has nothing to do."""
    with client.connect(folder=host.worker_folder) as asking:
        wait_until(lambda: asking.run("ping").header["jobs"] == 0, "the job does not end")


def _take_set_up(window: GimpWindow) -> None:
    window.menu("alt+r")
    time.sleep(0.5)
    window.keys("Up", "Return")
    dialog = window.wait_for("^Set Up Cutsmith$")
    window.rest()
    window.settle()
    _save(window, "gimp-set-up.png", _around(window, dialog))


def _around(window: GimpWindow, dialog: str) -> tuple[int, int, int, int]:
    x, y, width, height = window.place(dialog)
    # Its title bar lies above it, and moves what xdotool takes for its place.
    return x - MARGIN, y - MARGIN - 2 * TITLE, x + width + MARGIN, y + height + MARGIN - TITLE


def _save(window: GimpWindow, name: str, place: tuple[int, int, int, int]) -> None:
    shown = Image.fromarray(window.screenshot()).crop(place)
    shown.quantize(200, dither=Image.Dither.NONE).save(IMAGES / name, optimize=True)
    print(f"{IMAGES / name}: {(IMAGES / name).stat().st_size:,} bytes")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
