"""Presence is a yes or no, whatever the system answers."""

from __future__ import annotations

import os
import sys

import pytest

from cutsmith.machine.files import is_file, is_folder, may_exist

TOO_LONG = "a" * 5000


def test_what_is_there_is_told_apart(tmp_path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert (is_file(file), is_folder(file), may_exist(file)) == (True, False, True)
    assert (is_file(tmp_path), is_folder(tmp_path), may_exist(tmp_path)) == (False, True, True)


@pytest.mark.parametrize("name", [TOO_LONG, "nul\0inside", "nowhere", ""])
def test_impossible_names_are_a_no(tmp_path, name) -> None:
    path = os.path.join(tmp_path, "no", name)  # noqa: PTH118 - names that pathlib would tidy
    assert (is_file(path), is_folder(path), may_exist(path)) == (False, False, False)


@pytest.mark.skipif(sys.platform == "win32", reason="folders are closed by other means there")
def test_behind_a_closed_folder_there_may_be_something(tmp_path) -> None:
    import multiprocessing

    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "file").touch()
    closed.chmod(0)
    try:
        results = multiprocessing.get_context("fork").Queue()
        child = multiprocessing.get_context("fork").Process(target=_ask_as_nobody, args=(closed / "file", results))
        child.start()
        assert results.get(timeout=20) == (False, False, True)
        child.join()
    finally:
        closed.chmod(0o700)


def _ask_as_nobody(path, results) -> None:
    if os.getuid() == 0:
        os.setuid(65534)
    results.put((is_file(path), is_folder(path), may_exist(path)))
