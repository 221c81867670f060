import os
import stat
from pathlib import Path

import pytest

from installer.failure import InstallFailed
from installer.folders import HOST_STAMP
from tests.hosts.preparation import chromium
from tests.hosts.preparation.captured_run import run_captured
from tests.hosts.preparation.chromium import draw_page, prepare_chromium, why_unusable

pytestmark = [
    pytest.mark.usefixtures("own_folders"),
    pytest.mark.skipif(os.name == "nt", reason="the browsers of these tests are shell scripts"),
]


# What `install.py test --hosts` prepared, if it did: read before the tests' own folders are in force.
PREPARED = os.environ.get("CUTSMITH_CHROMIUM", "")


def make_browser(path, says="Chromium 1.0", draws=True):
    """A script that tells its version and, for a screenshot, writes the beginning of a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draw = "printf '\\211PNG' > \"${each#--screenshot=}\"" if draws else "echo no display >&2"
    path.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && {{ [ -n "{says}" ] && echo "{says}"; exit; }}\n'
        f'for each; do case "$each" in --screenshot=*) {draw};; esac; done\n'
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def empty_path(tmp_path, monkeypatch):
    """A PATH with nothing on it but what scripts need."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setattr(chromium.shutil, "which", lambda name: str(folder / name) if (folder / name).exists() else None)
    return folder


@pytest.fixture
def debian(monkeypatch):
    """Stands in for Debian's packages: what they unpack is a browser with one more library."""
    fetched = []

    def fetch(work, packages, *, alone):
        fetched.append((packages, alone))
        return [work / "chromium_1.0_amd64.deb"]

    def unpack(files, root):
        make_browser(root / "usr/lib/chromium/chromium", 'Chromium $FONTCONFIG_FILE $LD_LIBRARY_PATH"; echo "')
        (root / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
        (root / "usr/lib/x86_64-linux-gnu/libx.so.1").touch()
        (root / "usr/share/fonts/truetype").mkdir(parents=True)

    monkeypatch.setattr(chromium, "fetch_packages", fetch)
    monkeypatch.setattr(chromium, "unpack_packages", unpack)
    monkeypatch.setattr(chromium, "why_not", lambda: "")
    return fetched


def test_one_on_the_path_is_taken(tmp_path, empty_path, debian):
    make_browser(empty_path / "chromium", says="")  # a stub that is no browser
    chrome = make_browser(empty_path / "google-chrome")
    assert prepare_chromium(tmp_path / "hosts") == chrome
    assert debian == []


def test_the_one_that_is_named_comes_first_and_has_to_run(tmp_path, empty_path, monkeypatch):
    make_browser(empty_path / "chromium")
    named = make_browser(tmp_path / "mine")
    monkeypatch.setenv("CUTSMITH_CHROMIUM", str(named))
    assert prepare_chromium(tmp_path / "hosts") == named
    named.unlink()
    with pytest.raises(InstallFailed, match="CUTSMITH_CHROMIUM names, does not run"):
        prepare_chromium(tmp_path / "hosts")


def test_debians_is_unpacked_once_and_starts_with_its_own_libraries_and_fonts(tmp_path, empty_path, debian):
    hosts = tmp_path / "my hosts é"
    browser = prepare_chromium(hosts)
    assert browser == hosts / "chromium" / "chromium"
    assert debian == [(["chromium"], ("fonts-liberation", "fonts-dejavu-core"))]
    said = run_captured([str(browser), "--version"]).stdout
    assert f"{hosts}/chromium/fonts.conf {hosts}/chromium/root/usr/lib/x86_64-linux-gnu" in said
    assert [path.name for path in hosts.iterdir()] == ["chromium"], "nothing half-made is left beside it"
    assert prepare_chromium(hosts) == browser
    assert len(debian) == 1


def test_one_that_does_not_run_any_more_is_made_anew(tmp_path, empty_path, debian):
    browser = prepare_chromium(tmp_path / "hosts")
    (browser.parent / "root/usr/lib/chromium/chromium").unlink()
    assert why_unusable(prepare_chromium(tmp_path / "hosts")) == ""
    assert len(debian) == 2


def test_one_that_draws_nothing_is_not_kept(tmp_path, empty_path, debian, monkeypatch):
    monkeypatch.setattr(
        chromium, "unpack_packages", lambda files, root: make_browser(root / "usr/lib/chromium/chromium", draws=False)
    )
    with pytest.raises(InstallFailed, match="does not draw a page: no display"):
        prepare_chromium(tmp_path / "hosts")
    assert list((tmp_path / "hosts").iterdir()) == []


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path, empty_path, debian):
    theirs = make_browser(tmp_path / "hosts" / "chromium" / "chromium")
    with pytest.raises(InstallFailed, match="did not make it"):
        prepare_chromium(tmp_path / "hosts")
    assert theirs.exists()
    assert not (theirs.parent / HOST_STAMP).exists()


def test_where_it_cannot_be_had_the_reason_and_the_way_out_are_told(tmp_path, empty_path, monkeypatch):
    monkeypatch.setattr(chromium, "why_not", lambda: "this machine has no apt-get")
    with pytest.raises(InstallFailed) as stopped:
        prepare_chromium(tmp_path / "hosts")
    assert "this machine has no apt-get" in stopped.value.what
    assert "CUTSMITH_CHROMIUM" in stopped.value.remedy


def test_the_prepared_browser_draws_letters_and_not_boxes(tmp_path):
    if not PREPARED:
        reason = "no Chromium was prepared: install.py test --hosts"
        pytest.fail(reason) if os.environ.get("CUTSMITH_REQUIRE_HOSTS") == "1" else pytest.skip(reason)
    pictures = []
    for letter in "AB":
        draw_page(Path(PREPARED), f"<h1>{letter}</h1>", tmp_path / f"{letter}.png")
        pictures.append((tmp_path / f"{letter}.png").read_bytes())
    assert pictures[0] != pictures[1]
