"""A real S3 server on this machine (moto's), asked through s3fs as a user's bucket would be."""

from __future__ import annotations

import logging

import pytest

from cutsmith.batch.sources import find_sources, read_source, stamp
from cutsmith.errors import PictureNotFound, PictureUnreadable

pytest.importorskip("s3fs", reason="the quick tier's environment has no s3fs")
moto_server = pytest.importorskip("moto.server", reason="moto comes with the extra [test]")
pytestmark = pytest.mark.slow

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
NAMES = ("10.jpg", "9.jpg", "rings/a.JPG", "rings/größe #1.png", "rings/gold/b.png", "odd/../../etc/p.png", "notes.txt")


@pytest.fixture(scope="module")
def server():
    logging.getLogger("werkzeug").disabled = True
    started = moto_server.ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_CONFIG_FILE", "none")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
        yield f"http://{host}:{port}"
    started.stop()


@pytest.fixture(scope="module", autouse=True)
def bucket(server) -> str:
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    system = s3fs.S3FileSystem()
    system.mkdir("shop")
    for name in NAMES:
        system.pipe(f"shop/{name}", PNG + name.encode())
    yield "s3://shop"
    s3fs.S3FileSystem.clear_instance_cache()


def found(*inputs: str, include: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(each.source, each.under) for each in find_sources(inputs, "out", include=include).found]


def test_a_bucket_and_a_folder_in_it_are_searched() -> None:
    rings = [
        ("s3://shop/rings/a.JPG", ""),
        ("s3://shop/rings/größe #1.png", ""),
        ("s3://shop/rings/gold/b.png", "gold"),
    ]
    assert (
        found("s3://shop")
        == found("s3://shop/")
        == [
            ("s3://shop/9.jpg", ""),
            ("s3://shop/10.jpg", ""),
            *((source, f"rings/{under}".rstrip("/")) for source, under in rings),
        ]
    )
    assert found("s3://shop/rings") == found("s3://shop/rings/") == rings
    assert found("s3://shop/", include=("b.*",)) == [("s3://shop/rings/gold/b.png", "rings/gold")]


def test_patterns_are_matched_in_a_bucket() -> None:
    assert found("s3://shop/**/*.jpg") == [
        ("s3://shop/9.jpg", ""),
        ("s3://shop/10.jpg", ""),
        ("s3://shop/rings/a.JPG", "rings"),
    ]
    assert found("s3://shop/*/*.png") == [("s3://shop/rings/größe #1.png", "rings")]


def test_objects_are_read_and_stamped_by_their_tags() -> None:
    for name in NAMES[:5]:
        assert read_source(f"s3://shop/{name}") == PNG + name.encode()
    first = stamp("s3://shop/9.jpg")
    assert first == stamp("s3://shop/9.jpg")
    assert (first.bytes, len(first.etag)) == (len(PNG) + 5, 32)
    assert stamp("s3://shop/10.jpg").etag != first.etag
    assert stamp("s3://shop/missing.jpg") is None
    assert stamp("s3://nowhere/9.jpg") is None


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("s3://shop/missing/", "There is no s3://shop/missing/"),
        ("s3://nowhere/", "bucket does not exist"),
        ("s3://nowhere/*.jpg", "bucket does not exist"),
        ("s3://shop/*.webp", "no picture"),
    ],
)
def test_what_is_not_in_the_store_is_told(address, told) -> None:
    with pytest.raises(PictureNotFound, match=told) as caught:
        find_sources([address], "out")
    assert caught.value.remedy


def test_a_missing_key_and_a_missing_bucket_are_told_when_they_are_read() -> None:
    assert found("s3://shop/missing.jpg", "s3://nowhere/a.jpg") == [
        ("s3://shop/missing.jpg", ""),
        ("s3://nowhere/a.jpg", ""),
    ]
    with pytest.raises(PictureNotFound, match=r"There is no s3://shop/missing\.jpg\.\n"):
        read_source("s3://shop/missing.jpg")
    with pytest.raises(PictureNotFound, match="bucket does not exist"):
        read_source("s3://nowhere/a.jpg")


def test_no_credentials_and_no_server_are_told_without_secrets(monkeypatch) -> None:
    import s3fs

    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with monkeypatch.context() as patch:
        s3fs.S3FileSystem.clear_instance_cache()
        patch.delenv("AWS_ACCESS_KEY_ID")
        patch.delenv("AWS_SECRET_ACCESS_KEY")
        with pytest.raises(PictureUnreadable, match="no credentials") as caught:
            find_sources(["s3://shop/rings/"], "out")
        assert "AWS_PROFILE" in caught.value.remedy
    with monkeypatch.context() as patch:
        s3fs.S3FileSystem.clear_instance_cache()
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        with pytest.raises(PictureUnreadable, match="no connection to the server") as caught:
            find_sources(["s3://shop/rings/"], "out")
        assert "hidden" not in str(caught.value)
    s3fs.S3FileSystem.clear_instance_cache()
