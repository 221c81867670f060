import sys
from dataclasses import replace
from pathlib import Path

import pytest

from installer.environment.numba_warming import warm_numba_once
from installer.environment.stamp import Stamp, read_stamp, write_stamp

STAMP = Stamp("/clone", "3.11 /usr", "abc", complete=True)


@pytest.fixture
def pymatting(tmp_path, monkeypatch):
    """The module whose import compiles: here it leaves a line behind."""
    (tmp_path / "pymatting.py").write_text(f"open({str(tmp_path / 'log')!r}, 'a').write('compiled\\n')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "pymatting.py"


def test_it_is_compiled_once_and_the_stamp_remembers_it(tmp_path, pymatting):
    write_stamp(tmp_path, STAMP)
    warm_numba_once(tmp_path, Path(sys.executable))
    assert read_stamp(tmp_path) == replace(STAMP, warmed=True)
    warm_numba_once(tmp_path, Path(sys.executable))
    assert (tmp_path / "log").read_text() == "compiled\n"


def test_where_it_fails_the_reason_is_told_and_the_next_run_tries_again(tmp_path, pymatting, capsys):
    pymatting.write_text("raise ImportError('no numba here')")
    write_stamp(tmp_path, STAMP)
    warm_numba_once(tmp_path, Path(sys.executable))
    assert read_stamp(tmp_path) == STAMP
    assert "no numba here" in capsys.readouterr().out
