"""The trainer on a tiny random network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutsmith.errors import BadOption
from cutsmith.finetuning import training
from cutsmith.finetuning.training import TrainingSettings
from tests.core.finetuning.trained import Listener, changed, examples, network_of, tensors, trainer

pytestmark = pytest.mark.torch

SETTINGS = TrainingSettings(epochs=3, batch=4, learning_rate=1e-3, seconds_between_states=0.0)


class Interrupted(Exception):
    pass


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    return examples(tmp_path_factory.mktemp("pictures"))


def run(checkpoint, learned, folder, settings=SETTINGS, listener=None):
    network = network_of(checkpoint)
    ended = trainer(network, learned[:8], learned[8:], folder, settings).run(listener or Listener())
    return network, ended


@pytest.fixture(scope="module")
def uninterrupted(tiny_sam2, learned, tmp_path_factory):
    return run(tiny_sam2, learned, tmp_path_factory.mktemp("whole"))


def test_only_the_prompt_encoder_and_the_decoder_are_trained(tiny_sam2, uninterrupted) -> None:
    names = changed(tensors(network_of(tiny_sam2)), tensors(uninterrupted[0]))
    assert names
    assert all(name.startswith(("sam_prompt_encoder.", "sam_mask_decoder.")) for name in names)
    assert not any(".conv_s" in name or "gaussian" in name for name in names)


def test_the_base_is_looked_at_before_the_first_step(uninterrupted) -> None:
    _, ended = uninterrupted
    assert [report.epoch for report in ended.reports] == [0, 1, 2, 3]
    assert np.isnan(ended.reports[0].loss)
    assert ended.ended == "All 3 epochs are done."


def test_the_best_epochs_weights_are_kept(tiny_sam2, learned, tmp_path) -> None:
    network = network_of(tiny_sam2)
    before = tensors(network)
    run_ = trainer(network, learned[:8], learned[8:], tmp_path, SETTINGS)
    falling = iter([0.9, 0.5, 0.4, 0.3])
    run_._watched_iou = lambda: next(falling)
    ended = run_.run(Listener())
    assert ended.best.epoch == 0
    assert not changed(before, tensors(network))


@pytest.mark.parametrize("stop", [1, 4, 5])
def test_a_run_that_was_interrupted_goes_on_to_the_same_weights(
    tiny_sam2, learned, uninterrupted, tmp_path, stop
) -> None:
    def interrupt(steps: int) -> None:
        if steps == stop:
            raise Interrupted

    with pytest.raises(Interrupted):
        run(tiny_sam2, learned, tmp_path, listener=Listener(interrupt))
    network, ended = run(tiny_sam2, learned, tmp_path)
    assert not changed(tensors(uninterrupted[0]), tensors(network))
    losses = [[report.loss for report in each.reports[1:]] for each in (ended, uninterrupted[1])]
    assert losses[0] == losses[1]


def test_a_finished_run_is_not_done_again(tiny_sam2, learned, tmp_path) -> None:
    first, _ = run(tiny_sam2, learned, tmp_path)
    listener = Listener()
    again, ended = run(tiny_sam2, learned, tmp_path, listener=listener)
    assert (listener.steps, ended.ended) == (0, "All 3 epochs are done.")
    assert not changed(tensors(first), tensors(again))


def test_another_run_in_the_same_place_is_refused(tiny_sam2, learned, tmp_path) -> None:
    run(tiny_sam2, learned, tmp_path, replace(SETTINGS, epochs=1))
    with pytest.raises(BadOption, match="of other pictures, another base or other settings"):
        run(tiny_sam2, learned, tmp_path, replace(SETTINGS, epochs=1, seed=1))


def test_it_ends_where_nothing_is_gained(tiny_sam2, learned, tmp_path) -> None:
    network = network_of(tiny_sam2)
    run_ = trainer(network, learned[:8], learned[8:], tmp_path, replace(SETTINGS, epochs=20, patience=2))
    run_._watched_iou = lambda: 0.5
    ended = run_.run(Listener())
    assert len(ended.reports) == 3
    assert ended.ended == "The last 2 epochs were no better than epoch 0."
    assert ended.reports[-1].learning_rate < ended.reports[1].learning_rate * 2


def test_time_that_is_used_up_ends_it_and_more_time_goes_on(tiny_sam2, learned, tmp_path) -> None:
    _, ended = run(tiny_sam2, learned, tmp_path, replace(SETTINGS, seconds=1e-9))
    assert ended.ended == "The time of 0 s was used up."
    _, ended = run(tiny_sam2, learned, tmp_path)
    assert ended.ended == "All 3 epochs are done."


def test_a_loss_that_is_no_number_ends_it_with_the_last_good_weights(tiny_sam2, learned, tmp_path, monkeypatch) -> None:
    before = tensors(network_of(tiny_sam2))
    sound = training.prompting.drawn_plan
    network = network_of(tiny_sam2)
    run_ = trainer(network, learned[:8], learned[8:], tmp_path, SETTINGS)

    def spoilt(generator):
        if run_._standing.epoch == 1:
            network.sam_mask_decoder.iou_token.weight.data.fill_(float("nan"))
        return sound(generator)

    monkeypatch.setattr(training.prompting, "drawn_plan", spoilt)
    ended = run_.run(Listener())
    assert ended.went_wrong
    assert ended.ended.startswith("The loss became nan in epoch 2, step 1 (p")
    assert all(np.isfinite(values).all() for values in tensors(network).values())
    assert len(ended.reports) == 2
    assert ended.best.epoch or not changed(before, tensors(network))
