"""Models: handed in and taken, or loaded once and kept, the last used longest, under a bound of bytes."""

from __future__ import annotations

from threading import Thread
from time import sleep

import numpy as np
import pytest

from cutsmith import ModelPool, Models, Picture, Request, cut_out, find_detections
from cutsmith.detection import loading as detection_loading
from cutsmith.errors import BadOption, NotInstalled, WeightsMissing
from cutsmith.models.store import Store
from cutsmith.options import Runtime
from cutsmith.pipeline.loading import Held, load_models
from cutsmith.protocols import Loaded
from cutsmith.removal import loading as removal_loading
from cutsmith.segmentation import loading as segmentation_loading
from tests.core.stand_ins import LeftHalf, TwoMugs, WholeBox

PICTURE = Picture(np.full((40, 60, 3), 90, np.uint8))


class NothingIsLoaded(ModelPool):
    """A pool that fails the test where it is asked for a model."""

    def _loaded(self, key, load):
        raise AssertionError(f"{key} was loaded")


@pytest.fixture
def empty_store(tmp_path, monkeypatch) -> Store:
    """A store of a user without weights."""
    monkeypatch.setattr("cutsmith.models.store.data_folder", lambda: tmp_path / "data")
    return Store({"XDG_DATA_HOME": str(tmp_path)})


@pytest.fixture
def networks(tiny_network):
    """Three networks of about the same size, and what one weighs."""
    files = [tiny_network(64, sigmoid=True, seed=number, name=f"tiny{number}.onnx") for number in range(3)]
    return [str(path) for path in files], max(path.stat().st_size for path in files)


def test_a_model_is_loaded_once_for_the_same_arguments(networks) -> None:
    (one, other, _), size = networks
    pool = ModelPool()
    first, _ = pool.remover(Runtime(model=one, threads=1))
    assert pool.remover(Runtime(model=one, threads=1, device="cpu", max_pixels=5, segmenter="x"))[0] is first
    assert pool.remover(Runtime(model=other, threads=1))[0] is not first
    assert pool.remover(Runtime(model=one, threads=2))[0] is not first
    assert pool.remover(Runtime(model=one, threads=1, engine="onnxruntime"))[0] is not first
    assert pool.remover(Runtime(model=one, threads=1))[0] is first
    assert len(pool.held()) == 4
    assert pool.held()[0] == Held("remover", one, pool.held()[0].bytes)
    assert 0 < pool.held()[0].bytes <= size


def test_under_a_bound_of_bytes_the_least_recently_used_goes(networks) -> None:
    (a, b, c), size = networks
    pool = ModelPool(most_bytes=2 * size)
    first, _ = pool.remover(Runtime(model=a))
    second, _ = pool.remover(Runtime(model=b))
    assert [each.name for each in pool.held()] == [b, a], "the last used first"
    assert pool.remover(Runtime(model=a))[0] is first
    assert [each.name for each in pool.held()] == [a, b]
    pool.remover(Runtime(model=c))
    assert [each.name for each in pool.held()] == [c, a]
    assert pool.remover(Runtime(model=a))[0] is first
    assert pool.remover(Runtime(model=b))[0] is not second, "it was let go of"


def test_the_last_is_kept_however_large_it_is(networks) -> None:
    (a, b, _), _ = networks
    pool = ModelPool(most_bytes=1)
    first, _ = pool.remover(Runtime(model=a))
    assert pool.remover(Runtime(model=a))[0] is first
    pool.remover(Runtime(model=b))
    assert [each.name for each in pool.held()] == [b]


def test_what_is_forgotten_is_loaded_again(networks) -> None:
    (a, *_), _ = networks
    pool = ModelPool()
    first, _ = pool.remover(Runtime(model=a))
    pool.forget()
    assert pool.held() == []
    assert pool.remover(Runtime(model=a))[0] is not first


def test_a_model_that_cannot_be_loaded_is_not_kept(empty_store) -> None:
    pool = ModelPool(store=empty_store)
    with pytest.raises(WeightsMissing):
        pool.remover(Runtime())
    assert pool.held() == []


def test_the_default_model_is_held_as_such_with_its_warnings(monkeypatch) -> None:
    remover, asked = LeftHalf(), []

    def load(model, **options):
        asked.append((model, options))
        return Loaded(remover, ("It is the smaller one.",), 7)

    monkeypatch.setattr(removal_loading, "load_remover", load)
    store = Store({})
    pool = ModelPool(store=store)
    assert pool.remover(Runtime(threads=2)) == (remover, ("It is the smaller one.",))
    assert pool.remover(Runtime(threads=2)) == (remover, ("It is the smaller one.",)), "told again"
    assert asked == [(None, {"engine": "auto", "device": "auto", "threads": 2, "store": store})]
    assert pool.held() == [Held("remover", "default", 7)]


def test_each_kind_has_arguments_of_its_own(monkeypatch) -> None:
    asked = []

    def loader(kind):
        def load(name, **options):
            asked.append((kind, name, options["device"], options["threads"]))
            return Loaded(kind, (), 1)

        return load

    monkeypatch.setattr(detection_loading, "load_detector", loader("detector"))
    monkeypatch.setattr(segmentation_loading, "load_segmenter", loader("segmenter"))
    pool = ModelPool()
    runtime = Runtime(detector="dino", segmenter="sam", device="cpu", threads=3, model="ignored")
    for _ in range(2):
        assert pool.detector(runtime)[0] == "detector"
        assert pool.segmenter(runtime)[0] == "segmenter"
    assert asked == [("detector", "dino", "cpu", 3), ("segmenter", "sam", "cpu", 3)]
    assert [(each.kind, each.name) for each in pool.held()] == [("segmenter", "sam"), ("detector", "dino")]


def test_two_threads_that_want_one_model_load_it_once(monkeypatch) -> None:
    loads = []

    def load(model, **options):
        loads.append(model)
        sleep(0.1)
        return Loaded(LeftHalf())

    monkeypatch.setattr(removal_loading, "load_remover", load)
    pool = ModelPool()
    threads = [Thread(target=pool.remover, args=(Runtime(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == [None]


# ---- models that are handed in


def test_a_remover_that_is_handed_in_is_taken() -> None:
    remover = LeftHalf()
    cut = cut_out(
        PICTURE, models=Models(remover=remover, warnings=("A word on it.",)), pool=NothingIsLoaded(), matting="none"
    )
    assert len(remover.seen) == 1
    assert cut.alpha[:, :30].min() == 1
    assert cut.alpha[:, 30:].max() == 0
    assert cut.warnings == ("A word on it.",)
    assert {"model": "left half", "weights": "left.onnx", "matting": "none"}.items() <= cut.provenance.items()


@pytest.mark.parametrize("prompt", [{"box": (5, 5, 25, 35)}, {"points": [(10, 10)]}])
def test_a_segmenter_that_is_handed_in_is_taken(prompt) -> None:
    segmenter, remover = WholeBox(), LeftHalf()
    cut = cut_out(PICTURE, models=Models(remover=remover, segmenter=segmenter), pool=NothingIsLoaded(), **prompt)
    assert len(segmenter.asked) == 1
    assert remover.seen == []
    assert cut.provenance["segmenter"] == "whole box"
    assert "model" not in cut.provenance, "the remover did not run"


def test_a_detector_that_is_handed_in_is_taken() -> None:
    detector, segmenter = TwoMugs(), WholeBox()
    models = Models(detector=detector, segmenter=segmenter)
    cut = cut_out(PICTURE, text="mug", models=models, pool=NothingIsLoaded())
    assert detector.asked == [("mug",)]
    assert [each.label for each in cut.objects] == ["mug", "mug"]
    assert [round(each.score, 3) for each in cut.objects] == [0.9, 0.6]
    assert (cut.provenance["detector"], cut.provenance["segmenter"]) == ("two mugs", "whole box")
    found = find_detections(PICTURE, "mug", models=models, pool=NothingIsLoaded(), box_threshold=0.7)
    assert [round(each.score, 3) for each in found.found] == [0.9]
    assert {"detector": "two mugs", "text": "mug", "box_threshold": "0.7", "text_threshold": "0.25"}.items() <= (
        found.provenance.items()
    )
    assert {"matting", "foreground", "segmenter"}.isdisjoint(found.provenance), "nothing was cut out"


def test_a_detector_says_nothing_where_there_are_no_words() -> None:
    detector = TwoMugs()
    cut_out(PICTURE, box=(5, 5, 25, 35), models=Models(detector=detector, segmenter=WholeBox()), pool=NothingIsLoaded())
    assert detector.asked == []


@pytest.mark.parametrize("request_of", [{"segmenter": "subject-in-box"}, {}])
def test_a_remover_that_is_handed_in_cuts_boxes_where_there_is_no_sam2(request_of, empty_store) -> None:
    remover = LeftHalf()
    empty = ModelPool(store=empty_store)
    cut = cut_out(PICTURE, models=Models(remover=remover), pool=empty, box=(10, 5, 50, 35), **request_of)
    assert len(remover.seen) == 1
    assert empty.held() == []
    assert cut.provenance["segmenter"] == "subject-in-box"
    assert cut.provenance["model"] == "left half"
    assert any(each.startswith("SAM 2 is not used") for each in cut.warnings) == (not request_of)


def test_clicks_need_sam2_and_say_what_is_missing(empty_store) -> None:
    empty = ModelPool(store=empty_store)
    with pytest.raises(NotInstalled, match="Points and rough masks need SAM 2"):
        load_models(Request.of(points=[(1, 2)]), Models(remover=LeftHalf()), empty)
    with pytest.raises(BadOption, match="subject-in-box takes a box or words") as caught:
        load_models(Request.of(points=[(1, 2)], segmenter="subject-in-box"), Models(remover=LeftHalf()), empty)
    assert caught.value.option == "segmenter"


def test_provenance_is_that_of_every_model() -> None:
    assert Models().provenance() == {}
    models = Models(LeftHalf(), TwoMugs(), WholeBox())
    assert models.provenance() == {
        "model": "left half",
        "weights": "left.onnx",
        "detector": "two mugs",
        "segmenter": "whole box",
    }
