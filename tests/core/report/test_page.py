"""The page as a file: whole, self-contained, and safe against what names say."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from cutsmith.batch.manifest_rows import ResultRow
from cutsmith.errors import BatchMissing, OutputRefused
from cutsmith.report import thumbnails
from cutsmith.report.page import policy, write_report
from cutsmith.report.reading import read_batch
from tests.core.report.made_batch import HOSTILE, RIM, key_of, small_batch


class Page(HTMLParser):
    """The elements of a page, and the text of its scripts and style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within = dict(attrs).get("id") or tag

    def handle_endtag(self, tag) -> None:
        self._within = ""

    def handle_data(self, data) -> None:
        self.texts[self._within] = self.texts.get(self._within, "") + data


def page_of(folder) -> Page:
    return Page(write_report(folder).read_text(encoding="utf-8"))


def test_the_page_carries_the_batch_and_its_thumbnails(tmp_path) -> None:
    batch = small_batch(tmp_path)
    batch.say("rings/b.jpg", "accepted")
    page = page_of(batch.out)
    data = json.loads(page.texts["data"])
    assert data["batch"] == read_batch(batch.out).identity
    assert data["reasons"][0] == RIM
    told = {each["name"]: each for each in data["pictures"]}
    b = told[str(batch.shop / "rings/b.jpg")]
    assert (b["doubt"], b["verdict"], b["said"], b["key"]) == (0.9, "review", "accepted", key_of("rings/b.jpg"))
    assert (b["outputAddress"], b["inputAddress"]) == ("./rings/b.png", "./../shop/rings/b.jpg")
    assert "outputAddress" not in told[str(batch.shop / "mugs/broken.jpg")]
    block = json.loads(page.texts["thumbnails-0"])
    assert len(block) == len(data["pictures"])
    at = data["pictures"].index(b)
    folder = batch.out / ".cutsmith" / "thumbnails" / b["key"][:2]
    assert [base64.b64decode(each) for each in block[at]] == [
        (folder / f"{b['key']}-{side}.webp").read_bytes() for side in ("before", "after")
    ]
    assert block[-1] == ["", ""]


def test_the_page_asks_no_network_and_runs_its_own_program_alone(tmp_path) -> None:
    page = page_of(small_batch(tmp_path).out)
    for tag, attributes in page.elements:
        for name in ("src", "href", "action", "srcset"):
            assert attributes.get(name, "") in ("", "data:,"), (tag, attributes)
        assert not any(name.startswith("on") for name in attributes)
    told = next(each["content"] for tag, each in page.elements if each.get("http-equiv") == "Content-Security-Policy")
    assert told == policy(served=False)
    for element in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(page.texts[element].encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in told
    assert "default-src 'none'" in told
    assert "connect-src 'none'" in told


def test_hostile_names_and_reasons_stay_data(tmp_path) -> None:
    batch = small_batch(tmp_path)
    batch.add("plain.jpg", doubt=1.0, verdict="review", reasons=[HOSTILE, "<!--<script>", "\u2028{{program}}"])
    batch.write(
        ResultRow(HOSTILE, "failed", error={"what": HOSTILE, "remedy": "</style>"}), ResultRow("\udcff", "failed")
    )
    text = write_report(batch.out).read_text(encoding="utf-8")
    page = Page(text)
    assert HOSTILE not in text
    assert "\u2028" not in text
    data = json.loads(page.texts["data"])
    assert {HOSTILE, "<!--<script>", "\u2028{{program}}"} <= set(data["reasons"])
    assert {HOSTILE, "\udcff"} <= {each["name"] for each in data["pictures"]}
    tags = [tag for tag, _ in page.elements]
    clean = [tag for tag, _ in page_of(small_batch(tmp_path / "clean").out).elements]
    assert tags == clean
    assert not re.search(r"\{\{\w+\}\}", re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.S))


def test_strange_rows_do_not_stop_the_page(tmp_path) -> None:
    batch = small_batch(tmp_path)
    batch.write(
        ResultRow(
            "odd", "done", "../outside.png", key="short", quality={"uncertainty": "much", "verdict": 5, "reasons": [3]}
        ),
        ResultRow("odd2", "new status", steps=({"step": 5, "uncertainty": None},), error={"what": 7}),
    )
    told = {each["name"]: each for each in json.loads(page_of(batch.out).texts["data"])["pictures"]}
    assert "outputAddress" not in told["odd"]
    assert told["odd2"]["status"] == "new status"


def test_with_many_pictures_the_page_carries_smaller_ones_and_then_asks_for_them(tmp_path, monkeypatch) -> None:
    batch = small_batch(tmp_path)
    for name in ("rings/a.jpg", "rings/b.jpg", "mugs/d.jpg"):
        batch.thumbnails(key_of(name), (192, 128))
    monkeypatch.setattr(thumbnails, "MOST_AS_THEY_ARE", 3)
    monkeypatch.setattr(thumbnails, "CHUNK", 2)
    monkeypatch.setattr(thumbnails, "MOST_BYTES", 1)
    entries = read_batch(batch.out).entries
    chunks = list(thumbnails.thumbnail_chunks(batch.out, entries))
    assert [len(chunk) for chunk in chunks] == [2, 2, 2, 2]
    from io import BytesIO

    from PIL import Image

    first = base64.b64decode(chunks[0][0][1])  # the most doubtful: mugs/d.jpg
    with Image.open(BytesIO(first)) as small:
        assert (small.size, small.mode) == ((96, 64), "RGBA")
    key = entries[2].result.key
    assert chunks[1][0] == tuple(f"./.cutsmith/thumbnails/{key[:2]}/{key}-{side}.webp" for side in ("before", "after"))


@pytest.mark.parametrize("data", [b"", b"RIFF\0\0\0\0WEBPdamaged", b"<svg onload=x>", b"RIFFxxxxWEBP" + bytes(2 << 20)])
def test_a_damaged_thumbnail_is_left_out_or_harmless(tmp_path, monkeypatch, data) -> None:
    batch = small_batch(tmp_path)
    key = key_of("mugs/d.jpg")
    (batch.out / ".cutsmith/thumbnails" / key[:2] / f"{key}-after.webp").write_bytes(data)
    monkeypatch.setattr(thumbnails, "MOST_AS_THEY_ARE", 0)
    (chunk,) = thumbnails.thumbnail_chunks(batch.out, read_batch(batch.out).entries)
    assert chunk[0][1] == ""
    assert chunk[0][0]


def test_the_page_is_written_anew_and_a_folder_without_a_batch_is_told(tmp_path) -> None:
    batch = small_batch(tmp_path)
    first = write_report(batch.out)
    assert first == batch.out / "report.html"
    batch.add("new.jpg")
    assert "new.jpg" in write_report(batch.out).read_text(encoding="utf-8")
    with pytest.raises(BatchMissing):
        write_report(tmp_path)
    first.unlink()
    first.mkdir()
    with pytest.raises(OutputRefused):
        write_report(batch.out)
