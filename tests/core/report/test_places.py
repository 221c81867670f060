"""Addresses and paths of what a manifest names; nothing outside the batch is a result."""

from __future__ import annotations

import os
from urllib.parse import unquote, urljoin

import pytest

from cutsmith.batch.manifest_rows import ResultRow
from cutsmith.report.places import address_from, input_path, is_inside, output_path, thumbnail_path

OUTSIDE = [
    "/etc/passwd",
    "../a.png",
    "a/../../b.png",
    "",
    ".",
    "C:\\a.png",
    "C:a.png",
    "\\\\host\\a.png",
    "a\\..\\..\\b",
    "a\0b",
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_lies_outside_is_no_result(tmp_path, name) -> None:
    assert not is_inside(name)
    assert output_path(tmp_path, ResultRow("a", "done", name)) is None


def test_a_result_behind_a_link_that_leads_outside_is_none(tmp_path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "secret.png").touch()
    (out / "a.png").symlink_to(tmp_path / "secret.png")
    (out / "inside.png").touch()
    (out / "b.png").symlink_to(out / "inside.png")
    assert output_path(out, ResultRow("a", "done", "a.png")) is None
    assert output_path(out, ResultRow("a", "done", "b.png")) == out / "b.png"
    assert output_path(out, ResultRow("a", "failed")) is None


def test_an_input_is_a_file_of_this_machine(tmp_path, monkeypatch) -> None:
    (tmp_path / "a b.jpg").touch()
    monkeypatch.chdir(tmp_path)
    assert input_path(ResultRow("a b.jpg", "done")) == tmp_path / "a b.jpg"
    assert input_path(ResultRow((tmp_path / "a b.jpg").as_uri(), "done")) == tmp_path / "a b.jpg"
    for name in ("s3://shop/a.jpg", "https://example.org/a.jpg", "gone.jpg", "a\0b", "file://elsewhere/a b.jpg"):
        assert input_path(ResultRow(name, "done")) is None


@pytest.mark.parametrize("name", ["javascript:alert(1).jpg", "a#b?c%41.jpg", "é \"'<>&.jpg", "\udcff.jpg"])
def test_addresses_lead_back_to_their_files_and_are_never_another_scheme(tmp_path, name) -> None:
    out = tmp_path / "out"
    for folder in (out, tmp_path / "shop"):
        address = address_from(out, folder / name)
        assert address.startswith("./")
        assert set("\"<>#?'") & set(address) == set()
        led = unquote(urljoin(f"{out.as_uri()}/report.html", address), errors="surrogateescape")
        assert led == f"file://{folder}{os.sep}{name}"


@pytest.mark.parametrize("key", [None, "", "ab", "A" * 64, "../" + "a" * 61, "g" * 64])
def test_a_key_that_is_none_has_no_thumbnail(tmp_path, key) -> None:
    assert thumbnail_path(tmp_path, key, "before") is None
    assert (
        thumbnail_path(tmp_path, "ab" * 32, "before")
        == tmp_path / ".cutsmith/thumbnails/ab" / f"{'ab' * 32}-before.webp"
    )
