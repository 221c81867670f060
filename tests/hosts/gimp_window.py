"""The window of a genuine GIMP 3 on a screen of its own (Xvfb), driven by keys and clicks as a person does."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from tests.hosts.gimp_host import GimpHost

SCREEN = (1280, 860)
SECONDS = 180.0
PAUSE = 0.05
START_SECONDS = 240.0
"""A GIMP of a new profile has much to make, and a busy machine takes its time."""

# No greeting, nothing fetched; the line around a selection would march for ever.
SETTINGS = """\
(check-updates no)
(show-welcome-dialog no)
(undo-levels 20)
(default-view (show-selection no))
"""
# How much of the screen a menu covers at least.
MENU_SHARE = 0.02
Found = TypeVar("Found")


class GimpWindow:
    """A GIMP with a picture open.

    Args:
        host: whose plug-in and profile it runs with.
        picture: the file that it opens.
    """

    def __init__(self, host: GimpHost, picture: Path) -> None:
        self._host = host
        self._children: list[subprocess.Popen[bytes]] = []
        (host.profile.folder / "gimprc").write_text(SETTINGS, encoding="utf-8")
        # What an earlier GIMP's dialogs were left with would be in this one's.
        for remembered in host.profile.folder.glob("plug-in-settings/*.last"):
            remembered.unlink()
        try:
            self._display = self._screen()
            self._start("openbox")
            self._start("gimp", "--new-instance", "--no-splash", "--no-data", str(picture))
            self.window = self.wait_for(f"{picture.stem}.* GIMP$", START_SECONDS)
            self.settle()
            # A new profile is greeted whatever its settings say.
            greeting = self.find("^Welcome to GIMP")
            if greeting is not None:
                self.focus(greeting)
                self.keys("Escape")
                self.wait_until_gone("^Welcome to GIMP")
            width, height = SCREEN
            self.tool(
                "xdotool",
                "windowmove",
                self.window,
                "0",
                "0",
                "windowsize",
                self.window,
                *map(str, (width, height - 30)),
            )
            self.rest()
            self.settle()
        except BaseException:
            self.close()
            raise

    def _screen(self) -> str:
        reader, writer = os.pipe()
        size = f"{SCREEN[0]}x{SCREEN[1]}x24"
        command = [str(self._host.program), "Xvfb", "-displayfd", str(writer), "-screen", "0", size, "-nolisten", "tcp"]
        self._spawn(command, pass_fds=(writer,))
        os.close(writer)
        with os.fdopen(reader) as told:
            return f":{int(told.readline())}"

    def _start(self, *command: str) -> None:
        self._spawn([str(self._host.program), *command])

    def _spawn(self, command: list[str], pass_fds: tuple[int, ...] = ()) -> None:
        said = (self._host.home / "window.txt").open("ab")
        with said:
            self._children.append(
                subprocess.Popen(
                    command,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    pass_fds=pass_fds,
                    start_new_session=True,
                )
            )

    @property
    def environment(self) -> dict[str, str]:
        """What programs are started with that see the screen."""
        display = getattr(self, "_display", None)
        return self._host.environment | ({} if display is None else {"DISPLAY": display}) | {"NO_AT_BRIDGE": "1"}

    def close(self) -> None:
        """End all that was started, the last first."""
        for child in reversed(self._children):
            # Each with the processes that it started in its turn; the worker is in a session of its own.
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def tool(self, *command: str) -> str:
        """What a program prints that sees the screen."""
        done = subprocess.run(
            [str(self._host.program), *command], env=self.environment, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    def keys(self, *names: str) -> None:
        """Press keys, one after the other, such as "alt+r"."""
        self.tool("xdotool", "key", "--delay", "80", *names)

    def press_until(
        self,
        keys: tuple[str, ...],
        found: Callable[[], Found],
        otherwise: str,
        seconds: float = SECONDS,
        *,
        again: float = 10.0,
        before: Callable[[], object] = lambda: None,
    ) -> Found:
        """Press keys until `found` gives something; -> that.

        A busy program can lose keys, or be given them before its window takes any: they are pressed again if nothing
        came for `again` seconds, each time after `before`. So they must be such that do no harm twice.
        """
        deadline = time.monotonic() + seconds
        while True:
            before()
            self.keys(*keys)
            try:
                return wait_until(found, otherwise, again)
            except AssertionError:
                if time.monotonic() > deadline:
                    raise

    def press_until_seen(self, *keys: str, seconds: float = SECONDS) -> None:
        """Press keys that change what is to be seen, until something has changed."""
        before = self.settle()
        self.press_until(keys, lambda: bool((self.screenshot() != before).any()), f"{keys} change nothing", seconds)
        self.settle()

    def type(self, text: str) -> None:
        """Type words."""
        self.tool("xdotool", "type", "--delay", "20", text)

    def click(self, x: int, y: int) -> None:
        """Click at a place of the screen."""
        self.tool("xdotool", "mousemove", str(x), str(y), "click", "1")

    def rest(self) -> None:
        """Lay the pointer where nothing explains itself."""
        self.tool("xdotool", "mousemove", str(SCREEN[0] - 1), str(SCREEN[1] - 1))

    def find(self, name: str) -> str | None:
        """The window whose title matches `name`, if it is to be seen."""
        found = self.tool("xdotool", "search", "--onlyvisible", "--name", name).split()
        return found[-1] if found else None

    def wait_for(self, name: str, seconds: float = SECONDS) -> str:
        """The window whose title matches `name`, as soon as there is one."""
        return wait_until(lambda: self.find(name), f"no window {name!r} came", seconds)

    def wait_until_gone(self, name: str, seconds: float = SECONDS) -> None:
        """Wait until no window's title matches `name`."""
        wait_until(lambda: self.find(name) is None, f"the window {name!r} stays", seconds)

    def close_dialogs(self, name: str) -> None:
        """Close what is open of the windows whose titles match `name`."""
        while (dialog := self.find(name)) is not None:
            self.focus(dialog)
            self.keys("Escape")
            time.sleep(0.5)

    def accept(self, name: str) -> None:
        """Click OK in the dialog of this title, by its letter: Return would open the list that was chosen in last."""
        dialog = self.wait_for(name)
        self.press_until(
            ("alt+o",), lambda: self.find(name) is None, f"{name!r} stays", before=lambda: self.focus(dialog)
        )

    def focus(self, window: str) -> None:
        """Bring a window to the front."""
        self.tool("xdotool", "windowactivate", "--sync", window)

    def place(self, window: str) -> tuple[int, int, int, int]:
        """(x, y, width, height) of a window on the screen."""
        told = dict(
            line.split("=") for line in self.tool("xdotool", "getwindowgeometry", "--shell", window).splitlines()
        )
        return int(told["X"]), int(told["Y"]), int(told["WIDTH"]), int(told["HEIGHT"])

    def screenshot(self, path: Path | None = None) -> np.ndarray:
        """The screen, uint8 (H, W, 3); kept as `path` where that is given."""
        file = path or self._host.home / "screen.png"
        file.unlink(missing_ok=True)
        self.tool("scrot", "--overwrite", str(file))
        return np.asarray(Image.open(file).convert("RGB"))

    def settle(self, seconds: float = 20.0, still: float = 0.4) -> np.ndarray:
        """Wait until the screen does not change for `still` seconds; -> what it shows."""
        before = self.screenshot()

        def is_still() -> bool:
            nonlocal before
            time.sleep(still)
            after = self.screenshot()
            same, before = bool((after == before).all()), after
            return same

        wait_until(is_still, "the screen does not stand still", seconds)
        return before

    def menu(self, key: str) -> None:
        """Open a menu of GIMP's main window."""
        self.focus(self.window)
        before = self.settle()
        self.press_until(
            (key,),
            lambda: bool((self.screenshot() != before).any(2).mean() > MENU_SHARE),
            f"no menu comes by {key}",
        )
        self.settle()

    def search_for(self, action: str) -> None:
        """Look for an action of GIMP's menus, by GIMP's own search for actions."""
        found = self.press_until(
            ("slash",),
            lambda: self.find("^Search Actions$"),
            "no search for actions comes",
            before=lambda: self.focus(self.window),
        )
        self.focus(found)
        self.keys("ctrl+a")
        before = self.settle()
        self.type(action)
        wait_until(lambda: bool((self.screenshot() != before).any()), f"{action!r} is not typed")
        self.settle()

    def search(self, action: str) -> None:
        """Run the action of GIMP's menus that has this name."""
        self.search_for(action)
        self.press_until(("Return",), lambda: self.find("^Search Actions$") is None, f"{action!r} is not run")

    def save(self, path: Path) -> None:
        """Save the image as an XCF file, by File > Save As."""
        dialog = self.press_until(
            ("ctrl+shift+s",),
            lambda: self.find("^Save Image$"),
            "no dialog to save comes",
            before=lambda: self.focus(self.window),
        )
        self._save_as(path, dialog, "^Save Image$")

    def save_copy(self, path: Path) -> None:
        """Save a copy of the image as an XCF file; the image still counts as changed."""
        self.search("Save a Copy")
        name = "^Save a Copy of the Image$"
        self._save_as(path, self.wait_for(name), name)

    def _save_as(self, path: Path, dialog: str, name: str) -> None:
        def type_it() -> None:
            self.focus(dialog)
            self.keys("ctrl+a")
            self.type(str(path))

        self.press_until(("Return",), lambda: self.find(name) is None, f"{name!r} stays", before=type_it, again=20)
        wait_until(path.is_file, f"{path} was not saved")

    def select_all(self) -> None:
        """Select the whole canvas, which changes the image."""
        self.press_until(
            ("ctrl+a",), lambda: self.is_changed, "nothing is selected", before=lambda: self.focus(self.window)
        )

    @property
    def is_changed(self) -> bool:
        """Whether the title says that the image is not saved."""
        return self.tool("xdotool", "getwindowname", self.window).startswith("*")

    def open_dialog(self) -> str:
        """Filters > Cut Out…, the last entry of that menu; -> the dialog."""
        self.menu("alt+r")
        self.keys("Up", "Return")
        dialog = self.wait_for("^Cut Out$")
        self.focus(dialog)
        return dialog


def wait_until(found: Callable[[], Found], otherwise: str, seconds: float = SECONDS) -> Found:
    """What `found` gives as soon as it is something."""
    deadline = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < deadline, otherwise
        time.sleep(PAUSE)
    return result
