"""What `cutsmith finetune` shows while it works."""

from __future__ import annotations

import re

import pytest

from cutsmith.cli.finetune_progress import FinetuneProgress
from cutsmith.finetuning.training_state import EpochReport

BEFORE, FIRST = EpochReport(0, float("nan"), 0.14, 1e-4, 0.1), EpochReport(1, 7.25, 0.5, 1e-4, 2.4)


def shown(capsys) -> list[str]:
    """The lines and the states of the bar, without what steers the terminal."""
    captured = capsys.readouterr()
    assert captured.out == ""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", captured.err)
    return [line.strip() for line in re.split(r"[\r\n]+", plain) if line.strip()]


def go_through_all_stages(*, is_shown: bool = True) -> None:
    with FinetuneProgress(shown=is_shown) as progress:
        progress.pictures("encoding")(1, 2)
        progress.tell_epoch(BEFORE)
        progress.tell_step(1, 0.5)
        progress.tell_epoch(FIRST)
        progress.progress(0.25)
        if is_shown:
            progress.warn("The disk is nearly full.")


LINES = [
    "before     watched products: IoU 0.140",
    "epoch   1  loss 7.250  watched products: IoU 0.500  2 s",
    "cutsmith: warning: The disk is nearly full.",
]


def test_a_terminal_has_a_bar_for_each_stage_and_the_epochs_on_lines_of_their_own(capsys, monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    go_through_all_stages()
    lines = shown(capsys)
    assert [line for line in lines if line in LINES] == LINES
    bars = [line for line in lines if line not in LINES]
    for stage, share in (("encoding", 50), ("epoch 1", 50), ("measuring", 25)):
        assert any(re.fullmatch(rf"{stage} \S+ +{share}% \S+", bar) for bar in bars), (stage, bars)


def test_a_file_or_a_pipe_has_the_lines_alone(capsys) -> None:
    go_through_all_stages()
    assert shown(capsys) == LINES


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_process_beside_the_first_shows_nothing(capsys, monkeypatch, is_terminal) -> None:
    if is_terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    go_through_all_stages(is_shown=False)
    assert shown(capsys) == []
