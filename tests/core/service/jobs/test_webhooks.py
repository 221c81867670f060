"""A job that has ended is told to who asked for it: at least once, and until it is heard."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from cutsmith.service.jobs import webhooks
from tests.core.service.jobs.pictures import QUICK, ended, images
from tests.core.service.jobs.test_routes import assert_soon


@pytest.fixture
def hook() -> Iterator[SimpleNamespace]:
    """A server; `statuses` are what it answers, the last one from then on; `heard` what it was told."""
    told = SimpleNamespace(heard=[], events=[], statuses=[200])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            told.events.append(self.headers["x-cutsmith-event"])
            self.send_response(told.statuses.pop(0) if len(told.statuses) > 1 else told.statuses[0])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.host = f"127.0.0.1:{server.server_address[1]}"
    told.url = f"http://{told.host}/done?who=me"
    yield told
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch) -> None:
    monkeypatch.setattr(webhooks, "_LOOK", 0.05)
    monkeypatch.setattr(webhooks.WebhookSender.__init__, "__defaults__", ((0.1, 0.1),))


def test_a_job_that_is_done_is_told_once(serve, settings, hook) -> None:
    client = serve(replace(settings, allow_webhooks=(hook.host,)))
    job = client.post("/v1/jobs", files=images("a.png"), data={**QUICK, "webhook": hook.url}).json()["job"]
    told = ended(client, job)
    assert_soon(lambda: hook.heard)
    assert hook.heard == [told]
    assert len(hook.events[0]) == 32
    threading.Event().wait(0.5)
    assert len(hook.heard) == 1


def test_a_failed_job_is_told_with_the_reason(serve, settings, hook, tmp_path) -> None:
    gone = {"model": str(tmp_path / "gone.onnx")}
    client = serve(replace(settings, allow_webhooks=(hook.host,), runtime=gone))
    client.post("/v1/jobs", files=images("a.png"), data={**QUICK, "webhook": hook.url})
    assert_soon(lambda: hook.heard)
    assert hook.heard[0]["state"] == "failed"
    assert hook.heard[0]["error"]["what"]


def test_who_does_not_hear_is_told_again_under_the_same_name(serve, settings, hook) -> None:
    hook.statuses = [500, 302, 204]
    client = serve(replace(settings, allow_webhooks=(hook.host,)))
    client.post("/v1/jobs", files=images("a.png"), data={**QUICK, "webhook": hook.url})
    assert_soon(lambda: len(hook.heard) == 3)
    assert len(set(hook.events)) == 1
    threading.Event().wait(0.5)
    assert len(hook.heard) == 3


def test_who_never_hears_is_given_up(serve, settings, hook) -> None:
    hook.statuses = [500]
    client = serve(replace(settings, allow_webhooks=(hook.host,)))
    job = client.post("/v1/jobs", files=images("a.png"), data={**QUICK, "webhook": hook.url}).json()["job"]
    assert_soon(lambda: len(hook.heard) == 3)
    threading.Event().wait(0.5)
    assert len(hook.heard) == 3
    assert client.get(f"/v1/jobs/{job}").json()["state"] == "done"


def test_the_next_service_tells_what_the_last_one_could_not(serve, settings, hook, monkeypatch) -> None:
    settings = replace(settings, allow_webhooks=(hook.host,))
    with monkeypatch.context() as patch:
        patch.setattr(webhooks.WebhookSender, "start", lambda self: None)
        first = serve(settings)
        job = first.post("/v1/jobs", files=images("a.png"), data={**QUICK, "webhook": hook.url}).json()["job"]
        ended(first, job)
    assert not hook.heard
    serve(settings)
    assert_soon(lambda: [told["job"] for told in hook.heard] == [job])


def test_a_host_that_the_operator_allows_no_more_is_not_called(serve, settings, hook, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(webhooks.WebhookSender, "start", lambda self: None)
        first = serve(replace(settings, allow_webhooks=(hook.host,)))
        job = first.post("/v1/jobs", files=images("a.png"), data={**QUICK, "webhook": hook.url}).json()["job"]
        ended(first, job)
    second = serve(settings)
    store = second.app.state.service.jobs.store
    assert_soon(lambda: store.find(job).tries == 3)
    assert not hook.heard


@pytest.mark.parametrize("url", ["http://other.example/", "ftp://hooks.example/", "hooks.example", "http://"])
def test_other_hosts_are_refused_at_once(serve, settings, url) -> None:
    client = serve(replace(settings, allow_webhooks=("hooks.example",)))
    answer = client.post("/v1/jobs", files=images("a.png"), data={**QUICK, "webhook": url})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "BadWebAddress")
    assert client.get("/v1/jobs").json() == {"jobs": []}
