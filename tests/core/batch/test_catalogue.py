"""A batch: each picture once, whatever happens to it, to the process, or to the one before."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutsmith import Models, Request
from cutsmith.batch.catalogue import Catalogue, FolderInUse, counted, locked, planned, worked_off
from cutsmith.batch.cutting import Cutter
from cutsmith.batch.manifest import Manifest, ManifestWriter
from cutsmith.batch.manifest_rows import ReviewRow
from cutsmith.batch.weights import Weights
from cutsmith.batch.writing import Writing
from cutsmith.errors import NotInstalled, WeightsMissing
from cutsmith.output import Output
from tests.core.stand_ins import LeftHalf, Nothing

REQUEST = Request.of(matting="none", foreground="none", looks="1")


def make(path: Path, colour: int = 90, size: tuple[int, int] = (60, 40)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (colour, 20, 200)).save(path)
    return path


@pytest.fixture
def shop(tmp_path) -> Path:
    for number in range(4):
        make(tmp_path / "shop" / "rings" / f"{number}.png", 40 * number)
    make(tmp_path / "shop" / "A.JPG")
    return tmp_path / "shop"


@pytest.fixture
def catalogue(shop, tmp_path) -> Catalogue:
    weights = Weights(given=Models(remover=LeftHalf()))
    return Catalogue([str(shop)], REQUEST, Cutter(tmp_path / "out", weights=weights))


def run(catalogue: Catalogue) -> list:
    with locked(catalogue.cutter.folder):
        return list(worked_off(catalogue, planned(catalogue)))


def files(folder: Path) -> dict[str, bytes]:
    """The results below `folder`."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.png"))
        if ".cutsmith" not in path.parts
    }


def test_folders_and_names_are_kept_and_each_picture_has_one_row(catalogue, tmp_path) -> None:
    rows = run(catalogue)
    assert {row.output for row in rows} == {"A.png", *(f"rings/{number}.png" for number in range(4))}
    assert set(files(tmp_path / "out")) == {row.output for row in rows}
    state = Manifest(tmp_path / "out").latest()
    assert dict(state.results) == {row.input: row for row in rows}
    assert counted(rows)["done"] == 5
    row = rows[0]
    assert row.quality is not None
    assert row.quality["verdict"] in ("accept", "review")
    assert {"read", "mask", "quality", "write"} <= set(row.stages)
    assert (row.width, row.height, row.model) == (60, 40, "left half")
    before, after = (
        tmp_path / "out" / ".cutsmith" / "thumbnails" / row.key[:2] / f"{row.key}-{which}.webp"
        for which in ("before", "after")
    )
    assert Image.open(before).mode == "RGB"
    assert Image.open(after).getpixel((50, 20))[3] == 0


def test_what_is_done_is_not_done_again(catalogue, tmp_path) -> None:
    run(catalogue)
    model = LeftHalf()
    again = replace(catalogue, cutter=replace(catalogue.cutter, weights=Weights(given=Models(remover=model))))
    plan = planned(again)
    assert (len(plan.units), len(plan.finished)) == (0, 5)
    assert run(again) == []
    assert not model.seen


@pytest.mark.parametrize(
    "change", ["picture", "request", "written otherwise", "result gone", "result cut short", "another network"]
)
def test_what_has_changed_is_done_again(catalogue, shop, tmp_path, change: str) -> None:
    run(catalogue)
    expected = 5
    if change == "picture":
        make(shop / "A.JPG", 200)
        expected = 1
    elif change == "request":
        catalogue = replace(catalogue, request=REQUEST.updated({"mask_blur": 2.0}))
    elif change == "written otherwise":
        writing = Writing(Output(mask_only=True))
        catalogue = replace(catalogue, cutter=replace(catalogue.cutter, writing=writing))
    elif change == "another network":
        other = LeftHalf()
        other.name = "another"
        catalogue = replace(catalogue, cutter=replace(catalogue.cutter, weights=Weights(given=Models(remover=other))))
    else:
        result = tmp_path / "out" / "A.png"
        result.write_bytes(b"cut short") if change == "result cut short" else result.unlink()
        expected = 1
    rows = run(catalogue)
    assert len(rows) == expected
    assert {row.status for row in rows} == {"done"}
    assert run(catalogue) == []


def test_a_picture_with_another_time_and_the_same_bytes_keeps_its_result(catalogue, shop, tmp_path) -> None:
    run(catalogue)
    written = (tmp_path / "out" / "A.png").stat().st_mtime_ns
    os.utime(shop / "A.JPG", ns=(1, 1))
    (row,) = run(catalogue)
    assert row.status == "done"
    assert (tmp_path / "out" / "A.png").stat().st_mtime_ns == written
    assert run(catalogue) == []


def test_bad_pictures_are_rows_with_reasons_and_stop_nothing(catalogue, shop) -> None:
    (shop / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    (shop / "empty.png").write_bytes(b"")
    make(shop / "thin.png", size=(1, 1))
    rows = {Path(row.input).name: row for row in run(catalogue)}
    assert len(rows) == 8
    assert {name for name, row in rows.items() if row.status == "failed"} >= {"broken.jpg", "empty.png"}
    for name in ("broken.jpg", "empty.png"):
        assert name in rows[name].error["what"]
        assert rows[name].output is None
    assert run(catalogue) == [], "they are not tried at each call"
    again = run(replace(catalogue, retry_failed=True))
    assert {Path(row.input).name for row in again} == {name for name, row in rows.items() if row.status != "done"}
    make(shop / "empty.png", 7)
    assert [row.status for row in run(catalogue)] == ["done"], "a file that was mended is tried by itself"


def test_nothing_found_is_told_as_such(catalogue) -> None:
    catalogue = replace(catalogue, cutter=replace(catalogue.cutter, weights=Weights(given=Models(remover=Nothing()))))
    assert {row.status for row in run(catalogue)} == {"nothing found"}


def test_a_bug_in_one_picture_is_its_row(catalogue) -> None:
    class Broken(LeftHalf):
        def soft_mask(self, image):
            if image[0, 0, 0] == 80:
                raise RuntimeError("a bug")
            return super().soft_mask(image)

    catalogue = replace(catalogue, cutter=replace(catalogue.cutter, weights=Weights(given=Models(remover=Broken()))))
    failed = [row for row in run(catalogue) if row.status == "failed"]
    assert [row.error["type"] for row in failed] == ["RuntimeError"]
    assert "a bug" in failed[0].error["what"]


def test_missing_weights_end_the_batch_before_any_picture(catalogue, tmp_path, monkeypatch) -> None:
    def missing(*_: object) -> None:
        raise WeightsMissing("isnet", "There are no weights.")

    cutter = replace(catalogue.cutter, weights=Weights())
    monkeypatch.setattr(Weights, "models", missing)
    with pytest.raises(NotInstalled):
        planned(replace(catalogue, cutter=cutter))
    assert not (tmp_path / "out").exists()


def test_a_foreign_file_is_never_replaced(catalogue, tmp_path) -> None:
    foreign = tmp_path / "out" / "A.png"
    foreign.parent.mkdir()
    foreign.write_bytes(b"somebody's")
    for again in (False, True):
        run(replace(catalogue, retry_failed=again))
        assert foreign.read_bytes() == b"somebody's"
    row = Manifest(tmp_path / "out").latest().results[str(tmp_path / "shop" / "A.JPG")]
    assert row.error["type"] == "OutputExists"


def test_sources_are_never_changed(catalogue, shop) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in shop.rglob("*.*")}
    run(catalogue)
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in shop.rglob("*.*")}


def test_a_picture_is_never_replaced_by_its_own_result(catalogue, shop, monkeypatch) -> None:
    monkeypatch.chdir(shop / "rings")
    before = files(shop / "rings")
    writing = Writing(Output(overwrite=True))
    cutter = replace(catalogue.cutter, folder=Path(), writing=writing)
    rows = run(replace(catalogue, inputs=["0.png", "1.png"], cutter=cutter))
    assert {row.status for row in rows} == {"failed"}
    assert {row.error["type"] for row in rows} == {"OutputRefused"}
    assert files(shop / "rings") == before


def test_names_that_meet_are_parted_recorded_and_kept(catalogue, shop, tmp_path) -> None:
    make(shop / "a.png", 33)
    rows = {Path(row.input).name: row for row in run(catalogue)}
    assert rows["A.JPG"].output == "A-JPG.png"
    assert rows["a.png"].output == "a-png.png"
    assert "a-png.png" in rows["a.png"].warnings[0]
    before = files(tmp_path / "out")
    make(shop / "rings" / "0.gif", 1)
    (new,) = run(catalogue)
    assert new.output not in before, "what has a name keeps it"
    assert files(tmp_path / "out").items() >= before.items()


def test_a_limit_leaves_the_rest_for_the_next_call(catalogue) -> None:
    few = replace(catalogue, limit=2)
    assert planned(few).left == 3
    assert [len(run(few)) for _ in range(4)] == [2, 2, 1, 0]


def test_rejected_ones_are_cut_out_again_another_way(catalogue, shop, tmp_path) -> None:
    run(catalogue)
    name = str(shop / "A.JPG")
    row = Manifest(tmp_path / "out").latest().results[name]
    with ManifestWriter(tmp_path / "out") as manifest:
        manifest.append(ReviewRow(name, "rejected", row.key))
    other = replace(catalogue, redo_rejected=True, request=REQUEST.updated({"invert": True}))
    (plan,) = planned(other).units
    assert plan.source == name
    before = files(tmp_path / "out")
    (new,) = run(other)
    after = files(tmp_path / "out")
    assert {path for path in before if before[path] != after[path]} == {row.output} == {new.output}
    assert Manifest(tmp_path / "out").latest().verdict(name) == "undecided", "nobody has seen the new one"
    assert run(other) == []
    assert run(catalogue) == [], "the first way does not come back by itself"


def test_two_batches_in_one_folder_are_refused(catalogue, tmp_path) -> None:
    with locked(tmp_path / "out"):
        script = (
            "import sys; from pathlib import Path; from cutsmith.batch.catalogue import locked, FolderInUse\n"
            "try:\n    locked(Path(sys.argv[1])).__enter__()\nexcept FolderInUse as error:\n    print(error.what)"
        )
        said = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "out")], capture_output=True, text=True, check=True
        )
    assert said.stdout == f"Another batch is working in {tmp_path / 'out'}.\n"
    with locked(tmp_path / "out"):
        pass


def test_a_table_asks_for_each_picture_by_itself(catalogue, shop, tmp_path) -> None:
    table = tmp_path / "products.csv"
    table.write_text(
        "input,sku,folder,mask_offset,invert\n"
        "shop/rings/0.png,ring-0,gold,,\n"
        "shop/rings/1.png,ring-1,gold,,yes\n"
        "shop/rings/2.png,,,many,\n"
    )
    rows = {Path(row.input).name: row for row in run(replace(catalogue, inputs=[str(table)]))}
    assert rows["0.png"].output == "gold/ring-0.png"
    alpha = {
        number: np.asarray(Image.open(tmp_path / "out" / "gold" / f"ring-{number}.png"))[20, 5, 3] for number in (0, 1)
    }
    assert alpha == {0: 255, 1: 0}
    assert rows["2.png"].status == "failed"
    assert "products.csv, line 4" in rows["2.png"].error["what"]
    assert run(replace(catalogue, inputs=[str(table)])) == []


def test_a_row_whose_own_model_is_missing_is_told_once_and_tried_when_it_is_there(catalogue, shop, tmp_path) -> None:
    table = tmp_path / "products.csv"
    table.write_text("input,model\nshop/rings/0.png,\nshop/rings/1.png,missing.onnx\n")

    class Few(Weights):
        missing = True

        def models(self, request):
            if request.runtime.model and self.missing:
                raise WeightsMissing("missing", "There is no missing.onnx.")
            return super().models(request)

    weights = Few(given=Models(remover=LeftHalf()))
    asked = replace(catalogue, inputs=[str(table)], cutter=replace(catalogue.cutter, weights=weights))
    assert sorted(row.status for row in run(asked)) == ["done", "failed"]
    assert run(asked) == []
    assert [row.status for row in run(replace(asked, retry_failed=True))] == ["failed"]
    weights.missing = False
    assert [row.status for row in run(asked)] == ["done"]


# A batch in a process of its own, slow enough to be killed in its midst.
SCRIPT = """
import sys, time
from dataclasses import replace
from pathlib import Path
from cutsmith import Models, Request
from cutsmith.batch.catalogue import Catalogue, locked, planned, worked_off
from cutsmith.batch.cutting import Cutter
from cutsmith.batch.weights import Weights
from tests.core.stand_ins import LeftHalf

class Slow(LeftHalf):
    def soft_mask(self, image):
        time.sleep(0.02)
        return super().soft_mask(image)

request = Request.of(matting="none", foreground="none", looks="1")
cutter = Cutter(Path(sys.argv[2]), weights=Weights(given=Models(remover=Slow())))
catalogue = Catalogue([sys.argv[1]], request, cutter)
with locked(cutter.folder):
    print("begun", flush=True)
    for row in worked_off(catalogue, planned(catalogue)):
        pass
print("ended", flush=True)
"""


@pytest.mark.slow
def test_killed_twenty_times_it_ends_as_if_nothing_had_happened(tmp_path) -> None:
    chance = random.Random(5)
    for number in range(120):
        make(tmp_path / "shop" / f"{number % 3}" / f"{number}.png", number, (40 + number, 50))
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "shop")]
    subprocess.run([*command, str(tmp_path / "calm")], check=True, capture_output=True)
    killed = 0
    for _ in range(20):
        process = subprocess.Popen([*command, str(tmp_path / "wild")], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "begun\n"
        time.sleep(chance.uniform(0, 0.25))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait()
        process.stdout.close()
        for path, data in files(tmp_path / "wild").items():
            assert data == (tmp_path / "calm" / path).read_bytes(), "no truncated file under its final name"
    subprocess.run([*command, str(tmp_path / "wild")], check=True, capture_output=True)
    assert killed >= 10
    assert files(tmp_path / "wild") == files(tmp_path / "calm")
    rows = [row for row in Manifest(tmp_path / "wild").rows() if row["row"] == "result"]
    assert sorted(row["input"] for row in rows) == sorted(map(str, (tmp_path / "shop").rglob("*.png")))
    assert not list((tmp_path / "wild").rglob("*.unfinished"))


@pytest.mark.slow
def test_of_a_thousand_inputs_a_hundred_broken_ones_are_rows(tmp_path, catalogue) -> None:
    shop = tmp_path / "many"
    good = make(tmp_path / "good.png").read_bytes()
    jpeg = make(tmp_path / "good.jpg").read_bytes()
    ways = [
        b"", good[:60], jpeg[:100], b"\x89PNG\r\n\x1a\n" + bytes(40), b"GIF89a", b"RIFF\x10\0\0\0WEBPVP8 ",
        b"text, no picture", good[:8] + b"\0\0\0\rIHDR" + bytes(25), b"BM" + bytes(20), b"II*\0" + bytes(12),
    ]  # fmt: skip
    shop.mkdir()
    for number in range(1000):
        data = ways[number // 10 % 10] if number % 10 == 0 else good
        (shop / f"{number:04}.png").write_bytes(data)
    rows = run(replace(catalogue, inputs=[str(shop)]))
    count = counted(rows)
    assert (count["done"], count["failed"]) == (900, 100)
    assert all(row.error["what"] and row.error["type"] for row in rows if row.status == "failed")
    assert len(files(tmp_path / "out")) == 900
    assert len({json.dumps(row.as_json()) for row in rows}) == 1000
    assert FolderInUse.exit_code == 1


def test_inputs_with_the_same_bytes_share_their_thumbnails_in_peace(catalogue, shop, tmp_path, caplog) -> None:
    for number in range(40):
        make(shop / "same" / f"{number}.png", 5)
    assert counted(run(replace(catalogue, workers=4)))["done"] == 45
    assert not caplog.records
