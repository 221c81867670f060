"""The engines do not report to their makers: in a fresh home, nothing of theirs is left."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cutsmith.engines import quiet_import


def files_after(code: str, home, **environment: str) -> list[str]:
    home.mkdir()
    variables = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    variables |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "XDG_CONFIG_HOME": str(home / "config")}
    subprocess.run([sys.executable, "-c", code], env=variables | environment, check=True, capture_output=True)
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_an_engine_leaves_no_trace_of_telemetry(engine, tmp_path) -> None:
    quiet = f"from cutsmith.engines.quiet_import import import_{engine} as load; print(load().__version__)"
    assert files_after(quiet, tmp_path / "quiet") == []


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_a_later_import_finds_the_module_whole(engine) -> None:
    code = (
        f"from cutsmith.engines.quiet_import import import_{engine} as load; import sys\n"
        f"assert load() is load(); import {engine}; assert {engine} is load()\n"
        "assert 'openvino_telemetry' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_a_package_of_an_engines_name_that_cannot_run_models_is_refused(engine, tmp_path, monkeypatch) -> None:
    (tmp_path / engine).mkdir()
    (tmp_path / engine / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, engine, raising=False)
    try:
        with pytest.raises(ImportError, match=f"{engine} at .* has no"):
            getattr(quiet_import, f"import_{engine}")()
    finally:
        sys.modules.pop(engine, None)
