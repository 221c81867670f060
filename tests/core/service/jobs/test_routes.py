"""/v1/jobs as its clients see it."""

from __future__ import annotations

import csv
import errno
import io
import socket
import threading
import time
from dataclasses import replace

import pytest
from PIL import Image

from cutsmith.service.jobs import upload
from cutsmith.service.keys import add_key
from cutsmith.service.settings import ServiceSettings
from tests.core.service.jobs.pictures import QUICK, ended, images, picture, result, zipped
from tests.core.service.servers import server_in_a_thread


def test_files_go_in_and_a_zip_with_results_table_and_report_comes_out(client, settings, red_network) -> None:
    answer = client.post("/v1/jobs", files=images("a.png", "b.jpg", "c.webp"), data=QUICK)
    assert answer.status_code == 202
    job = answer.json()["job"]
    assert answer.json() == {"job": job, "state": "waiting", "pictures": 3, "left_out": []}
    assert answer.headers["location"] == f"/v1/jobs/{job}"
    told = ended(client, job)
    assert told["state"] == "done"
    assert (told["pictures"], told["done"], told["failed"]) == (3, 3, 0)
    assert told["accepted"] + told["review"] == 3
    assert told["finished"] >= told["created"]
    files = result(client, job)
    assert set(files) == {"a.png", "b.png", "c.png", "manifest.csv", "report.html"}
    assert Image.open(io.BytesIO(files["a.png"])).mode == "RGBA"
    rows = list(csv.DictReader(io.StringIO(files["manifest.csv"].decode("utf-8-sig"))))
    assert sorted((row["input"], row["output"]) for row in rows) == [
        ("a.png", "a.png"), ("b.jpg", "b.png"), ("c.webp", "c.png"),
    ]  # fmt: skip
    for place in (settings.own_folder, red_network.parent):
        assert str(place).encode() not in files["report.html"], "nothing tells where the service keeps its files"
    assert client.get("/v1/jobs").json()["jobs"] == [told]


def test_results_are_those_of_a_cut_with_the_same_options(client) -> None:
    options = {**QUICK, "background": "white", "canvas": "200x200", "format": "jpg"}
    job = client.post("/v1/jobs", files=images("a.png"), data=options).json()["job"]
    ended(client, job)
    single = client.post("/v1/cut", files={"image": ("a.png", picture(0))}, data=options)
    assert result(client, job)["a.jpg"] == single.content


def test_a_background_picture_lies_behind_all(client) -> None:
    behind = io.BytesIO()
    Image.new("RGB", (10, 10), (0, 255, 0)).save(behind, "PNG")
    files = [*images("a.png", "b.png"), ("background_image", ("behind.png", behind.getvalue()))]
    job = client.post("/v1/jobs", files=files, data=QUICK).json()["job"]
    ended(client, job)
    for name in ("a.jpg", "b.jpg"):
        red, green, blue = Image.open(io.BytesIO(result(client, job)[name])).convert("RGB").getpixel((2, 2))
        assert green > 240
        assert red < 15 > blue


def test_a_zip_keeps_its_folders(client) -> None:
    data = zipped({"shop/a.png": picture(1), "shop/rings/a.png": picture(2), "__MACOSX/._a.png": b"x", "read.me": b"?"})
    answer = client.post("/v1/jobs", files={"zip": ("shop.zip", data)}, data=QUICK)
    assert answer.json()["pictures"] == 2
    assert answer.json()["left_out"] == ["read.me"]
    ended(client, answer.json()["job"])
    assert {"shop/a.png", "shop/rings/a.png"} < set(result(client, answer.json()["job"]))


def test_what_cannot_be_cut_out_is_counted_and_told_and_the_others_go_on(client) -> None:
    files = [*images("a.png"), ("images", ("broken.jpg", b"no picture")), ("images", ("empty.png", b""))]
    job = client.post("/v1/jobs", files=files, data=QUICK).json()["job"]
    told = ended(client, job)
    assert (told["state"], told["done"], told["failed"]) == ("done", 1, 2)
    report = result(client, job)["report.html"].decode()
    assert "broken.jpg must be a picture" in report


def test_a_job_without_any_result_still_has_its_report(client) -> None:
    job = client.post("/v1/jobs", files={"images": ("broken.jpg", b"no picture")}, data=QUICK).json()["job"]
    assert ended(client, job)["failed"] == 1
    assert set(result(client, job)) == {"manifest.csv", "report.html"}


def test_names_that_are_the_same_or_lead_elsewhere_become_names(client, settings) -> None:
    names = ("a.png", "a.png", "../../etc/a.png", "C:\\fakepath\\b.png", ".hidden.png", "con.png", "é ü.png")
    job = client.post("/v1/jobs", files=images(*names), data=QUICK).json()["job"]
    assert ended(client, job)["done"] == len(names)
    found = set(result(client, job)) - {"manifest.csv", "report.html"}
    assert found == {"a.png", "a-2.png", "a-3.png", "b.png", "hidden.png", "_con.png", "é ü.png"}
    # What is below the service's own folder is being cleared away meanwhile.
    assert set(settings.own_folder.parent.iterdir()) == {settings.own_folder}
    assert set(settings.own_folder.glob("*")) - set(settings.own_folder.glob("jobs*")) == set()


def test_what_is_over_takes_no_more_room_than_its_zip(client, settings) -> None:
    job = client.post("/v1/jobs", files=images("a.png"), data=QUICK).json()["job"]
    ended(client, job)
    client.get(f"/v1/jobs/{job}/result")
    folder = settings.own_folder / "jobs" / job
    assert_soon(lambda: {path.name for path in folder.iterdir()} == {"result.zip"})


def assert_soon(is_so, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        time.sleep(0.05)
    assert is_so()


@pytest.mark.parametrize(
    ("files", "fields", "status", "kind", "option"),
    [
        ([], {"matting": "none"}, 415, "WrongMediaType", None),
        ([("mask", ("m.png", picture()))], {}, 400, "FieldMissing", "images"),
        (images("a.png"), {"images": "text"}, 400, "BadForm", "images"),
        (images("a.png"), {"colour": "red"}, 400, "BadForm", "colour"),
        (images("a.png"), {"background": "/etc/passwd"}, 400, "BadColour", "background"),
        (images("a.png"), {"model": "/etc/passwd"}, 400, "UnknownModel", "model"),
        (images("a.png"), {"name": "{stem}"}, 400, "BadForm", "name"),
        (images("a.png"), {"webhook": "http://127.0.0.1:9/"}, 400, "BadWebAddress", "webhook"),
        ([*images("a.png"), ("zip", ("z.zip", zipped({"a.png": picture()})))], {}, 400, "BadForm", "zip"),
        ([("images", ("a.txt", b"text"))], {}, 400, "BadForm", "images"),
        ([*images("a.png"), ("other", ("a.txt", b"text"))], {}, 400, "BadForm", "other"),
    ],
)
def test_what_is_wrong_is_told_at_once_and_leaves_nothing(
    client, settings, files, fields, status, kind, option
) -> None:
    answer = client.post("/v1/jobs", files=files, data=fields)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (status, kind), answer.text
    assert error.get("option") == option
    assert client.get("/v1/jobs").json() == {"jobs": []}
    assert not list((settings.own_folder / "jobs").glob("*"))


def test_pictures_and_jobs_are_limited(serve, settings) -> None:
    client = serve(replace(settings, most_job_pictures=2, most_bytes=1000, most_job_bytes=4000, most_jobs=0))
    assert client.post("/v1/jobs", files=images("a.png"), data=QUICK).status_code == 429
    client = serve(replace(settings, most_job_pictures=2, most_bytes=1000, most_job_bytes=4000))
    assert client.post("/v1/jobs", files=images("a.png", "b.png", "c.png"), data=QUICK).status_code == 413
    assert client.post("/v1/jobs", files={"images": ("a.png", bytes(1001))}, data=QUICK).status_code == 413
    assert client.post("/v1/jobs", files={"images": ("a.png", bytes(5000))}, data=QUICK).status_code == 413
    assert not list((settings.own_folder / "jobs").glob("*"))


def test_jobs_that_arrive_count_among_those_that_are_open(serve, settings) -> None:
    client = serve(replace(settings, most_jobs=2))
    client.app.state.service.jobs.uploads = 1
    assert client.post("/v1/jobs", files=images("a.png"), data=QUICK).status_code == 202
    client.app.state.service.jobs.uploads = 2
    answer = client.post("/v1/jobs", files=images("a.png"), data=QUICK)
    assert (answer.status_code, answer.json()["error"]["type"]) == (429, "QueueFull")
    assert answer.headers["retry-after"]


def test_a_full_disk_is_told_and_leaves_nothing(client, settings, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(upload._Parts, "_on_data", full)
    answer = client.post("/v1/jobs", files=images("a.png"), data=QUICK)
    assert (answer.status_code, answer.json()["error"]["type"]) == (503, "NoRoom")
    assert not list((settings.own_folder / "jobs").glob("*"))


def test_who_hangs_up_amid_an_upload_leaves_nothing(settings) -> None:
    with server_in_a_thread(settings) as address:
        port = int(address.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as stream:
            stream.sendall(
                b"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n"
                b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
                b'Content-Disposition: form-data; name="images"; filename="a.png"\r\n\r\n1234'
            )
            assert_soon(lambda: list((settings.own_folder / "jobs").glob("*/inputs/a.png")))
        assert_soon(lambda: not list((settings.own_folder / "jobs").glob("*")))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"--x", b"--x\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="images"; filename="a.png"\r\n\r\nno end',
        b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\xff\r\n--x--\r\n', b"junk" * 1000,
    ],
)  # fmt: skip
def test_a_damaged_form_is_the_clients_fault(client, settings, body) -> None:
    answer = client.post("/v1/jobs", content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["type"] in ("BadForm", "FieldMissing")
    assert not list((settings.own_folder / "jobs").glob("*"))


def test_of_the_result_before_the_end_and_of_unknown_jobs(serve, settings) -> None:
    client = serve(settings)
    busy = Busy(client)
    job = client.post("/v1/jobs", files=images("a.png"), data=QUICK).json()["job"]
    answer = client.get(f"/v1/jobs/{job}/result")
    assert (answer.status_code, answer.json()["error"]["type"]) == (409, "JobNotDone")
    busy.end()
    ended(client, job)
    for path in ("/v1/jobs/nothing", "/v1/jobs/nothing/result", "/v1/jobs/..%2F..%2Fetc", f"/v1/jobs/{'a' * 22}"):
        assert client.get(path).status_code == 404
    assert client.delete(f"/v1/jobs/{'a' * 22}").status_code == 404


class Busy:
    """Occupies the service's threads, so that nothing else is worked at."""

    def __init__(self, client) -> None:
        self._go_on = threading.Event()
        runner = client.app.state.service.runner
        started = [threading.Event(), threading.Event()]
        for begun in started:
            work = lambda report, is_dropped, begun=begun: (begun.set(), self._go_on.wait(30))  # noqa: E731
            threading.Thread(target=runner.run_patiently, args=(work,), kwargs={"kind": "busy"}, daemon=True).start()
        assert all(each.wait(10) for each in started)

    def end(self) -> None:
        self._go_on.set()


def test_a_job_that_waits_or_runs_or_is_over_is_cancelled_and_gone(client, settings) -> None:
    busy = Busy(client)
    for _ in range(2):
        client.post("/v1/jobs", files=images("a.png", "b.png"), data=QUICK)
    second, first = (each["job"] for each in client.get("/v1/jobs").json()["jobs"])
    assert_soon(lambda: client.get(f"/v1/jobs/{first}").json()["state"] == "running")
    assert client.get(f"/v1/jobs/{second}").json()["state"] == "waiting"
    for job in (first, second):
        assert client.delete(f"/v1/jobs/{job}").status_code == 204
        assert client.get(f"/v1/jobs/{job}").status_code == 404
    assert not list((settings.own_folder / "jobs").glob("*"))
    busy.end()
    job = client.post("/v1/jobs", files=images("a.png"), data=QUICK).json()["job"]
    ended(client, job)
    assert client.delete(f"/v1/jobs/{job}").status_code == 204
    assert client.get("/v1/jobs").json() == {"jobs": []}
    assert not list((settings.own_folder / "jobs").glob("*"))


def test_who_asks_for_one_picture_does_not_wait_for_a_job(client) -> None:
    job = client.post("/v1/jobs", files=images(*(f"{number}.png" for number in range(30))), data=QUICK).json()["job"]
    assert client.post("/v1/cut", files={"image": ("a.png", picture())}, data=QUICK).status_code == 200
    assert client.get(f"/v1/jobs/{job}").json()["done"] < 30
    ended(client, job)


def test_a_job_belongs_to_its_key(serve, settings, tmp_path) -> None:
    ann, ben = ({"x-api-key": add_key(name, tmp_path / "keys.json")} for name in ("Ann", "Ben"))
    client = serve(replace(settings, needs_key=True, keys=tmp_path / "keys.json"))
    assert client.post("/v1/jobs", files=images("a.png"), data=QUICK).status_code == 401
    job = client.post("/v1/jobs", files=images("a.png"), data=QUICK, headers=ann).json()["job"]
    ended(client, job, headers=ann)
    for ask in (client.get, client.delete):
        assert ask(f"/v1/jobs/{job}", headers=ben).status_code == 404
    assert client.get(f"/v1/jobs/{job}/result", headers=ben).status_code == 404
    assert client.get("/v1/jobs", headers=ben).json() == {"jobs": []}
    assert client.get(f"/v1/jobs/{job}/result", headers=ann).status_code == 200


def test_a_model_that_is_missing_fails_the_job_with_the_reason(serve, settings, tmp_path) -> None:
    client = serve(ServiceSettings(folder=settings.folder, runtime={"model": str(tmp_path / "gone.onnx")}))
    job = client.post("/v1/jobs", files=images("a.png"), data=QUICK).json()["job"]
    told = ended(client, job)
    assert told["state"] == "failed"
    assert "gone.onnx" in told["error"]["what"]
    assert client.get(f"/v1/jobs/{job}/result").status_code == 409
