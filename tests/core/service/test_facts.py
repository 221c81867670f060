"""What the service says of itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from time import sleep

import pytest

from cutsmith.errors import WeightsMissing
from cutsmith.options import OPTIONS
from cutsmith.output import OUTPUT_OPTIONS
from cutsmith.service import output_fields, request_fields
from cutsmith.service.openapi import description


def once_ready(client):
    """The answer of /readyz once the model is loaded."""
    for _ in range(200):
        answer = client.get("/readyz")
        if answer.status_code == 200:
            break
        sleep(0.1)
    return answer


def test_it_lives_and_becomes_ready(client) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    assert once_ready(client).json() == {"status": "ready", "waiting": 0, "running": 0}


def test_without_its_model_it_is_not_ready_and_says_why(client) -> None:
    assert once_ready(client).status_code == 200
    service = client.app.state.service
    service.unready = WeightsMissing("The weights are not here.", model="isnet-general-use")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["error"]["type"] == "WeightsMissing"


def test_while_it_ends_it_takes_nothing(client, photo_bytes) -> None:
    client.app.state.service.end()
    assert client.get("/readyz").json()["status"] == "ending"
    refused = client.post("/v1/cut", files={"image": ("a.png", photo_bytes)})
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert client.get("/healthz").status_code == 200


@pytest.mark.torch
def test_models_formats_and_presets_are_listed(client) -> None:
    told = client.get("/v1/models").json()
    assert {"u2net", "sam2.1-hiera-small"} <= {model["name"] for model in told["models"]}
    assert "amazon" in {preset["name"] for preset in told["presets"]}
    assert told["formats"][0] == "png"
    assert told["no_sam2"]["remedy"].startswith("Fetch them: cutsmith models fetch")
    assert (told["needs_key"], told["allow_url"], told["max_pixels"]) == (False, False, 50_000_000)
    assert len(told["options"]) == len(request_fields.CLIENTS) + len(output_fields.CLIENTS)


def test_metrics_count_requests_stages_and_verdicts(client, photo_bytes) -> None:
    client.post("/v1/cut", files={"image": ("a.png", photo_bytes)})
    client.post("/v1/cut", data={"image": "x"})
    client.get("/v1/cut")
    client.get("/healthz", headers={"Host": "evil.example"})
    text = client.get("/metrics").text
    counted = dict(re.findall(r"^(\w+(?:\{.*\})?) ([\d.e+-]+)$", text, re.MULTILINE))
    assert counted['cutsmith_requests_total{api="cutsmith",route="/v1/",status="200"}'] == "1.0"
    assert counted['cutsmith_requests_total{api="cutsmith",route="/v1/",status="400"}'] == "1.0"
    assert counted['cutsmith_requests_total{api="cutsmith",route="/v1/",status="405"}'] == "1.0"
    assert counted['cutsmith_requests_total{api="cutsmith",route="/",status="421"}'] == "1.0"
    assert counted['cutsmith_stage_seconds_count{stage="mask"}'] == "1.0"
    assert counted['cutsmith_verdicts_total{verdict="accept"}'] == "1.0"
    assert counted['cutsmith_queue{state="running"}'] == "0.0"
    assert 0 < float(counted["cutsmith_engine_seconds_total"]) < float(counted["cutsmith_work_seconds_total"])


def test_the_queue_of_a_worker_that_was_killed_counts_no_more(tmp_path, monkeypatch) -> None:
    from prometheus_client.mmap_dict import MmapedDict, mmap_key

    from cutsmith.service.metrics import Metrics

    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for worker, running in ((dead.pid, 2.0), (os.getpid(), 1.0)):
        file = MmapedDict(str(tmp_path / f"gauge_livesum_{worker}.db"))
        file.write_value(mmap_key("cutsmith_queue", "cutsmith_queue", ("state",), ("running",), ""), running, 0.0)
        file.close()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert b'cutsmith_queue{state="running"} 1.0' in Metrics().as_text()[0]


def test_the_description_names_every_route_and_every_field(client) -> None:
    told = client.get("/openapi.json").json()
    assert told == description()
    of_people = ("/page/", "/openapi.json")
    routes = {path for route in client.app.routes if (path := route.path) != "/" and not path.startswith(of_people)}
    assert routes == set(told["paths"])
    schema = told["paths"]["/v1/cut"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    fields = schema["properties"]
    assert {"image", "image_url", "background_image", *request_fields.CLIENTS, *output_fields.CLIENTS} == set(fields)
    assert fields["matting"]["description"] == OPTIONS["matting"].help
    assert fields["canvas"]["description"] == OUTPUT_OPTIONS["canvas"].help
    assert fields["keep_metadata"]["items"]["enum"] == list(OUTPUT_OPTIONS["keep_metadata"].choices)
