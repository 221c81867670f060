import sys

import pytest

from installer.failure import InstallFailed
from installer.gimp import procedures as gimp_procedures
from installer.gimp.procedures import PROCEDURES, rehearsal, require_procedures
from installer.gimp.programs import find_programs
from tests.installer.stand_ins import make_gimp, make_profile

pytestmark = [
    pytest.mark.usefixtures("own_folders"),
    pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are scripts with a #! line"),
]


@pytest.fixture
def profile(tmp_path):
    made = make_profile(tmp_path / "GIMP é 1")
    made.place.mkdir()
    (made.place / "cutsmith.py").touch()
    (made.place / "cutsmith.py").chmod(0o755)
    return made


@pytest.fixture
def console(tmp_path, monkeypatch):
    """Makes the stand-in for GIMP's console; its log is beside the folder of it."""

    def make(**how):
        make_gimp(tmp_path / "programs", **how)
        monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:/usr/bin:/bin")
        return find_programs()[0]

    return make


def test_gimp_is_started_with_that_profile_and_asked(console, profile, tmp_path):
    require_procedures(console(), profile)
    asked = (tmp_path / "gimp.log").read_text().splitlines()[-1]
    assert asked.startswith(f"{profile.folder}|-idf --batch-interpreter=python-fu-eval -b ")


def test_what_is_missing_is_named_with_what_gimp_said_of_it_and_not_its_noise(console, profile):
    noise = "(script-fu:12): scriptfu-WARNING **: x\n\ngimp-console-3.0: LibGimpBase-WARNING: gimp: unexpected EOF"
    program = console(before=f"echo '{noise}\nFile cutsmith.py:\nSyntaxError: here' >&2", procedures=PROCEDURES[:1])
    with pytest.raises(InstallFailed) as failed:
        require_procedures(program, profile)
    assert failed.value.what == (
        "GIMP 3.0.4 started and did not load all of the plug-in: cutsmith-cut-out-selection, cutsmith-refine-mask "
        "missing. It said\n      File cutsmith.py:\n      SyntaxError: here"
    )


def test_one_that_was_passed_over_in_silence_is_looked_for_in_gimps_folders(console, profile):
    (profile.place / "cutsmith.py").chmod(0o644)
    program = console(before="echo Failed to parse tag cache >&2")
    with pytest.raises(InstallFailed, match=r"did not load the plug-in: .* and it did not say why") as failed:
        require_procedures(program, profile)
    assert str(profile.plug_ins) in failed.value.remedy


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("echo out of order >&2; exit 7", r"did not answer \(exit code 7\):\n +out of order"),
        ("echo Batch mode disabled. >&2; exit 69", "has no Python, in which"),
        ("sleep 60", r"did not answer within 0\.8 s"),
    ],
)
def test_one_that_does_not_answer_is_told_in_its_own_words(console, profile, monkeypatch, before, words):
    monkeypatch.setattr(gimp_procedures, "START_SECONDS", 0.8)
    with pytest.raises(InstallFailed, match=words):
        require_procedures(console(before=before), profile)


def test_a_rehearsal_leaves_the_profile_as_it_is(console, profile):
    before = {path: path.stat().st_mtime_ns for path in profile.folder.rglob("*")}
    with rehearsal(profile) as folder:
        assert (folder / "gimprc").read_text() == (profile.folder / "gimprc").read_text()
        require_procedures(console(), profile, folder)
        assert (folder / "sessionrc").exists()
    assert not folder.exists()
    assert {path: path.stat().st_mtime_ns for path in profile.folder.rglob("*")} == before
