"""What says where the subject is: boxes, points, masks, words."""

from __future__ import annotations

import numpy as np

from cutsmith import cut_out
from cutsmith.geometry import checked_box
from tests.doors.catalogue import (
    COMMAND_LINE,
    SELECTION,
    WORDS,
    fails,
    picture,
)


@fails("A box that is inverted")
def _(folder):
    checked_box((60, 50, 20, 10), 100, 80)


@fails("A box without area")
def _(folder):
    checked_box((20, 10, 20, 50), 100, 80)


@fails("A box outside the picture")
def _(folder):
    checked_box((200, 10, 300, 50), 100, 80)


@fails("A box that is not four numbers")
def _(folder):
    checked_box((1, 2, 3), 100, 80)


@fails("A box on the command line that is not four numbers", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.option_text import parse_box

    parse_box("40,60,wide")


@fails("A point outside the picture")
def _(folder):
    from cutsmith.segmentation.prompts import checked_points

    checked_points([(240, 180)], 100, 80, alone=True)


@fails("A point with a label of 2")
def _(folder):
    from cutsmith.segmentation.prompts import checked_points

    checked_points([(24, 18, 2)], 100, 80, alone=True)


@fails("A point that is not numbers")
def _(folder):
    from cutsmith.segmentation.prompts import checked_points

    checked_points([("left", "top")], 100, 80, alone=True)


@fails("No point on the subject")
def _(folder):
    from cutsmith.segmentation.prompts import checked_points

    checked_points([(24, 18, 0)], 100, 80, alone=True)


@fails("A point on the command line that is one number", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.option_text import parse_point

    parse_point("24")


@fails("More prompts than one picture may have")
def _(folder):
    from cutsmith.protocols import Prompt
    from cutsmith.segmentation.prompts import MAX_PROMPTS, checked_prompts

    checked_prompts([Prompt(box=(1, 1, 9, 9))] * (MAX_PROMPTS + 1), 100, 80)


@fails("A prompt that points at nothing")
def _(folder):
    from cutsmith.protocols import Prompt
    from cutsmith.segmentation.prompts import checked_prompts

    checked_prompts([Prompt()], 100, 80)


@fails("A rough mask of another size", SELECTION)
def _(folder):
    from cutsmith.arrays import checked_mask

    checked_mask(np.zeros((40, 50), np.float32), (80, 100))


@fails("A rough mask with values beyond 1", SELECTION)
def _(folder):
    from cutsmith.arrays import checked_mask

    checked_mask(np.full((80, 100), 7, np.float32), (80, 100))


@fails("A selection that is empty", SELECTION)
def _(folder):
    from cutsmith.segmentation.selection_prompt import prompt_of_selection

    prompt_of_selection(np.zeros((80, 100), np.float32), 100, 80, with_points=True)


@fails("A point, and a segmenter that takes boxes alone")
def _(folder):
    cut_out(picture(), points=[(24, 18)], segmenter="subject-in-box")


@fails("Words that name nothing", WORDS)
def _(folder):
    cut_out(picture(), text="..., ;")


@fails("Words in another script", WORDS)
def _(folder):
    cut_out(picture(), text="кружка")


@fails("Words and a box together", WORDS)
def _(folder):
    cut_out(picture(), text="red mug", box=(1, 2, 30, 40))


@fails("A box threshold beyond 1", WORDS)
def _(folder):
    cut_out(picture(), text="red mug", box_threshold=7)


@fails("A text threshold that is not a number", WORDS)
def _(folder):
    cut_out(picture(), text="red mug", text_threshold=float("nan"))


@fails("No detections at all are allowed", WORDS)
def _(folder):
    cut_out(picture(), text="red mug", max_detections=0)


@fails("A choice among objects that does not exist", WORDS)
def _(folder):
    cut_out(picture(), text="red mug", objects="first")


@fails("A choice among objects without words")
def _(folder):
    cut_out(picture(), objects="best")
