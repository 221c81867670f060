"""numba's minute of compiling is announced, and only when it is coming."""

import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest

from cutsmith.cures import install_packages
from cutsmith.errors import NotInstalled
from cutsmith.matting import compilation
from cutsmith.matting.compilation import import_pymatting, kernels_are_compiled


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
    assert install_packages("pymatting") in caught.value.cures
    assert ("matting", "none") in [(cure.option, cure.value) for cure in caught.value.cures]
    assert "about a minute" in caplog.text


def _missing(name):
    raise ImportError(f"No module named {name!r}")


def test_importing_the_room_imports_nothing_heavy():
    code = (
        "import sys, cutsmith.matting.closed_form, cutsmith.matting.foreground, cutsmith.matting.trimap;"
        "sys.exit(','.join({'cv2', 'numba', 'pymatting', 'scipy', 'psutil'} & set(sys.modules)))"
    )
    finished = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert finished.stderr.strip() == ""
