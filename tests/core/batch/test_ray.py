"""A batch on Ray: the same results and the same manifest as in threads, whoever is killed meanwhile.

One Ray serves all tests of this module, since it takes ten seconds and more to start.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
from PIL import Image

from cutsmith import Models, Request
from cutsmith.batch.catalogue import Catalogue, locked, planned, worked_off
from cutsmith.batch.cutting import Cutter
from cutsmith.batch.manifest import Manifest, ManifestWriter
from cutsmith.batch.manifest_rows import start_row
from cutsmith.batch.on_ray.cluster import connected
from cutsmith.batch.on_ray.failures import ClusterUnreachable, NotShared, WorkerDiffers
from cutsmith.batch.on_ray.place import marked
from cutsmith.batch.on_ray.shares import shares
from cutsmith.batch.weights import Weights
from cutsmith.errors import BadOption, ExtraMissing
from tests.core.stand_ins import Deadly, LeftHalf, Slow

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="the extra [ray] is not installed"),
]

REQUEST = Request.of(matting="none", foreground="none", looks="1")
# What differs from run to run.
TIMES = {"seconds", "stages", "at"}


@pytest.fixture(scope="module")
def cluster():
    with connected("local") as ray:
        yield ray


@pytest.fixture
def shop(tmp_path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    for number in range(12):
        Image.new("RGB", (60 + number, 40), (20 * number, 20, 200)).save(folder / f"{number:02}.png")
    return folder


def catalogue(
    shop: Path, name: str, remover: LeftHalf | None = None, ray: str | None = "local", workers: int = 2
) -> Catalogue:
    weights = Weights(given=Models(remover=remover or LeftHalf()))
    return Catalogue([str(shop)], REQUEST, Cutter(shop.parent / name, weights=weights), workers=workers, ray=ray)


def run(catalogue: Catalogue) -> list:
    with locked(catalogue.cutter.folder):
        return list(worked_off(catalogue, planned(catalogue)))


def in_threads(shop: Path, name: str = "calm") -> dict[str, bytes]:
    run(catalogue(shop, name, ray=None))
    return files(shop.parent / name)


def files(folder: Path) -> dict[str, bytes]:
    """All that a batch has left, but its manifest, its lock and the report."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("manifest.jsonl", "lock")
    }


def told(folder: Path) -> dict[str, dict]:
    """The last row of each input, without what differs from run to run."""
    latest = Manifest(folder).latest().results
    return {
        name: {field: value for field, value in row.as_json().items() if field not in TIMES}
        for name, row in latest.items()
    }


def rows_of(folder: Path) -> Counter[str]:
    return Counter(row["input"] for row in Manifest(folder).rows() if row["row"] == "result")


def workers() -> list[psutil.Process]:
    """The processes that cut out."""
    children = psutil.Process().children(recursive=True)
    return [each for each in children if "MapWorker" in " ".join(each.cmdline())]


def test_results_and_rows_are_those_of_threads(cluster, shop) -> None:
    (shop / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    (shop / "empty.png").write_bytes(b"")
    expected = in_threads(shop)
    rows = run(catalogue(shop, "ray"))
    assert Counter(row.status for row in rows) == {"done": 12, "failed": 2}
    assert len(expected) == 12 * 3, "each with its two thumbnails"
    assert files(shop.parent / "ray") == expected
    assert told(shop.parent / "ray") == told(shop.parent / "calm")
    assert set(rows_of(shop.parent / "ray").values()) == {1}
    starts = [row["input"] for row in Manifest(shop.parent / "ray").rows() if row["row"] == "start"]
    assert sorted(starts) == sorted(row.input for row in rows), "each told before its work, and once"
    assert run(catalogue(shop, "ray")) == []
    assert run(catalogue(shop, "ray", ray=None)) == [], "what is done counts for threads, too"


def test_a_killed_worker_costs_no_picture(cluster, shop, capfd) -> None:
    expected = in_threads(shop)
    killed = 0
    given = catalogue(shop, "ray", Slow(0.3))
    with locked(given.cutter.folder):
        for count, _ in enumerate(worked_off(given, planned(given))):
            if count in (1, 5):
                victim = workers()[0]
                victim.send_signal(signal.SIGKILL)
                killed += 1
            for name, data in files(shop.parent / "ray").items():
                assert not name.endswith(".png") or data == expected[name], "no truncated file under its final name"
    assert killed == 2
    assert files(shop.parent / "ray") == expected
    assert told(shop.parent / "ray") == told(shop.parent / "calm")
    assert set(rows_of(shop.parent / "ray").values()) == {1}
    assert "".join(capfd.readouterr()) == "", "Ray says nothing of it: standard output may be our JSON"


def test_a_picture_that_ends_its_worker_each_time_is_a_failed_row(cluster, shop) -> None:
    Image.new("RGB", (50, 40), (77, 20, 200)).save(shop / "deadly.png")
    rows = {Path(row.input).name: row for row in run(catalogue(shop, "ray", Deadly(), workers=1))}
    assert len(rows) == 13
    assert [name for name, row in rows.items() if row.status != "done"] == ["deadly.png"]
    error = rows["deadly.png"].error
    assert error["type"] == "WorkerLost"
    assert "was ended 3 times" in error["what"]
    assert run(catalogue(shop, "ray", Deadly())) == []


def test_what_a_killed_worker_has_written_is_its_own_and_what_others_have_written_is_not(cluster, shop) -> None:
    foreign, ours = (shop.parent / "ray" / name for name in ("00.png", "01.png"))
    with ManifestWriter(shop.parent / "ray") as manifest:
        manifest.append(start_row(str(shop / "01.png"), "01.png"))
    for path in (foreign, ours):
        path.write_bytes(b"there")
    rows = {Path(row.input).name: row for row in run(catalogue(shop, "ray", workers=1))}
    assert rows["00.png"].error["type"] == "OutputExists"
    assert foreign.read_bytes() == b"there"
    assert rows["01.png"].status == "done"
    assert ours.read_bytes() == in_threads(shop)["01.png"]


def test_a_caller_that_stops_asking_leaves_the_rest_for_the_next_call(cluster, shop) -> None:
    expected = in_threads(shop)
    given = catalogue(shop, "ray", Slow(0.1), workers=1)
    with locked(given.cutter.folder):
        going = worked_off(given, planned(given))
        names = {next(going).input for _ in range(3)}
        going.close()
    again = run(given)
    assert names.isdisjoint(row.input for row in again)
    assert files(shop.parent / "ray") == expected


def test_relative_paths_mean_the_same_to_workers(cluster, shop, monkeypatch) -> None:
    monkeypatch.chdir(shop.parent)
    cutter = Cutter(Path("ray"), weights=Weights(given=Models(remover=LeftHalf())))
    rows = run(Catalogue(["shop"], REQUEST, cutter, workers=1, ray="local"))
    assert {row.status for row in rows} == {"done"}
    assert len(list((shop.parent / "ray").glob("*.png"))) == 12


class Elsewhere(LeftHalf):
    """Another network in each process but the first, as on a machine with other weights."""

    def __reduce__(self):
        return Other, ()


class Other(LeftHalf):
    name = "another"


def test_a_worker_with_other_weights_ends_the_batch(cluster, shop) -> None:
    with pytest.raises(WorkerDiffers, match="model is another there"):
        run(catalogue(shop, "ray", Elsewhere(), workers=1))
    assert not list((shop.parent / "ray").glob("*.png"))


def test_a_folder_that_a_machine_does_not_see_is_told(tmp_path) -> None:
    (tmp_path / "here").mkdir()
    with marked(tmp_path / "here") as place:
        place.enter()
        with pytest.raises(NotShared, match="does not see the folder of results"):
            replace(place, sign="of another batch, whose folder has the same name there").enter()
    with pytest.raises(NotShared):
        place.enter()


@pytest.mark.parametrize(
    ("address", "kind"), [("127.0.0.1:9", ClusterUnreachable), ("ray://here", BadOption), ("here", BadOption)]
)
def test_an_address_at_which_nobody_answers_is_told_before_any_work(shop, address: str, kind: type) -> None:
    began = time.monotonic()
    with pytest.raises(kind, match=address):
        planned(replace(catalogue(shop, "ray"), ray=address))
    assert time.monotonic() - began < 6


def test_without_ray_the_extra_is_named(shop, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ExtraMissing, match=r'pip install "cutsmith\[ray\]"'):
        planned(catalogue(shop, "ray"))


@pytest.mark.parametrize(
    ("machines", "wanted", "expected"),
    [
        ([2], None, (2, 1)),
        ([16], None, (4, 4)),
        ([1], None, (1, 1)),
        ([8, 4, 4], None, (4, 4)),
        ([8, 2], 3, (3, 2)),
        ([6, 6], 4, (4, 3)),
        ([2], 8, (8, 0.25)),
        ([], None, (1, 1)),
    ],
)
def test_cores_are_parted_so_that_no_worker_stands_on_two_machines(machines, wanted, expected) -> None:
    assert shares(machines, wanted) == expected


def test_ray_listens_to_nobody_but_this_machine(cluster) -> None:
    here = psutil.Process()
    ours = {each.pid for each in (here, *here.children(recursive=True))}
    heard = [each.laddr.ip for each in psutil.net_connections("inet") if each.pid in ours and each.status == "LISTEN"]
    assert heard
    assert {ip.removeprefix("::ffff:") for ip in heard} <= {"127.0.0.1", "::1"}


# A batch on a Ray of its own.
SCRIPT = """
import sys
from pathlib import Path
from tests.core.batch.test_ray import catalogue, locked, planned, worked_off
from tests.core.stand_ins import Slow

given = catalogue(Path(sys.argv[1]), "ray", Slow(0.2))
with locked(given.cutter.folder):
    for row in worked_off(given, planned(given)):
        print("row", flush=True)
print("ended", flush=True)
"""


def test_a_killed_driver_leaves_no_process_and_the_next_call_ends_its_work(cluster, shop) -> None:
    expected = in_threads(shop)
    driver = psutil.Popen([sys.executable, "-c", SCRIPT, str(shop)], stdout=subprocess.PIPE, text=True)
    assert [driver.stdout.readline() for _ in range(3)] == ["row\n"] * 3
    # Two that look after Ray itself try for a minute to tell that it is gone, and end then.
    others = [each for each in driver.children(recursive=True) if not each.name().endswith("Agent")]
    driver.send_signal(signal.SIGKILL)
    driver.stdout.close()
    driver.wait()
    _, alive = psutil.wait_procs(others, timeout=20)
    assert len(others) > 3
    assert not alive
    for name, data in files(shop.parent / "ray").items():
        assert not name.endswith(".png") or data == expected[name], "no truncated file under its final name"
    run(catalogue(shop, "ray"))
    assert files(shop.parent / "ray") == expected
    assert set(rows_of(shop.parent / "ray").values()) == {1}
    assert told(shop.parent / "ray") == told(shop.parent / "calm")
