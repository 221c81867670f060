"""A Chromium for the tests of ComfyUI's page: one that is there, or Debian's, unpacked into a folder."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from installer.environment.extras import Size
from installer.failure import InstallFailed, not_ours
from installer.folders import HOST_STAMP, require_space
from tests.hosts.preparation.captured_run import last_words, run_captured
from tests.hosts.preparation.debian_packages import fetch_packages, library_folders, unpack_packages, why_not
from tests.hosts.preparation.scratch_folder import scratch_folder

CHOSEN = "CUTSMITH_CHROMIUM"
COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

PACKAGE = "chromium"
FONTS = ("fonts-liberation", "fonts-dejavu-core")  # the letters of Arial, Times and Courier; symbols
SIZE = Size(140, 425)  # lists of packages included

SECONDS = 60

START = """\
#!/bin/sh
# Made by Cutsmith's `install.py test --hosts`: Debian's chromium, unpacked beside this file, with fonts of its own.
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH="{libraries}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
FONTCONFIG_FILE="$here/fonts.conf"
export LD_LIBRARY_PATH FONTCONFIG_FILE
exec "$here/root/usr/lib/chromium/chromium" "$@"
"""

# These fonts and no others, and what pages ask for by name: a page looks the same on every machine.
STANDS_FOR = {
    "Liberation Sans": ("sans-serif", "system-ui", "Arial", "Helvetica", "Inter", "Segoe UI"),
    "Liberation Serif": ("serif", "Times", "Times New Roman"),
    "Liberation Mono": ("monospace", "Courier", "Courier New"),
}
ALIAS = '  <alias binding="same"><family>{name}</family><prefer><family>{font}</family></prefer></alias>'
FONT_SETTINGS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">root/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
{aliases}
  <match><edit name="family" mode="append_last"><string>Liberation Sans</string></edit></match>
</fontconfig>
"""


def prepare_chromium(hosts: Path) -> Path:
    """The Chromium that CUTSMITH_CHROMIUM names, one on the path, or Debian's, made in `hosts`; it has drawn a page.

    Raises InstallFailed: the one that is named does not run, or none is there and Debian's cannot be had.
    """
    named = os.environ.get(CHOSEN, "").strip()
    if named:
        browser = Path(named).expanduser().absolute()
        reason = why_unusable(browser)
        if reason:
            raise InstallFailed(f"{browser}, which {CHOSEN} names, does not run: {reason}", f"Mend or unset {CHOSEN}.")
        return browser
    for command in COMMANDS:
        found = shutil.which(command)
        if found and not why_unusable(Path(found)):
            return Path(found)
    return _debians(hosts)


def why_unusable(browser: Path) -> str:
    """Why `browser` cannot be used; empty if it tells its version."""
    run = run_captured([str(browser), "--version"], seconds=SECONDS)
    return "" if run.returncode == 0 and run.stdout.strip() else last_words(run)


def draw_page(browser: Path, page: str, picture: Path) -> None:
    """Have `browser` draw the HTML `page` and save it as the PNG `picture`. Raises InstallFailed if it does not."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        source = Path(profile) / "page.html"
        source.write_text(f"<!doctype html><meta charset=utf-8>{page}", encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=640,360"]
        options += [f"--user-data-dir={profile}", f"--screenshot={picture}", source.as_uri()]
        run = run_captured([str(browser), *options], seconds=SECONDS)
    if not (picture.is_file() and picture.read_bytes().startswith(b"\x89PNG")):
        raise InstallFailed(f"{browser} does not draw a page: {last_words(run)}")


def _debians(hosts: Path) -> Path:
    home = hosts / "chromium"
    start = home / "chromium"
    is_ours = (home / HOST_STAMP).is_file()
    if is_ours and not why_unusable(start):
        return start
    if home.exists() and not is_ours:
        raise not_ours(home, "Move it away, or name another folder for the host programs with CUTSMITH_HOSTS.")
    reason = why_not()
    if reason:
        raise InstallFailed(
            f"there is no {', '.join(COMMANDS)} on the path, and Debian's cannot be unpacked: {reason}.",
            f"Install Chromium or Chrome, or name one with {CHOSEN}.",
        )
    print(f"Unpacking Debian's chromium: fetches {SIZE.download_megabytes} MB, takes {SIZE.disk_megabytes} MB of disk.")
    require_space(hosts, SIZE.at_once)
    with scratch_folder(hosts / "chromium-unfinished") as folder:
        unfinished = folder / home.name
        files = fetch_packages(folder / "apt", [PACKAGE], alone=FONTS)
        unpack_packages(files, unfinished / "root")
        _complete(unfinished, files)
        draw_page(unfinished / start.name, "<h1>Cutsmith</h1>", folder / "page.png")
        if home.exists():
            shutil.rmtree(home)
        unfinished.rename(home)
    return start


def _complete(home: Path, files: Sequence[Path]) -> None:
    """Add the start script, the settings of the fonts, and what was unpacked."""
    libraries = [f"$here/{folder.relative_to(home)}" for folder in library_folders(home / "root")]
    start = home / "chromium"
    start.write_text(START.format(libraries=":".join(libraries)), encoding="utf-8")
    start.chmod(0o755)
    # A package's folders bear its own dates, by which fontconfig would take them for ones that it has seen before.
    for folder in (home / "root/usr/share/fonts").glob("**/"):
        os.utime(folder)
    aliases = [ALIAS.format(name=name, font=font) for font, names in STANDS_FOR.items() for name in names]
    (home / "fonts.conf").write_text(FONT_SETTINGS.format(aliases="\n".join(aliases)), encoding="utf-8")
    (home / HOST_STAMP).write_text(json.dumps([file.name for file in files], indent=1) + "\n", encoding="utf-8")
