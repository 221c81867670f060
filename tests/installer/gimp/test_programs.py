import os
import sys

import pytest

from installer.failure import InstallFailed
from installer.gimp import programs as gimp_programs
from installer.gimp.profiles import FLATPAK, Profile, find_profiles
from installer.gimp.programs import console_for, find_programs, gimp_environment, make_profile
from tests.installer.stand_ins import make_gimp
from tests.installer.stand_ins import make_profile as put_profile

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are scripts with a #! line")


@pytest.fixture
def programs(own_folders, tmp_path, monkeypatch):
    """The only folder on the search path that may hold a GIMP."""
    folder = tmp_path / "programs é"
    folder.mkdir()
    for name in ("sh", "mkdir", "touch", "head", "sleep"):
        (folder / name).symlink_to(next(p for p in (f"/usr/bin/{name}", f"/bin/{name}") if os.path.exists(p)))  # noqa: PTH110
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_each_is_asked_for_its_version_and_consoles_come_first(programs):
    make_gimp(programs, "2.10.34", name="gimp")
    make_gimp(programs, "3.2.6", name="gimp-3")
    make_gimp(programs, "3.0.4")
    make_gimp(programs, "3.2.6")
    make_gimp(programs, "9.9", name="gimp-thumbnailer")
    (programs / "gimp-console").symlink_to("gimp-console-3.2")
    found = [(each.path.name, each.version, each.is_console) for each in find_programs()]
    assert sorted(found[:2]) == [("gimp-console-3.0", "3.0.4", True), ("gimp-console-3.2", "3.2.6", True)]
    assert found[2:] == [("gimp-3", "3.2.6", False), ("gimp", "2.10.34", False)]


def test_files_that_print_no_version_or_cannot_be_run_are_not_taken_for_gimp(programs):
    (programs / "gimp").write_text("#!/bin/sh\nexit 1\n")
    (programs / "gimp").chmod(0o755)
    (programs / "gimp-3").write_text("#!/bin/sh\necho 3.0.0\n")
    assert find_programs() == []


def test_a_profile_is_tried_with_its_own_version_only(programs, tmp_path):
    make_gimp(programs, "3.0.4")
    make_gimp(programs, "3.10.0")
    make_gimp(programs, "2.10.34")
    found = find_programs()
    assert console_for(Profile(tmp_path / "3.0"), found).version == "3.0.4"
    assert console_for(Profile(tmp_path / "3.2"), found) is None
    assert console_for(Profile(tmp_path / "mine"), found).version == "3.10.0"
    assert console_for(Profile(tmp_path / "mine"), ()) is None


def test_a_gimp_that_was_never_started_makes_its_profile_itself(programs, own_folders, capsys):
    log = make_gimp(programs)
    assert make_profile() == [Profile(own_folders / "config/GIMP/3.0")]
    assert log.read_text().splitlines()[-1] == "|-idf --quit"
    assert "is started once" in capsys.readouterr().out


def test_one_that_makes_none_is_a_failure_with_its_words(programs):
    make_gimp(programs, before="echo its disk is full >&2; exit 1")
    with pytest.raises(InstallFailed, match=r"made no profile in .*/GIMP:\n +its disk is full\n +Start GIMP 3 once"):
        make_profile()


def test_gimp_2_is_too_old_and_the_other_way_is_told(programs, own_folders):
    make_gimp(programs, "2.10.34", name="gimp")
    with pytest.raises(InstallFailed, match=r"Found GIMP 2.10.34, and no GIMP 3.") as failed:
        make_profile()
    assert "cutsmith cut PHOTO --mask-only -o mask.png" in failed.value.remedy
    assert "File > Open as Layers" in failed.value.remedy
    (programs / "gimp").unlink()
    put_profile(own_folders / "config/GIMP", "2.10")
    with pytest.raises(InstallFailed, match=r"Found .*/config/GIMP/2.10, and no GIMP 3."):
        make_profile()


def test_without_any_gimp_it_says_how_to_name_one(programs):
    with pytest.raises(InstallFailed, match="No GIMP 3 was found") as failed:
        make_profile()
    assert "--gimp-dir DIR" in failed.value.remedy


def test_a_flatpak_without_a_profile_has_to_be_started(programs, own_folders):
    put_profile(own_folders / FLATPAK, "2.10")
    with pytest.raises(InstallFailed, match="The Flatpak of GIMP has no profile yet"):
        make_profile()
    assert find_profiles() == []


def test_an_active_environment_is_left_out_of_gimps(monkeypatch):
    for name, value in {"VIRTUAL_ENV": "/é/venv", "PYTHONPATH": "/x", "PATH": "/é/venv/bin:/usr/bin"}.items():
        monkeypatch.setenv(name, value)
    environment = gimp_environment(GIMP3_DIRECTORY="/p")
    assert environment["PATH"] == "/usr/bin"
    assert environment["GIMP3_DIRECTORY"] == "/p"
    assert not environment.keys() & {"VIRTUAL_ENV", "PYTHONPATH"}


def test_other_systems_have_folders_of_gimps_installers(monkeypatch, own_folders):
    monkeypatch.setattr(gimp_programs.sys, "platform", "darwin")
    assert own_folders / "Applications/GIMP.app/Contents/MacOS" in gimp_programs._installers_folders()
    monkeypatch.setattr(gimp_programs.sys, "platform", "win32")
    assert own_folders / "Programs/GIMP 3/bin" in gimp_programs._installers_folders()
