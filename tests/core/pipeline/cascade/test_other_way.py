"""What the cascade asks in doubt: SAM 2, else the next removal model that is here, else the same one on a crop."""

from __future__ import annotations

import pytest

from cutsmith.models.catalogue import find_entry
from cutsmith.models.store import Store
from cutsmith.options import Runtime
from cutsmith.pipeline.cascade.other_way import other_way
from cutsmith.pipeline.loading import ModelPool
from tests.core.stand_ins import LeftHalf, WholeBox


class Here(Store):
    """A store that has the weights of these models."""

    def __init__(self, *names: str) -> None:
        super().__init__({})
        self.names = names

    def find(self, entry):
        return object() if entry.name in self.names else None


class Named(LeftHalf):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class Pool(ModelPool):
    def remover(self, runtime):
        return Named(runtime.model), ()


@pytest.mark.parametrize(
    ("used", "here", "taken"),
    [
        ("isnet-general-use", ("isnet-general-use",), "isnet-general-use"),
        ("isnet-general-use-fp16", ("isnet-general-use",), "isnet-general-use-fp16"),
        ("isnet-general-use-fp16", ("u2net", "birefnet-general-lite"), "birefnet-general-lite"),
        ("u2net", ("u2net", "isnet-general-use-fp16"), "isnet-general-use-fp16"),
        ("birefnet-general", ("birefnet-general", "u2net"), "u2net"),
    ],
)
def test_without_sam_2_the_next_best_removal_model_is_asked(used, here, taken) -> None:
    way = other_way(Runtime(), Named(used), None, Pool(store=Here(*here)))
    segmenter, network = way.opened()
    assert segmenter.name == "subject-in-box"
    assert network == taken
    assert way.provenance()["other_way_model"] == taken


def test_a_segmenter_that_is_open_already_goes_first() -> None:
    segmenter = WholeBox()
    opened = other_way(Runtime(), Named("u2net"), segmenter, Pool(store=Here("isnet-general-use"))).opened()
    assert opened.segmenter is segmenter
    assert opened.network is None


def test_every_removal_model_that_is_tried_is_in_the_catalogue() -> None:
    from cutsmith.pipeline.cascade.other_way import _REMOVERS

    assert all(find_entry(name, "remover") for name in _REMOVERS)
