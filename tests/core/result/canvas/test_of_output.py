"""The frame that the options of an output describe, with its preset, and what goes with nothing else."""

from __future__ import annotations

import pytest

from cutsmith.errors import BadOption
from cutsmith.output import Output
from cutsmith.result.canvas.of_output import frame_of, settled
from cutsmith.result.canvas.settings import Canvas


def test_without_an_option_there_is_no_frame() -> None:
    plain = Output(background="white", quality=80)
    assert frame_of(plain) is None
    assert settled(plain) is plain


def test_a_preset_gives_what_was_not_given() -> None:
    frame = frame_of(Output(preset="amazon"))
    assert (frame.preset.name, frame.canvas) == ("amazon", Canvas("2000x2000", 0.9))
    own = frame_of(Output(preset="amazon", canvas="1000x1000", fill=0.8, position="bottom", shadow=True))
    assert own.canvas == Canvas("1000x1000", 0.8, None, "bottom", shadow=True)
    assert frame_of(Output(preset="amazon", margin="5%")).canvas.fill is None


def test_a_preset_gives_a_background_unless_there_is_one() -> None:
    assert settled(Output(preset="amazon")).background == "#ffffff"
    assert settled(Output(preset="amazon", background="gray")).background == "gray"
    assert settled(Output(preset="amazon", mask_only=True)).background == "transparent"
    assert settled(Output(canvas="100x100")).background == "transparent"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"canvas": "100x100", "detections_only": True}, "nothing is cut out"),
        ({"preset": "amazon", "detections_only": True}, "nothing is cut out"),
        ({"shadow": True, "mask_only": True}, "no shadow"),
        ({"canvas": "100x100", "background": "blur"}, "blurred background ends"),
        ({"crop": True, "background": "blur"}, "blurred background ends"),
        ({"preset": "amazon", "crop": True}, "gives the size of the result"),
        ({"preset": "amazn"}, "one of amazon"),
        ({"fill": 0.5}, "no canvas was given"),
        ({"position": "top"}, "no canvas was given"),
        ({"margin": "5%"}, "the frame stays the picture's own"),
    ],
)
def test_what_excludes_each_other_is_refused(values, told) -> None:
    with pytest.raises(BadOption, match=told) as caught:
        settled(Output(**values))
    assert caught.value.cures


@pytest.mark.parametrize(
    "values",
    [
        {"canvas": "100x100", "mask_only": True},
        {"shadow": True, "background": "blur"},
        {"crop": True, "margin": "5%", "shadow": True},
        {"preset": "ebay", "margin": "20px", "position": "top"},
    ],
)
def test_what_goes_together_is_taken(values) -> None:
    settled(Output(**values))
    assert frame_of(Output(**values)) is not None
