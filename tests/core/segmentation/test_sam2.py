"""SAM 2 in the engine: embeddings are kept, prompts keep their order, checkpoints load back, devices are followed."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith.errors import DeviceOutOfMemory, ModelUnusable, UnknownModel, WeightsDamaged, WeightsMissing
from cutsmith.protocols import Point, Prompt
from cutsmith.segmentation.loading import load_segmenter, why_no_segmenter

pytestmark = pytest.mark.torch

GENERATOR = np.random.default_rng(3)
PICTURE = GENERATOR.integers(0, 256, (97, 131, 3), dtype=np.uint8)
BOX = Prompt(box=(20, 10, 90, 70))


@pytest.fixture
def segmenter(tiny_sam2):
    return load_segmenter(str(tiny_sam2), device="cpu").model


@pytest.fixture
def encoded(segmenter, monkeypatch):
    """How often the image encoder ran."""
    calls = []
    encode = segmenter.module.forward_image
    monkeypatch.setattr(segmenter.module, "forward_image", lambda batch: calls.append(1) or encode(batch))
    return calls


def test_the_second_click_on_a_picture_does_not_encode_again(segmenter, encoded):
    first = segmenter.segment(PICTURE, [Prompt(points=(Point(30, 30),))])[0]
    again = segmenter.segment(PICTURE.copy(), [Prompt(points=(Point(30, 30),))])[0]
    segmenter.segment(PICTURE, [Prompt(points=(Point(60, 50),))])
    assert len(encoded) == 1
    np.testing.assert_array_equal(first.soft_mask(), again.soft_mask())


def test_another_picture_is_encoded_even_if_it_differs_by_one_value_or_by_its_shape(segmenter, encoded):
    segmenter.segment(PICTURE, [BOX])
    changed = PICTURE.copy()
    changed[0, 0, 0] ^= 1
    segmenter.segment(changed, [BOX])
    segmenter.segment(PICTURE.reshape(131, 97, 3), [BOX])
    assert len(encoded) == 3


def test_only_a_few_embeddings_are_kept_and_they_can_be_forgotten(segmenter, encoded):
    pictures = [np.full((40, 50, 3), value, np.uint8) for value in range(4)]
    for picture in [*pictures, *pictures[:1]]:
        segmenter.segment(picture, [Prompt(box=(5, 5, 30, 30))])
    assert len(encoded) == 5
    segmenter.segment(pictures[0], [Prompt(box=(5, 5, 30, 30))])
    assert len(encoded) == 5
    segmenter.forget_pictures()
    segmenter.segment(pictures[0], [Prompt(box=(5, 5, 30, 30))])
    assert len(encoded) == 6


def test_prompts_of_all_forms_together_give_what_each_gives_alone_in_their_order(segmenter):
    rough = np.zeros(PICTURE.shape[:2], np.float32)
    rough[20:60, 30:80] = 1
    prompts = [
        BOX,
        Prompt(points=(Point(50, 40),)),
        Prompt(mask=rough),
        Prompt(box=(0, 0, 131, 97)),
        Prompt(points=(Point(50, 40), Point(3, 3, 0))),
        Prompt(box=(20, 10, 90, 70), points=(Point(3, 3, 0),), mask=rough),
        Prompt(points=(Point(9, 9),)),
    ] + [Prompt(box=(x, 5, x + 30, 60)) for x in range(20)]
    together = segmenter.segment(PICTURE, prompts)
    for prompt, segment in zip(prompts, together, strict=True):
        alone = segmenter.segment(PICTURE, [prompt])[0]
        np.testing.assert_allclose(segment.soft_mask(), alone.soft_mask(), atol=1e-5)
        assert segment.predicted_iou == pytest.approx(alone.predicted_iou, abs=1e-5)


def test_a_soft_mask_is_a_probability_at_the_pictures_size_with_a_stability(segmenter):
    segment = segmenter.segment(PICTURE, [BOX])[0]
    mask = segment.soft_mask()
    assert mask.shape == PICTURE.shape[:2]
    assert mask.dtype == np.float32
    assert 0 <= mask.min() <= mask.max() <= 1
    assert 0 <= segment.stability <= 1
    logits = segment.low_resolution_logits
    assert segment.stability == pytest.approx((logits > 1).sum() / max((logits > -1).sum(), 1))


def test_no_prompts_give_no_segments_and_run_nothing(segmenter, encoded):
    assert segmenter.segment(PICTURE, []) == []
    assert encoded == []


def test_a_checkpoint_that_is_written_again_gives_identical_masks(segmenter, tiny_sam2, tmp_path):
    import torch

    copy = tmp_path / "copy.pt"
    torch.save({"model": segmenter.module.state_dict()}, copy)
    copy.with_suffix(".toml").write_bytes(tiny_sam2.with_suffix(".toml").read_bytes())
    other = load_segmenter(str(copy), device="cpu").model
    np.testing.assert_array_equal(
        segmenter.segment(PICTURE, [BOX])[0].logits(), other.segment(PICTURE, [BOX])[0].logits()
    )


def test_provenance_names_checkpoint_and_device(segmenter, tiny_sam2):
    assert segmenter.provenance() == {
        "segmenter": str(tiny_sam2),
        "segmenter_weights": tiny_sam2.name,
        "segmenter_device": "cpu",
    }


def test_it_runs_where_a_host_has_moved_the_module(segmenter):
    # There is no second device on this machine but "meta", which computes shapes alone: enough to see who follows.
    segmenter.module.to("meta")
    assert str(segmenter.device) == "meta"
    assert segmenter.provenance()["segmenter_device"] == "meta"
    assert segmenter._encode(PICTURE).coarse.device.type == "meta"


def test_a_full_memory_is_told_with_what_to_try(segmenter, monkeypatch):
    import torch

    def full(batch):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nlong explanation")

    monkeypatch.setattr(segmenter.module, "forward_image", full)
    with pytest.raises(DeviceOutOfMemory, match=r"Tried to allocate 2\.00 GiB") as caught:
        segmenter.segment(PICTURE, [BOX])
    assert ("segmenter", "sam2.1-hiera-tiny") in [(cure.option, cure.value) for cure in caught.value.cures]


def test_tensors_that_are_missing_unexpected_or_misshapen_are_told_in_one_line(tiny_sam2, tmp_path):
    import torch

    tensors = torch.load(tiny_sam2, weights_only=True)["model"]
    del tensors["no_mem_embed"]
    tensors["stranger"] = torch.zeros(1)
    tensors["maskmem_tpos_enc"] = torch.zeros(2, 2)
    path = tmp_path / "wrong.pt"
    torch.save({"model": tensors}, path)
    path.with_suffix(".toml").write_bytes(tiny_sam2.with_suffix(".toml").read_bytes())
    with pytest.raises(ModelUnusable) as caught:
        load_segmenter(str(path), device="cpu")
    (line,) = caught.value.what.splitlines()
    for told in ("1 missing (no_mem_embed)", "1 unexpected (stranger)", "1 of another shape (maskmem_tpos_enc (2, 2)"):
        assert told in line


def test_a_truncated_checkpoint_is_damaged(tiny_sam2, tmp_path):
    whole = tiny_sam2.read_bytes()
    path = tmp_path / "truncated.pt"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsDamaged, match="not a complete checkpoint"):
        load_segmenter(str(path), device="cpu")


def test_unknown_names_wrong_kinds_and_missing_weights_are_each_a_typed_error(tmp_path, monkeypatch):
    from cutsmith.models.store import Store

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    store = Store({})
    with pytest.raises(UnknownModel, match="There is no file"):
        load_segmenter(str(tmp_path / "none.pt"), store=store)
    with pytest.raises(UnknownModel) as caught:
        load_segmenter("sam2.1-hiera-tyni", store=store)
    assert "sam2.1-hiera-tiny" in caught.value.remedy
    with pytest.raises(UnknownModel, match="is a remover"):
        load_segmenter("isnet-general-use", store=store)
    with pytest.raises(WeightsMissing, match="not on this machine") as missing:
        load_segmenter("sam2.1-hiera-tiny", store=store)
    assert missing.value.model == "sam2.1-hiera-tiny"
    why = why_no_segmenter(store)
    assert isinstance(why, WeightsMissing)
    assert "cutsmith models fetch sam2.1-hiera-small" in why.remedy


def test_every_segmenter_of_the_catalogue_is_of_a_kind_that_can_be_opened():
    from cutsmith.models.catalogue import of_kind
    from cutsmith.segmentation.loading import SEGMENTERS, kind_of

    assert {kind_of(entry) for entry in of_kind("segmenter").values()} == set(SEGMENTERS)
