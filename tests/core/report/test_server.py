"""The review's server: it writes verdicts into the manifest, and answers nobody but its own page."""

from __future__ import annotations

import http.client
import json
import threading

import pytest

from cutsmith.batch.manifest import Manifest
from cutsmith.batch.manifest_rows import ResultRow
from cutsmith.errors import BadOption, BatchMissing
from cutsmith.report.reading import read_batch
from cutsmith.report.server import ReviewServer
from tests.core.report.made_batch import put, small_batch


class Served:
    """A server of a small batch, and requests to it."""

    def __init__(self, folder) -> None:
        self.batch = small_batch(folder)
        self.server = ReviewServer(self.batch.out)
        self.host = f"127.0.0.1:{self.server.port}"
        self.root = self.server.address.removeprefix(f"http://{self.host}")
        self.thread = threading.Thread(target=self.server.serve, daemon=True)
        self.thread.start()

    def ask(self, path=None, method="GET", body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        connection.putrequest(method, self.root if path is None else path, skip_host=True, skip_accept_encoding=True)
        given = {"Host": self.host, **({} if body is None else {"Content-Length": str(len(body))}), **headers}
        for name, value in given.items():
            if value is not None:
                connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        return answer, read

    def say(self, *verdicts, **headers):
        body = json.dumps({"verdicts": list(verdicts)}).encode()
        given = {"Origin": f"http://{self.host}", "Content_Type": "application/json", **headers}
        return self.ask(f"{self.root}verdicts", "POST", body, **given)

    def end(self) -> None:
        self.server.stop()
        self.thread.join(20)
        self.server.close()


@pytest.fixture
def served(tmp_path):
    made = Served(tmp_path)
    yield made
    made.end()


def identity(served, name):
    return next(each.identity for each in read_batch(served.batch.out).entries if each.result.input.endswith(name))


def test_the_page_is_served_with_its_rules(served) -> None:
    answer, body = served.ask()
    assert answer.status == 200
    assert b'"served":true' in body
    assert b'id="thumbnails-0"' not in body
    assert "connect-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_page_that_is_loaded_again_has_the_new_rows(served) -> None:
    served.batch.add("later.jpg")
    assert b"later.jpg" in served.ask()[1]


def test_verdicts_are_in_the_manifest_at_once(served) -> None:
    name = identity(served, "b.jpg")
    answer, body = served.say({"identity": name, "verdict": "accepted"})
    assert (answer.status, json.loads(body)) == (200, {"saved": 1})
    source = str(served.batch.shop / "rings/b.jpg")
    assert Manifest(served.batch.out).latest().verdict(source) == "accepted"
    served.say({"identity": name, "verdict": "undecided"})
    assert Manifest(served.batch.out).latest().verdict(source) == "undecided"
    assert served.server.saved == 2


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"verdicts": 5}', b'{"verdicts": [{"identity": "x", "verdict": "accepted"}]}']
)
def test_what_is_no_verdict_is_refused(served, body) -> None:
    answer, told = served.ask(
        f"{served.root}verdicts", "POST", body, Origin=f"http://{served.host}", Content_Type="application/json"
    )
    assert answer.status == 400
    assert json.loads(told)["error"]
    assert Manifest(served.batch.out).latest().reviews == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://example.org"},
        {"Origin": None},
        {"Origin": "null"},
        {"Origin": "https://{host}"},
        {"Content_Type": "text/plain"},  # what a form of another site can send
        {"Content_Type": None},
        {"Sec_Fetch_Site": "cross-site"},
        {"Host": "example.org:{port}"},  # a site whose name leads here
        {"Host": "127.0.0.1"},
        {"Host": None},
    ],
)
def test_a_verdict_from_elsewhere_is_refused(served, headers) -> None:
    filled = {
        name: value and value.format(host=served.host, port=served.server.port) for name, value in headers.items()
    }
    answer, _ = served.say({"identity": identity(served, "b.jpg"), "verdict": "accepted"}, **filled)
    assert answer.status in (403, 404, 415, 421)
    assert Manifest(served.batch.out).latest().reviews == {}


def test_without_the_word_nothing_is_told(served) -> None:
    for path in ("/", "/verdicts", f"{served.root[:-2]}/", "/..", "//", "http://127.0.0.1/", f"/x{served.root}"):
        answer, body = served.ask(path)
        assert answer.status in (400, 404), path
        assert b"Cutsmith" not in body
    assert served.ask(served.root, Host="example.org")[0].status == 421
    assert served.ask(served.root, Origin="http://example.org")[0].status == 403
    assert len(served.root) > 30


def test_the_files_of_the_batch_are_served_as_pictures(served) -> None:
    name = identity(served, "b.jpg")
    for path, kind, file in (
        (f"pictures/{name}-input", "image/jpeg", served.batch.shop / "rings/b.jpg"),
        (f"pictures/{name}-output", "image/png", served.batch.out / "rings/b.png"),
        (f"thumbnails/{name}-after", "image/webp", None),
    ):
        answer, body = served.ask(served.root + path)
        assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
        assert file is None or body == file.read_bytes()
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nothing_else_can_be_had(served, tmp_path) -> None:
    put(tmp_path / "secret.png", (served.batch.out / "rings/b.png").read_bytes())
    page = put(served.batch.shop / "page.jpg", b"<html><script>alert(1)</script>")
    served.batch.write(
        ResultRow("outside", "done", "../secret.png"),
        ResultRow(str(page), "done", "rings/b.png"),
        ResultRow("/etc/passwd", "done", "manifest.jsonl"),
    )
    served.ask()
    asked = [("outside", "output"), ("outside", "input"), ("page.jpg", "input")]
    asked += [("/etc/passwd", "input"), ("/etc/passwd", "output")]
    paths = [f"pictures/{identity(served, name)}-{side}" for name, side in asked]
    good = identity(served, "b.jpg")
    paths += ["manifest.jsonl", "../manifest.jsonl", f"pictures/{good}", f"pictures/{good}-key", f"other/{good}-input"]
    paths += [f"thumbnails/{good}-../../x", "pictures/../../secret.png-input", f"pictures/{good}-output/..", "%2e%2e/x"]
    for path in paths:
        assert served.ask(served.root + path)[0].status == 404, path


@pytest.mark.parametrize(("length", "status"), [("1048577", 413), (None, 411), ("-1", 411), ("1e3", 411)])
def test_a_body_without_a_sensible_length_is_not_read(served, length, status) -> None:
    answer, _ = served.ask(f"{served.root}verdicts", "POST", None, Content_Length=length)
    assert answer.status == status


def test_other_methods_are_refused(served) -> None:
    assert served.ask(served.root, "DELETE")[0].status == 501
    assert (
        served.ask(
            served.root + "other", "POST", b"{}", Origin=f"http://{served.host}", Content_Type="application/json"
        )[0].status
        == 404
    )


def test_it_listens_on_this_machine_alone(served) -> None:
    assert served.server.address.startswith("http://127.0.0.1:")
    assert served.server._server.socket.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_told(served) -> None:
    with pytest.raises(BadOption, match=f"Port {served.server.port} cannot be used") as caught:
        ReviewServer(served.batch.out, served.server.port)
    assert "any that is free" in caught.value.remedy


def test_a_folder_without_a_batch_is_told_and_left_alone(tmp_path) -> None:
    with pytest.raises(BatchMissing):
        ReviewServer(tmp_path)
    assert list(tmp_path.iterdir()) == []
