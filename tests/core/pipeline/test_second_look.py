"""A removal model in doubt looks again, and the more decided view is taken unless it lost or swallowed something."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cutsmith import cut_out
from cutsmith.errors import Cancelled
from cutsmith.machine.cancelling import check
from cutsmith.pipeline.loading import Models
from cutsmith.pipeline.looks.choice import chosen, is_in_doubt
from cutsmith.pipeline.looks.decidedness import dice, frame_contact, undecidedness
from cutsmith.pipeline.looks.views import background_colour, mask_of_picture, view_of
from cutsmith.result.as_json import cutout_as_json

SIDE = 60
masks = arrays(np.float32, (12, 9), elements=st.floats(0, 1, width=32))


def disc(inside: float, outside: float = 0.0, *, x: float = SIDE / 2, radius: float = 20) -> np.ndarray:
    rows, columns = np.indices((SIDE, SIDE))
    is_inside = np.hypot(rows - SIDE / 2, columns - x) < radius
    return np.where(is_inside, inside, outside).astype(np.float32)


class Views:
    """A remover with an answer for each view: pictures are told apart by their first pixel and their size."""

    name = "views"

    def __init__(self, first, mirrored=None, padded=None) -> None:
        self.answers = {"first": first, "mirrored": mirrored, "padded": padded}
        self.asked: list[str] = []

    def provenance(self):
        return {"model": self.name}

    def soft_mask(self, image):
        view = "padded" if image.shape[0] > SIDE else "first" if image[0, 0, 0] == 10 else "mirrored"
        self.asked.append(view)
        mask = self.answers[view]
        if view == "mirrored":
            return np.ascontiguousarray(mask[:, ::-1])
        if view == "padded":
            margin = (image.shape[0] - SIDE) // 2
            return np.pad(mask, margin)
        return mask


def picture() -> np.ndarray:
    image = np.full((SIDE, SIDE, 3), 100, np.uint8)
    image[:, : SIDE // 2] = 10
    return image


def look(remover: Views, **options):
    return cut_out(picture(), models=Models(remover=remover), matting="none", **options)


def test_a_sure_mask_is_looked_at_once() -> None:
    remover = Views(disc(1))
    cutout = look(remover)
    assert remover.asked == ["first"]
    assert cutout.second_look is None
    assert "view" not in cutout.provenance


def test_in_doubt_the_more_decided_mirrored_view_is_taken_and_told() -> None:
    remover = Views(disc(0.7), mirrored=disc(0.95))
    cutout = look(remover)
    assert remover.asked == ["first", "mirrored"]  # nothing touches the frame: padding cannot help
    np.testing.assert_array_equal(cutout.soft_mask, disc(0.95))
    assert cutout.provenance["view"] == "mirrored"
    assert cutout.provenance["view_reason"] == "undecidedness 0.05 instead of 0.30"
    assert "second look" in cutout.seconds
    told = cutout_as_json(cutout)["second_look"]
    assert told["taken"] == "mirrored"
    assert told["undecidedness"]["first"] == pytest.approx(0.3)
    assert told["agreement"] == 1
    assert told["are_apart"] is False


def test_a_view_that_is_hardly_more_decided_does_not_stand_in() -> None:
    cutout = look(Views(disc(0.7), mirrored=disc(0.72)))
    assert cutout.second_look.taken == "first"
    np.testing.assert_array_equal(cutout.soft_mask, disc(0.7))


def at_the_frame(inside: float, contact: int) -> np.ndarray:
    """A subject on the bottom edge, where `contact` pixels of it touch the frame."""
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[20:, (SIDE - contact) // 2 : (SIDE + contact) // 2] = inside
    return mask


@pytest.mark.parametrize(
    ("padded", "taken"),
    [
        (at_the_frame(0.98, 30), "padded"),
        (np.pad(at_the_frame(0.98, 30)[:-3], ((0, 3), (0, 0))), "first"),  # it let go of the frame
        (np.full((SIDE, SIDE), 0.99, np.float32), "first"),  # it took the whole photograph
    ],
)
def test_a_padded_view_keeps_the_frame_and_does_not_swallow_the_picture(padded, taken) -> None:
    remover = Views(at_the_frame(0.7, 30), mirrored=at_the_frame(0.7, 30), padded=padded)
    cutout = look(remover)
    assert sorted(remover.asked) == ["first", "mirrored", "padded"]
    assert cutout.second_look.taken == taken


@pytest.mark.parametrize("looks", ["1", 1])
def test_one_look_is_one_look(looks) -> None:
    remover = Views(disc(0.7), mirrored=disc(0.95))
    look(remover, looks=looks)
    assert remover.asked == ["first"]


def test_three_looks_are_taken_of_a_sure_mask_too_and_tell_that_views_are_apart() -> None:
    elsewhere = disc(1, x=12, radius=9)
    remover = Views(disc(1), mirrored=elsewhere, padded=disc(1))
    cutout = look(remover, looks=3)
    assert sorted(remover.asked) == ["first", "mirrored", "padded"]
    assert cutout.second_look.are_apart
    assert cutout.provenance["views"] == "apart, though each is sure"
    assert cutout.second_look.taken == "first"


@pytest.mark.parametrize("cancel_in", ["first", "mirrored"])
def test_a_cancelled_run_ends_a_network_that_is_running_and_waits_for_it(cancel_in) -> None:
    class Slow(Views):
        running = 0

        def soft_mask(self, image):
            mask = super().soft_mask(image)
            if self.asked[-1] == cancel_in:
                self.running += 1
                try:
                    for _ in range(500):
                        check()
                        time.sleep(0.01)
                finally:
                    self.running -= 1
            return mask

    remover = Slow(disc(0.7), mirrored=disc(0.95))
    with pytest.raises(Cancelled):
        look(remover, cancelled=lambda: cancel_in in remover.asked)
    assert remover.running == 0


@given(masks)
def test_measures_of_a_mask_are_in_range_and_do_not_change_in_the_mirror(mask) -> None:
    mirrored = np.ascontiguousarray(mask[:, ::-1])
    assert undecidedness(mask) == pytest.approx(undecidedness(mirrored), rel=1e-5)
    assert frame_contact(mask, 0.5) == frame_contact(mirrored, 0.5)
    assert 0 <= frame_contact(mask, 0.1) <= 1
    assert 0 <= dice(mask, mirrored) <= 1
    assert dice(mask, mask) == 1


@given(masks, masks, masks)
def test_what_is_taken_is_never_less_decided_than_the_first_view(first, mirrored, padded) -> None:
    views = {"first": first, "mirrored": mirrored, "padded": padded}
    doubts = {name: undecidedness(mask) for name, mask in views.items()}
    assert doubts[chosen(views, doubts)] <= doubts["first"]


@given(arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(3))))
def test_a_view_leads_back_to_the_picture(image) -> None:
    for name in ("first", "mirrored", "padded"):
        view = view_of(image, name)
        mask = view[..., 0].astype(np.float32)
        np.testing.assert_array_equal(mask_of_picture(mask, name, image.shape), image[..., 0])


def test_the_margin_has_the_backgrounds_colour() -> None:
    image = np.full((40, 40, 3), (200, 100, 50), np.uint8)
    image[30:, 5:35] = 0
    np.testing.assert_array_equal(background_colour(image), (200, 100, 50))
    np.testing.assert_array_equal(view_of(image, "padded")[0, 0], (200, 100, 50))


def test_an_empty_mask_is_in_doubt_and_a_hard_one_is_not() -> None:
    assert is_in_doubt(np.zeros((5, 5), np.float32))
    assert not is_in_doubt(disc(1))
