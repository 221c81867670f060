"""What replicas are told: they may have other current folders, and stand on several machines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cutsmith.errors import BadOption, ExtraMissing
from cutsmith.service import on_ray
from cutsmith.service.jobs.desk import JobDesk
from cutsmith.service.settings import ServiceSettings


def test_paths_do_not_start_from_the_current_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.onnx").write_bytes(b"")
    settings = ServiceSettings(
        port=0, folder=Path("jobs"), keys=Path("keys.json"), runtime={"model": "own.onnx", "segmenter": "sam2.1-tiny"}
    )
    told, address = on_ray._with_port(settings)
    assert (told.folder, told.keys, told.improve_folder) == (tmp_path / "jobs", tmp_path / "keys.json", None)
    assert told.runtime == {"model": str(tmp_path / "own.onnx"), "segmenter": "sam2.1-tiny"}
    assert told.port > 0
    assert address == f"http://127.0.0.1:{told.port}/"
    assert ServiceSettings.from_json(told.to_json()) == told, "as they reach the replica"


def test_several_machines_need_a_folder_in_common(tmp_path) -> None:
    with pytest.raises(BadOption, match="a folder in common"):
        on_ray._shared(ServiceSettings())
    assert on_ray._shared(ServiceSettings(folder=tmp_path)).is_shared


def test_what_is_not_installed_is_told(monkeypatch) -> None:
    monkeypatch.setattr(on_ray, "check_installed", lambda: None)
    monkeypatch.setattr(on_ray, "_SERVE_PACKAGES", ("no_such_package",))
    with pytest.raises(ExtraMissing, match="no_such_package") as caught:
        on_ray.serve_on_ray(ServiceSettings(), None, 2, lambda address: None)
    assert "ray" in str(caught.value.remedy)


def test_machines_do_not_share_the_memory_in_which_sqlite_writes_ahead(tmp_path) -> None:
    settings = ServiceSettings(folder=tmp_path)
    for told, mode in ((settings, "wal"), (replace(settings, folder=tmp_path / "nfs", is_shared=True), "truncate")):
        store = JobDesk(told, means=None).store  # type: ignore[arg-type]
        assert store.jobs() == set()
        assert store._connection().execute("PRAGMA journal_mode").fetchone()[0] == mode
        store.close()
