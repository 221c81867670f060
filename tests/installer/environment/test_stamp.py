from dataclasses import replace

import pytest

from installer.environment import separate_steps
from installer.environment.stamp import FILE_NAME, Stamp, read_stamp, wanted_stamp, write_stamp
from installer.folders import Clone

TESTS = Stamp("/clone", "3.11 /usr", "abc", extras=("heic", "rembg", "test"), constraints="pins", complete=True)
DEMO = Stamp("/clone", "3.11 /usr", "abc")


def test_a_second_run_finds_everything_there():
    assert TESTS.provides(TESTS)
    assert TESTS.provides(DEMO), "the demo needs less than the tests, and no pins"


@pytest.mark.parametrize(
    "changed",
    [
        {"complete": False},
        {"root": "/moved"},
        {"interpreter": "3.12 /usr"},
        {"project": "other requirements"},
        {"extras": ("test",)},
        {"constraints": "other pins"},
    ],
)
def test_whatever_changes_is_installed_again(changed):
    assert not replace(TESTS, **changed).provides(TESTS)


def test_a_demo_environment_does_not_do_for_the_tests():
    assert not replace(DEMO, complete=True).provides(TESTS)


def test_it_is_read_as_it_was_written(tmp_path):
    write_stamp(tmp_path, TESTS)
    assert read_stamp(tmp_path) == TESTS
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"extras": 3}', '{"extras": [], "unknown": 1}'])
def test_a_damaged_one_counts_as_an_interrupted_run(tmp_path, content):
    (tmp_path / FILE_NAME).write_text(content)
    stamp = read_stamp(tmp_path)
    assert stamp is not None
    assert not stamp.complete


def test_an_environment_without_one_is_not_ours(tmp_path):
    assert read_stamp(tmp_path) is None


def test_it_changes_with_the_requirements_and_the_pins(tmp_path):
    clone = Clone(tmp_path)
    clone.project.write_text("a")
    clone.constraints.write_text("b==1")
    first = wanted_stamp(clone, ["test", "heic"], clone.constraints)
    assert first == wanted_stamp(clone, ["heic", "test"], clone.constraints)
    clone.constraints.write_text("b==2")
    second = wanted_stamp(clone, ["test", "heic"], clone.constraints)
    clone.project.write_text("aa")
    third = wanted_stamp(clone, ["test", "heic"], clone.constraints)
    assert len({first, second, third}) == 3


def test_it_changes_with_the_steps_that_pip_takes_separately(tmp_path, monkeypatch):
    clone = Clone(tmp_path)
    clone.project.write_text("a")
    first = wanted_stamp(clone, [], None)
    other = tmp_path / "separate_steps.py"
    other.write_text("# another version of it")
    monkeypatch.setattr(separate_steps, "__file__", str(other))
    assert wanted_stamp(clone, [], None) != first
