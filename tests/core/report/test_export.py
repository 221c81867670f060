"""The zip: which results it holds, whole or not at all."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest

from cutsmith.batch.manifest import MANIFEST
from cutsmith.batch.manifest_rows import ResultRow
from cutsmith.errors import BadManifest, NothingToExport, OutputExists, OutputRefused, PictureNotFound
from cutsmith.report.export import TABLE, export
from tests.core.report.made_batch import RIM, MadeBatch, small_batch


@pytest.fixture
def batch(tmp_path):
    made = small_batch(tmp_path)
    made.say("rings/a.jpg", "rejected")  # Cutsmith accepts it
    made.say("rings/b.jpg", "accepted")  # Cutsmith doubts it
    return made


@pytest.mark.parametrize(
    ("which", "names"),
    [
        ("accepted", ["rings/b.png", "mugs/e10.png"]),
        ("reviewed", ["rings/b.png"]),
        ("all", ["rings/a.png", "rings/b.png", "rings/c.png", "mugs/d.png", "mugs/e10.png", "mugs/e9.png"]),
    ],
)
def test_the_zip_holds_the_chosen_results_as_they_are(batch, tmp_path, which, names) -> None:
    written = export(batch.out, tmp_path / "shop.zip", which=which)
    assert (written.pictures, written.left_out) == (len(names), 6 - len(names))
    with zipfile.ZipFile(written.path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*names, TABLE]
        for name in names:
            assert archive.read(name) == (batch.out / name).read_bytes()
            assert archive.getinfo(name).compress_type == zipfile.ZIP_STORED


def test_all_objects_of_a_picture_and_what_lies_beside_are_in_the_zip(tmp_path) -> None:
    batch = MadeBatch(tmp_path)
    batch.add("a.jpg", outputs=("a.png", "a-2.png"))
    (batch.out / "a-2.png").write_bytes(b"the second object")
    (tmp_path / "report.html").write_bytes(b"a report")
    path = export(batch.out, tmp_path / "shop.zip", beside=[tmp_path / "report.html"]).path
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["a.png", "a-2.png", "report.html", TABLE]
        assert archive.read("a-2.png") == b"the second object"
        assert archive.read("report.html") == b"a report"


def test_what_lies_beside_is_exported_even_without_a_result(tmp_path) -> None:
    batch = MadeBatch(tmp_path)
    batch.fail("a.jpg")
    (tmp_path / "report.html").write_bytes(b"a report")
    path = export(batch.out, tmp_path / "shop.zip", beside=[tmp_path / "report.html"]).path
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["report.html", TABLE]


def test_the_table_says_whose_verdict_it_is(batch, tmp_path) -> None:
    path = export(batch.out, tmp_path / "shop.zip").path
    with zipfile.ZipFile(path) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read(TABLE).decode("utf-8-sig"))))
    assert [(row["output"], row["verdict"], row["verdict_by"], row["uncertainty"]) for row in rows] == [
        ("rings/b.png", "accepted", "person", "0.9000"),
        ("mugs/e10.png", "accept", "Cutsmith", "0.2000"),
    ]
    assert rows[0]["input"] == str(batch.shop / "rings/b.jpg")
    assert rows[0]["reasons"].startswith(RIM)


def test_no_cell_is_a_formula(tmp_path) -> None:
    batch = MadeBatch(tmp_path)
    batch.add("a.jpg", reasons=["=HYPERLINK(1)"])
    batch.add("b.jpg", reasons=["-1+cmd|' /C x'!A0"])
    batch.add("-12.jpg", reasons=["-12 is a name."])
    with zipfile.ZipFile(export(batch.out, tmp_path / "x.zip").path) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read(TABLE).decode("utf-8-sig"))))
    assert [row["reasons"] for row in rows] == ["'=HYPERLINK(1)", "'-1+cmd|' /C x'!A0", "-12 is a name."]


def test_nothing_to_export_is_told(tmp_path) -> None:
    batch = MadeBatch(tmp_path)
    batch.add("a.jpg", verdict="review")
    with pytest.raises(NothingToExport, match="nobody accepted a result") as caught:
        export(batch.out, tmp_path / "x.zip")
    assert caught.value.exit_code == 4
    assert not (tmp_path / "x.zip").exists()


def test_an_existing_file_stays(batch, tmp_path) -> None:
    target = tmp_path / "x.zip"
    target.write_text("mine")
    with pytest.raises(OutputExists):
        export(batch.out, target)
    assert target.read_text() == "mine"
    export(batch.out, target, overwrite=True)
    assert zipfile.is_zipfile(target)


@pytest.mark.parametrize("name", ["rings/b.png", MANIFEST])
def test_what_is_exported_is_never_written_over(batch, name) -> None:
    before = (batch.out / name).read_bytes()
    with pytest.raises(OutputRefused):
        export(batch.out, batch.out / name, overwrite=True)
    assert (batch.out / name).read_bytes() == before


def test_a_result_that_is_gone_stops_it_and_leaves_nothing(batch, tmp_path) -> None:
    (batch.out / "rings/b.png").unlink()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(PictureNotFound, match=r"Results are missing in .*: rings/b\.png\."):
        export(batch.out, tmp_path / "x.zip")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_failure_half_way_leaves_the_old_zip(batch, tmp_path, monkeypatch) -> None:
    target = export(batch.out, tmp_path / "x.zip").path
    before = target.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cutsmith.report.export.shutil.copyfileobj", fail)
    with pytest.raises(OutputRefused, match="No space left"):
        export(batch.out, target, overwrite=True)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["x.zip"]


def test_a_result_outside_of_the_batch_is_refused(tmp_path) -> None:
    batch = MadeBatch(tmp_path)
    (tmp_path / "secret.png").touch()
    batch.write(ResultRow("a", "done", "../secret.png", quality={"verdict": "accept"}))
    with pytest.raises(BadManifest, match="outside"):
        export(batch.out, tmp_path / "x.zip")
