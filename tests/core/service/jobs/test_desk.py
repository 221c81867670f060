"""Whoever works at a job: one process at a time, and another where that one is gone."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from dataclasses import replace

from cutsmith.batch.catalogue import locked
from cutsmith.batch.manifest import Manifest, ManifestWriter
from cutsmith.batch.manifest_rows import start_row
from cutsmith.service.jobs import desk as desk_module
from cutsmith.service.jobs.folder import JobFolder
from cutsmith.service.jobs.work import MOST_STARTS
from tests.core.service.jobs.pictures import QUICK, ended, images, result
from tests.core.service.jobs.test_routes import Busy, assert_soon


def folder_of(settings, job: str) -> JobFolder:
    return JobFolder.of(settings.own_folder / "jobs", job)


def test_a_service_that_ends_leaves_its_jobs_to_the_next(serve, settings) -> None:
    first = serve(settings)
    busy = Busy(first)
    jobs = [first.post("/v1/jobs", files=images("a.png", "b.png"), data=QUICK).json()["job"] for _ in range(2)]
    first.app.state.service.end()
    busy.end()
    first.app.state.service.jobs.join(10)
    second = serve(settings)
    for job in jobs:
        assert ended(second, job)["done"] == 2


def test_a_job_whose_lock_is_held_is_another_processes(client, settings, monkeypatch) -> None:
    busy = Busy(client)
    kept = client.post("/v1/jobs", files=images("a.png"), data=QUICK).json()["job"]
    job = client.post("/v1/jobs", files=images("a.png"), data=QUICK).json()["job"]
    with locked(folder_of(settings, job).results):
        busy.end()
        assert ended(client, kept)["done"] == 1
        time.sleep(2 * desk_module._LOOK)
        assert client.get(f"/v1/jobs/{job}").json()["state"] == "waiting"
    assert ended(client, job)["done"] == 1


def test_two_services_on_one_folder_do_each_job_once(serve, settings) -> None:
    clients = [serve(settings), serve(settings)]
    cut: Counter[str] = Counter()
    for client in clients:
        client.app.state.service.jobs._on_row = lambda row: cut.update([row.input])
    names = [f"{number}.png" for number in range(6)]
    jobs = [clients[number % 2].post("/v1/jobs", files=images(*names), data=QUICK).json()["job"] for number in range(6)]
    for job in jobs:
        assert ended(clients[0], job)["done"] == len(names)
        assert len(result(clients[1], job)) == len(names) + 2
    assert sorted(cut.values()) == [1] * 36, "no picture was cut out by both"


def test_what_ends_the_process_each_time_is_a_failure_and_the_others_go_on(serve, settings) -> None:
    first = serve(settings)
    busy = Busy(first)
    job = first.post("/v1/jobs", files=images("a.png", "deadly.png"), data=QUICK).json()["job"]
    first.app.state.service.end()
    busy.end()
    first.app.state.service.jobs.join(10)
    folder = folder_of(settings, job)
    with ManifestWriter(folder.results) as manifest:
        for _ in range(MOST_STARTS):
            manifest.append(start_row(str(folder.inputs / "deadly.png"), "deadly.png"))
    told = ended(serve(settings), job)
    assert (told["state"], told["done"], told["failed"]) == ("done", 1, 1)
    report = result(serve(settings), job)["report.html"].decode()
    assert f"the process was ended {MOST_STARTS} times" in report


def test_a_job_that_was_being_packed_is_packed_again_and_not_worked_again(serve, settings, monkeypatch) -> None:
    def killed(folder: JobFolder) -> None:
        raise SystemExit  # no `except Exception` hears it, and so the state stays

    with monkeypatch.context() as patch:
        patch.setattr(desk_module, "pack", killed)
        patch.setattr("threading.excepthook", lambda args: None)
        first = serve(settings)
        job = first.post("/v1/jobs", files=images("a.png"), data=QUICK).json()["job"]
        assert_soon(lambda: not first.app.state.service.jobs._lookout.is_alive())
        assert first.get(f"/v1/jobs/{job}").json()["state"] == "running"
    starts = [row for row in Manifest(folder_of(settings, job).results).rows() if row["row"] == "start"]
    assert len(starts) == 1
    # As if it had been ended after the manifest was written for the client.
    from cutsmith.service.jobs.packing import pack

    pack(folder_of(settings, job))
    second = serve(settings)
    assert ended(second, job)["state"] == "done"
    assert set(result(second, job)) == {"a.png", "manifest.csv", "report.html"}


def test_a_folder_that_somebody_damaged_fails_its_job_alone(client, settings) -> None:
    busy = Busy(client)
    good, bad = (client.post("/v1/jobs", files=images("a.png"), data=QUICK).json()["job"] for _ in range(2))
    (folder_of(settings, bad).options / "fields.json").write_text("{")
    busy.end()
    assert ended(client, bad)["error"]["type"] == "InternalError"
    assert ended(client, good)["state"] == "done"


def test_jobs_that_ended_long_ago_and_strays_are_forgotten(serve, settings, monkeypatch) -> None:
    monkeypatch.setattr(desk_module, "_SWEEP", 0.1)
    client = serve(replace(settings, job_seconds=1.0))
    jobs = settings.own_folder / "jobs"
    for name, age in (("stray", 2 * 86_400), ("young", 60)):
        (jobs / name).mkdir(parents=True)
        os.utime(jobs / name, (time.time() - age, time.time() - age))
    job = client.post("/v1/jobs", files=images("a.png"), data=QUICK).json()["job"]
    ended(client, job)
    assert_soon(lambda: client.get(f"/v1/jobs/{job}").status_code == 404)
    assert_soon(lambda: {path.name for path in jobs.iterdir()} == {"young"})


def test_metrics_count_the_pictures_of_jobs(client) -> None:
    job = client.post("/v1/jobs", files=images("a.png", "b.png"), data=QUICK).json()["job"]
    ended(client, job)
    told = client.get("/metrics").text
    assert sum(float(line.split()[1]) for line in told.splitlines() if line.startswith("cutsmith_verdicts_total")) == 2


def test_the_fields_of_a_job_are_kept_as_they_came(tmp_path) -> None:
    from cutsmith.service.forms import Fields, Upload

    folder = JobFolder(tmp_path / "job")
    folder.make()
    fields = Fields({"matting": "none", "text": "é\n"}, {"mask": Upload("m.png", b"1"), "trimap": Upload("", b"2")})
    folder.write_fields(fields)
    assert folder.read_fields() == fields
    assert json.loads((folder.options / "fields.json").read_bytes())["values"] == fields.values
