"""numba's minute of compiling is announced, and only when it is coming."""

import logging
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from cutsmith.cures import install_extra
from cutsmith.errors import NotInstalled
from cutsmith.matting import compilation
from cutsmith.matting.compilation import import_pymatting, kernels_are_compiled
from tests.core.matting.told import Told


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package folder without compiled kernels, and a user without a cache."""
    source = tmp_path / "pymatting" / "__init__.py"
    (source.parent / "laplacian" / "__pycache__").mkdir(parents=True)
    monkeypatch.setattr(compilation.importlib.util, "find_spec", lambda name: SimpleNamespace(origin=str(source)))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(compilation, "_user_caches", lambda: [tmp_path / "user"])
    return source.parent


def test_kernels_beside_the_source_are_found(package):
    assert not kernels_are_compiled()
    (package / "laplacian" / "__pycache__" / "cf_laplacian._cf_laplacian-5.py311.nbi").touch()
    assert kernels_are_compiled()


def test_kernels_in_the_users_cache_are_found(package, tmp_path):
    (tmp_path / "user" / "laplacian_123").mkdir(parents=True)
    assert not kernels_are_compiled()
    (tmp_path / "user" / "laplacian_123" / "cf_laplacian._cf_laplacian-5.py311.nbi").touch()
    assert kernels_are_compiled()


def test_a_cache_folder_that_was_chosen_is_the_one_that_counts(package, tmp_path, monkeypatch):
    (package / "laplacian" / "__pycache__" / "cf_laplacian._cf_laplacian-5.py311.nbi").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "empty"))
    assert not kernels_are_compiled()


def test_the_wait_is_announced(package, monkeypatch, caplog):
    monkeypatch.delitem(sys.modules, "pymatting", raising=False)
    monkeypatch.setattr(compilation.importlib, "import_module", _missing)
    with caplog.at_level(logging.WARNING, "cutsmith"), pytest.raises(NotInstalled, match="pymatting") as caught:
        import_pymatting()
    assert install_extra("pymatting") in caught.value.cures
    assert ("matting", "none") in [(cure.option, cure.value) for cure in caught.value.cures]
    assert "about a minute" in caplog.text


def _missing(name):
    raise ImportError(f"No module named {name!r}")


def test_importing_the_room_imports_nothing_heavy():
    code = (
        "import sys, cutsmith.matting.pymatting_methods, cutsmith.matting.foreground, cutsmith.matting.trimap;"
        "sys.exit(','.join({'cv2', 'numba', 'pymatting', 'scipy', 'psutil'} & set(sys.modules)))"
    )
    finished = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert finished.stderr.strip() == ""


def test_a_user_without_a_home_has_caches_that_are_not_there(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(compilation.Path, "home", no_home)
    assert [folder for folder in compilation._user_caches() if folder.is_dir()] == []


def test_a_chosen_folder_that_cannot_be_used_does_not_count(package, monkeypatch):
    (package / "laplacian" / "__pycache__" / "cf_laplacian._cf_laplacian-5.py311.nbi").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(package / "nowhere" / "at all"))
    assert not kernels_are_compiled(), "it can be made"
    monkeypatch.setattr(compilation.os, "access", lambda folder, mode: False)
    assert kernels_are_compiled()


READ_ONLY = """
import numba.core.caching as caching

def refuse(self):
    if "cutsmith-kernels-" not in self.get_cache_path():
        raise PermissionError("read-only")
    check(self)

check, caching._CacheLocator.ensure_cache_path = caching._CacheLocator.ensure_cache_path, refuse
"""


def in_a_new_process(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **environment},
    )


@pytest.mark.slow
def test_kernels_of_a_read_only_installation_are_used_by_way_of_a_private_copy(tmp_path):
    import_pymatting()
    code = f"""{READ_ONLY}
import stat, sys
from pathlib import Path
from cutsmith.matting import compilation
pymatting = compilation.import_pymatting()
(folder,) = Path({str(tmp_path)!r}).glob("cutsmith-kernels-*")
assert stat.S_IMODE(folder.stat().st_mode) == 0o700
import numpy as np
trimap = np.zeros((9, 9)); trimap[:, 3:6] = 0.5; trimap[:, 6:] = 1
assert pymatting.estimate_alpha_cf(np.random.default_rng(0).random((9, 9, 3)), trimap).shape == (9, 9)
"""
    finished = in_a_new_process(code, TMPDIR=str(tmp_path), TEMP=str(tmp_path), TMP=str(tmp_path))
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == "", "nothing was compiled, so there is nothing to tell"
    assert list(tmp_path.iterdir()) == [], "the copy is gone"


def failing_ways(monkeypatch, *errors):
    """pymatting's import fails with each of `errors` in turn, and then works."""
    pytest.importorskip("numba")
    left = list(errors)
    real = compilation.importlib.import_module

    def import_module(name):
        if name == "pymatting" and left:
            sys.modules["pymatting.half_imported"] = SimpleNamespace()
            raise left.pop(0)
        assert "pymatting.half_imported" not in sys.modules, "what was half imported is forgotten"
        sys.modules["pymatting.preconditioner.ichol"] = SimpleNamespace()
        return SimpleNamespace() if name == "pymatting" else real(name)

    for name in [each for each in sys.modules if each.partition(".")[0] == "pymatting"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(compilation.importlib, "import_module", import_module)
    monkeypatch.setattr(compilation, "_to_tell", [])


@pytest.fixture
def restored():
    """pymatting's modules as they were, whatever a test does to them."""
    kept = {name: each for name, each in sys.modules.items() if name.partition(".")[0] == "pymatting"}
    yield
    for name in [each for each in sys.modules if each.partition(".")[0] == "pymatting"]:
        del sys.modules[name]
    sys.modules.update(kept)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("cannot cache function '_cf_laplacian': no locator available"),
        OSError(28, "No space left on device"),
        EOFError("Ran out of input"),
    ],
    ids=["read-only", "full disk", "damaged cache"],
)
def test_where_no_cache_works_kernels_are_compiled_and_the_cure_is_told_once(error, restored, package, monkeypatch):
    failing_ways(monkeypatch, error, error)
    told = Told()
    import_pymatting(told)
    assert told.warnings == [compilation.COMPILED_EACH_TIME]
    assert "NUMBA_CACHE_DIR" in told.warnings[0]
    import_pymatting(told)
    assert len(told.warnings) == 1


def test_numba_is_left_as_it_was(restored, package, monkeypatch):
    from numba.core import config
    from numba.core.dispatcher import Dispatcher

    before = config.CACHE_DIR, Dispatcher.enable_caching
    failing_ways(monkeypatch, RuntimeError("no locator"), RuntimeError("no locator"))
    import_pymatting(Told())
    assert (config.CACHE_DIR, Dispatcher.enable_caching) == before


def test_where_kernels_cannot_be_compiled_at_all_the_error_says_so(restored, package, monkeypatch):
    failing_ways(monkeypatch, *[RuntimeError("no compiler")] * 3)
    with pytest.raises(NotInstalled, match=r"kernels cannot be compiled .*no compiler"):
        import_pymatting()
