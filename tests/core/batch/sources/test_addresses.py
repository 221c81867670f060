"""Addresses: fsspec's stores in memory, a real web server, and what is told when something is missing or secret."""

from __future__ import annotations

import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cutsmith.batch.sources import Stamp, find_sources, read_source, stamp
from cutsmith.batch.sources.addresses import is_address
from cutsmith.batch.sources.failures import told_of, without_secrets
from cutsmith.errors import (
    BadOption,
    ExtraMissing,
    PictureEmpty,
    PictureFormatUnsupported,
    PictureIsFolder,
    PictureNotFound,
    PictureUnreadable,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
def store() -> str:
    """A folder of its own in fsspec's memory, with a shop in it."""
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    root = f"memory://{uuid.uuid4().hex}"
    for name in ("10.jpg", "9.jpg", "rings/a.JPG", "rings/gold/b.png", ".h/c.png", "rings/.d.png", "rings/notes.txt"):
        system.pipe(f"{root}/{name}", PNG + name.encode())
    return root


def found(*inputs: str, include: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(each.source, each.under) for each in find_sources(inputs, "out", include=include).found]


@pytest.mark.parametrize(
    ("source", "is_one"),
    [("s3://b/a.jpg", True), ("HTTPS://x/a", True), ("C://x", False), ("a/b://c", False), ("a.jpg", False)],
)
def test_an_address_is_told_from_a_path(source, is_one) -> None:
    assert is_address(source) == is_one


def test_a_folder_of_a_store_is_searched_in_natural_order_and_keeps_its_structure(store) -> None:
    expected = [
        (f"{store}/9.jpg", ""),
        (f"{store}/10.jpg", ""),
        (f"{store}/rings/a.JPG", "rings"),
        (f"{store}/rings/gold/b.png", "rings/gold"),
    ]
    assert found(store) == found(f"{store}/") == expected
    assert found(store.replace("memory", "Memory"))[0] == (f"{store}/9.jpg".replace("memory", "Memory"), "")
    assert read_source(f"{store}/9.jpg".replace("memory", "MEMORY")) == PNG + b"9.jpg"
    assert found(f"{store}/rings", include=("*.png",)) == [(f"{store}/rings/gold/b.png", "gold")]
    assert found(f"{store}/rings/", f"{store}/rings/gold/")[-1] == (f"{store}/rings/gold/b.png", "rings/gold")


def test_a_pattern_works_in_a_store_as_on_the_disk(store) -> None:
    assert found(f"{store}/**/*.jpg") == [
        (f"{store}/9.jpg", ""),
        (f"{store}/10.jpg", ""),
        (f"{store}/rings/a.JPG", "rings"),
    ]
    assert any("other letters" in each for each in find_sources([f"{store}/**/*.jpg"], "out").notices)
    assert found(f"{store}/*/*") == [(f"{store}/rings/a.JPG", "rings")]
    assert found(f"{store}/?.jpg") == [(f"{store}/9.jpg", "")]


def test_one_object_is_taken_as_it_is_and_read(store) -> None:
    assert found(f"{store}/9.jpg", f"{store}/9.jpg", f"{store}/missing.jpg") == [
        (f"{store}/9.jpg", ""),
        (f"{store}/missing.jpg", ""),
    ]
    assert read_source(f"{store}/9.jpg") == PNG + b"9.jpg"
    with pytest.raises(PictureNotFound, match=r"There is no memory://\w+/missing\.jpg"):
        read_source(f"{store}/missing.jpg")
    with pytest.raises((PictureIsFolder, PictureNotFound)):
        read_source(f"{store}/rings")


def test_what_is_no_picture_is_told_with_its_address(store) -> None:
    import fsspec

    fsspec.filesystem("memory").pipe(f"{store}/empty.png", b"")
    fsspec.filesystem("memory").pipe(f"{store}/page.png", b"<html>none</html>")
    fsspec.filesystem("memory").pipe(f"{store}/late.png", b"\r\n" + PNG)
    with pytest.raises(PictureEmpty, match=r"empty\.png is empty"):
        read_source(f"{store}/empty.png")
    with pytest.raises(PictureFormatUnsupported, match=r"memory://\w+/page\.png must be a picture"):
        read_source(f"{store}/page.png")
    assert read_source(f"{store}/late.png") == PNG, "as of a file, the white space before it is left out"


def test_a_stamp_changes_with_its_object_and_is_none_without(store) -> None:
    import fsspec

    before = stamp(f"{store}/9.jpg")
    assert before is not None
    assert before == stamp(f"{store}/9.jpg")
    assert Stamp.from_json(before.to_json()) == before
    fsspec.filesystem("memory").pipe(f"{store}/9.jpg", PNG)
    assert stamp(f"{store}/9.jpg") != before
    assert stamp(f"{store}/missing.jpg") is None
    assert stamp(f"{store}/rings") is None


@pytest.mark.parametrize("given", ["none/", "none/*.jpg", "*.webp"])
def test_nothing_in_a_store_is_an_error(store, given) -> None:
    with pytest.raises(PictureNotFound) as caught:
        find_sources([f"{store}/{given}"], "out")
    assert given in caught.value.what


@pytest.mark.parametrize(("address", "cure"), [("s3://b/x/", "cutsmith[s3]"), ("gs://b/*.jpg", "cutsmith[gcs]")])
def test_a_missing_package_is_an_extra_to_install(monkeypatch, address, cure) -> None:
    registered = pytest.importorskip("fsspec.registry")._registry
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    for name in ("s3", "gs"):
        monkeypatch.delitem(registered, name, raising=False)
    with pytest.raises(ExtraMissing) as caught:
        find_sources([address], "out")
    assert cure in caught.value.remedy
    with pytest.raises(ExtraMissing, match="not installed"):
        read_source(address.replace("*", "a").rstrip("/"))


def test_without_fsspec_the_disk_still_works(monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    (tmp_path / "a.png").write_bytes(PNG)
    assert len(find_sources([str(tmp_path)], "out").found) == 1
    with pytest.raises(ExtraMissing):
        find_sources(["memory://x/"], "out")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("nope://x/y/", "Nothing reads addresses that begin with nope://"),
        ("s3://", "names no bucket"),
        ("s3://*/x.jpg", "names no bucket"),
        ("s3://KEY:hidden@bucket/x/", "no place for keys"),
        ("https://shop.example/photos/", "servers do not list folders"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(given, told) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(BadOption, match=told) as caught:
        find_sources([given], "out")
    assert "hidden" not in str(caught.value)


class NoCredentialsError(Exception):
    """As botocore calls it."""


@pytest.mark.parametrize(
    ("raised", "kind", "told"),
    [
        (NoCredentialsError("Unable to locate credentials"), PictureUnreadable, "AWS_PROFILE"),
        (PermissionError("The AWS Access Key Id you provided does not exist"), PictureUnreadable, "may not be read"),
        (OSError(5, "secret_access_key=hidden was refused"), PictureUnreadable, "secret_access_key=..."),
        (
            RuntimeError("GET https://hidden@x/a?X-Amz-Signature=hidden failed\nmore hidden"),
            PictureUnreadable,
            r"a\?\.\.\.",
        ),
        (TimeoutError(), PictureUnreadable, "does not answer in time"),
        (FileNotFoundError("The specified bucket does not exist"), PictureNotFound, "bucket does not exist"),
    ],
)
def test_failures_of_a_store_are_typed_and_never_show_secrets(raised, kind, told) -> None:
    with pytest.raises(kind, match=told) as caught, told_of("s3://bucket/a.jpg?token=hidden"):
        raise raised
    assert "hidden" not in f"{caught.value} {caught.value.to_json()} {caught.value.__cause__}"
    assert caught.value.__suppress_context__, "a traceback would show the store's own text"


def test_secrets_are_taken_out_of_addresses_and_texts() -> None:
    assert without_secrets("https://me:pw@h.example/a.jpg?sig=x&y=z") == "https://h.example/a.jpg?..."
    assert without_secrets("aws_secret_access_key: abc, session-token=x") == (
        "aws_secret_access_key: ... session-token=..."
    )
    assert without_secrets("s3://shop/key ring/a.jpg") == "s3://shop/key ring/a.jpg"


class _Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        status = {"/a.png": 200, "/closed.png": 403, "/broken.png": 500, "/moved.png": 302}.get(path, 404)
        self.send_response(status)
        body = PNG if status == 200 else b"none"
        if status == 302:
            self.send_header("Location", "/a.png")
        if status == 200 and "stampless" not in self.path:
            self.send_header("ETag", '"abc"')
            self.send_header("Last-Modified", "Fri, 27 Nov 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the name that the server looks for

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def shop():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Shop)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_file_of_a_web_server_is_read(shop) -> None:
    assert found(f"{shop}/a.png?x=1&y=[2]") == [(f"{shop}/a.png?x=1&y=[2]", "")]
    assert read_source(f"{shop}/a.png") == read_source(f"{shop}/moved.png") == PNG
    assert stamp(f"{shop}/a.png") == Stamp(len(PNG), 1795737600000000000, "abc")
    assert stamp(f"{shop}/a.png?stampless") is None
    assert stamp(f"{shop}/missing.png") is None
    for name, kind, told in (
        ("missing.png?sig=hidden", PictureNotFound, r"missing\.png\?\.\.\.: the server answers 404"),
        ("closed.png", PictureUnreadable, "answers 403 Forbidden"),
        ("broken.png", PictureUnreadable, "answers 500"),
    ):
        with pytest.raises(kind, match=told):
            read_source(f"{shop}/{name}")


def test_a_server_that_is_not_there_is_told_shortly() -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/a.png?sig=hidden"
        with pytest.raises(PictureUnreadable, match="no connection to the server") as caught:
            read_source(address)
        assert "hidden" not in str(caught.value)
        assert stamp(address) is None
