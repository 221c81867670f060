"""What a person points at: clicks and boxes become objects, and each step goes back."""

from __future__ import annotations

import pytest

from gimp_plugin.cutsmith.plug_in.failure import CutFailed
from gimp_plugin.cutsmith.plug_in.pointing import EXAMPLE, Object, Pointing, objects_of


def test_clicks_belong_to_one_object_until_another_is_begun() -> None:
    pointing = Pointing()
    pointing.click(1, 2, 1)
    pointing.click(3, 4, 0)
    pointing.begin(is_taken_away=False)
    pointing.click(5, 6, 1)
    assert pointing.objects == (Object(((1, 2, 1), (3, 4, 0))), Object(((5, 6, 1),)))


def test_a_box_is_drawn_from_any_corner_and_a_second_one_is_another_object() -> None:
    pointing = Pointing()
    pointing.click(1, 2, 1)
    pointing.drag(50, 60, 10, 20)
    pointing.drag(0, 0, 5, 5)
    assert pointing.objects == (Object(((1, 2, 1),), (10, 20, 50, 60)), Object((), (0, 0, 5, 5)))


def test_what_is_taken_away_is_taken_from_something() -> None:
    pointing = Pointing()
    pointing.begin(is_taken_away=True)
    pointing.click(1, 2, 1)
    pointing.begin(is_taken_away=True)
    pointing.drag(0, 0, 5, 5)
    pointing.drag(7, 7, 9, 9)
    assert [each.is_taken_away for each in pointing.objects] == [False, True, True]


def test_each_step_goes_back_and_clearing_too() -> None:
    pointing = Pointing()
    seen = []
    for step in (lambda: pointing.click(1, 2, 1), lambda: pointing.drag(0, 0, 5, 5), pointing.clear):
        seen.append(pointing.objects)
        step()
    for before in reversed(seen):
        assert pointing.can_be_undone
        pointing.undo()
        assert pointing.objects == before
    assert not pointing.can_be_undone
    pointing.undo()
    assert pointing.objects == ()


def test_the_text_for_scripts_goes_there_and_back() -> None:
    objects = objects_of(EXAMPLE)
    assert objects == (Object(((120, 80, 1), (140, 95, 0))), Object((), (10, 20, 90, 70), is_taken_away=True))
    assert Pointing(EXAMPLE).as_text() == EXAMPLE
    assert objects_of(Pointing("1.25,2; ; box 1,2,3,4 5,6").as_text()) == (
        Object(((1.2, 2, 1),)),
        Object(((5, 6, 1),), (1, 2, 3, 4)),
    )


@pytest.mark.parametrize(
    "text",
    ["here", "1", "1,2,3,4,5", "1,2,7", "box", "box 1,2,3", "minus", "box 1,2,3,4 box 1,2,3,4", "nan,2", "1e9,2"],
)
def test_another_text_is_refused_with_an_example(text) -> None:
    with pytest.raises(CutFailed, match="must look like") as refused:
        objects_of(text)
    assert text[:20] in str(refused.value)


def test_loaded_or_reset_settings_are_followed_and_can_be_undone() -> None:
    pointing = Pointing()
    pointing.click(3, 4, 1)
    assert not pointing.follow("3,4"), "it was said by the click itself"
    assert pointing.follow("")
    assert pointing.objects == ()
    pointing.undo()
    assert pointing.as_text() == "3,4"
    assert pointing.follow("box 1,2,30,40; minus 5,6")
    assert pointing.as_text() == "box 1,2,30,40; minus 5,6"
    with pytest.raises(CutFailed):
        pointing.follow("here")
    assert pointing.as_text() == "box 1,2,30,40; minus 5,6"
