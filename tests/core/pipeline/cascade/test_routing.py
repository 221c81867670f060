"""In doubt better ways are tried, and the best is kept; what each brought is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutsmith import Models, cut_out
from cutsmith.errors import Cancelled, NotInstalled, SubjectNotFound
from cutsmith.pipeline.cascade.other_way import Opened, OtherWay
from cutsmith.quality import reasons
from cutsmith.result.as_json import cutout_as_json

SIDE = 320
PLAIN = {"matting": "none", "foreground": "none", "cascade": True}


def disc(radius: float = 80) -> np.ndarray:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return (np.hypot(rows - SIDE / 2, columns - SIDE / 2) < radius).astype(np.float32)


def picture() -> np.ndarray:
    """A blue disc on a white ground."""
    noise = np.random.default_rng(3).normal(0, 1.5, (SIDE, SIDE, 3))
    colours = np.where(disc()[..., None] > 0, (40, 70, 160), (246, 246, 244)) + noise
    return np.clip(colours, 0, 255).astype(np.uint8)


def blue(image: np.ndarray) -> np.ndarray:
    """The truth, from the colours."""
    return (image[..., 0] < 140).astype(np.float32)


class Doubting:
    """A remover that is undecided about whole pictures, unless `sure_of` the kind that it is shown."""

    def __init__(self, *sure_of: str, name: str = "isnet-general-use") -> None:
        self.name = name
        self.sure_of = sure_of
        self.asked: list[str] = []

    def provenance(self):
        return {"model": self.name}

    def soft_mask(self, image):
        height = image.shape[0]
        kind = "crop" if height < SIDE else "padded" if height > SIDE else self._first_or_mirrored()
        self.asked.append(kind)
        truth = blue(image)
        return truth if kind in self.sure_of else np.clip(truth * 0.35 + 0.3, 0, 1).astype(np.float32)

    def _first_or_mirrored(self) -> str:
        return "mirrored" if "first" in self.asked else "first"


def steps_of(cut) -> list[tuple[str, str, bool]]:
    return [(step.name, step.quality.verdict, step.is_kept) for step in cut.steps]


def test_a_sure_first_look_is_all_that_is_taken() -> None:
    remover = Doubting("first")
    cut = cut_out(picture(), models=Models(remover=remover), **PLAIN)
    assert steps_of(cut) == [("first look", "accept", True)]
    assert remover.asked == ["first"]
    assert cut.quality.verdict == "accept"


def test_without_the_cascade_there_are_no_steps() -> None:
    cut = cut_out(picture(), models=Models(remover=Doubting("first")), matting="none", foreground="none")
    assert cut.steps == ()
    assert "cascade" not in cut.provenance


def test_a_second_look_that_is_sure_ends_it() -> None:
    remover = Doubting("mirrored")
    cut = cut_out(picture(), models=Models(remover=remover), **PLAIN)
    assert steps_of(cut)[0] == ("first look", "review", False)
    assert steps_of(cut)[1][0] == "second look"
    assert cut.second_look.taken == "mirrored"


def test_what_both_looks_doubt_is_looked_at_in_its_box() -> None:
    remover = Doubting("crop")
    cut = cut_out(picture(), models=Models(remover=remover), segmenter="subject-in-box", **PLAIN)
    assert [name for name, _, _ in steps_of(cut)] == ["first look", "second look", "another way"]
    assert steps_of(cut)[-1][2]
    assert sorted(remover.asked) == ["crop", "first", "mirrored", "padded"]
    np.testing.assert_array_equal(cut.alpha, disc())


def test_the_best_is_kept_and_no_worse_one() -> None:
    cut = cut_out(picture(), models=Models(remover=Doubting()), segmenter="subject-in-box", **PLAIN)
    kept = [step for step in cut.steps if step.is_kept]
    assert len(kept) == 1
    later = [step.quality.uncertainty for step in cut.steps if step.name != "first look"]
    assert kept[0].quality.uncertainty == min(later)
    assert cut.quality.verdict == "review"


@pytest.mark.parametrize(("looks", "names"), [("1", ["first look"]), ("3", ["first look", "second look"])])
def test_the_number_of_looks_is_the_users(looks, names) -> None:
    cut = cut_out(picture(), models=Models(remover=Doubting("first", "mirrored", "padded")), looks=looks, **PLAIN)
    assert [step.name for step in cut.steps] == names


class Segmenter:
    """Gives one mask, and says how good it is."""

    name = "sam2.1-hiera-small"
    takes_points = True

    def __init__(self, mask: np.ndarray, predicted_iou: float = 0.95) -> None:
        self.mask, self.predicted_iou, self.stability = mask, predicted_iou, 0.97
        self.prompts: list = []

    def provenance(self):
        return {"segmenter": self.name}

    def segment(self, image, prompts, watch=None):
        self.prompts += prompts
        return [self]

    def soft_mask(self):
        return self.mask

    def uncut(self):
        return None


def test_sam_2_is_asked_with_the_box_and_points_inside_and_confirms() -> None:
    segmenter = Segmenter(disc())
    remover = Doubting()
    cut = cut_out(picture(), models=Models(remover=remover, segmenter=segmenter), **PLAIN)
    (prompt,) = segmenter.prompts
    assert prompt.box == (81, 81, 240, 240)
    assert prompt.points
    assert steps_of(cut)[-1] == ("another way", "accept", True)
    assert cut.quality.verdict == "accept"
    assert cut.quality.uncertainty is None, "nothing is known of SAM 2's masks"
    np.testing.assert_array_equal(cut.alpha, disc())
    assert cut.objects == (), "nobody asked for a box"


def test_a_model_that_finds_something_else_does_not_end_the_doubt() -> None:
    cut = cut_out(picture(), models=Models(remover=Doubting(), segmenter=Segmenter(disc(40))), **PLAIN)
    assert steps_of(cut)[-1][1] == "review"
    assert reasons.ANOTHER_SUBJECT in cut.steps[-1].quality.reasons
    assert cut.quality.verdict == "review"


def test_the_other_way_is_opened_only_in_doubt() -> None:
    def refuse():
        raise NotInstalled("It is not here.")

    sure = Models(remover=Doubting("first"), other_way=OtherWay(refuse))
    assert cut_out(picture(), models=sure, **PLAIN).quality.verdict == "accept"
    with pytest.raises(NotInstalled):
        cut_out(picture(), models=replace(sure, remover=Doubting()), **PLAIN)


def test_the_other_way_is_opened_once() -> None:
    opened = []

    def open_it():
        opened.append(1)
        return Opened(Segmenter(disc()), None)

    models = Models(remover=Doubting(), other_way=OtherWay(open_it))
    for _ in range(2):
        cut_out(picture(), models=models, **PLAIN)
    assert len(opened) == 1


def test_where_nothing_is_found_there_is_no_box_to_ask_with() -> None:
    class Blind(Doubting):
        def soft_mask(self, image):
            return np.zeros(image.shape[:2], np.float32)

    segmenter = Segmenter(disc())
    with pytest.raises(SubjectNotFound):
        cut_out(picture(), models=Models(remover=Blind(), segmenter=segmenter), **PLAIN)
    assert segmenter.prompts == []


def test_it_ends_between_two_ways_where_nobody_wants_the_result() -> None:
    begun: list[str] = []
    segmenter = Segmenter(disc())
    with pytest.raises(Cancelled):
        cut_out(
            picture(),
            models=Models(remover=Doubting(), segmenter=segmenter),
            on_stage=begun.append,
            cancelled=lambda: "second look" in begun,
            **PLAIN,
        )
    assert begun[-1] == "second look"
    assert segmenter.prompts == []


def test_every_step_is_told() -> None:
    cut = cut_out(picture(), models=Models(remover=Doubting(), segmenter=Segmenter(disc())), **PLAIN)
    assert cut.provenance["cascade"].startswith("first look: review (")
    assert cut.provenance["cascade"].endswith("another way: accept, kept")
    told = cutout_as_json(cut)["steps"]
    assert [step["step"] for step in told] == ["first look", "second look", "another way"]
    assert told[-1]["model"] == "sam2.1-hiera-small"
    assert told[-1]["kept"]
    assert all(step["seconds"] >= 0 for step in told)
    assert "Dice" in told[-1]["told"]
