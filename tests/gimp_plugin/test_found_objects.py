"""What words have found: a click leaves an object out or takes it again, and the cut goes by those that are chosen."""

from __future__ import annotations

from gimp_plugin.cutsmith.plug_in.found_objects import FoundObject, found_objects, toggled
from gimp_plugin.cutsmith.plug_in.settings import Settings

TOLD = [
    {"box": [0.0, 0.0, 100.0, 80.0], "label": "table", "score": 0.812},
    {"box": [10.0, 10.0, 30.0, 30.0], "label": "mug", "score": 0.4},
]
FOUND = found_objects(TOLD)
WORDS = Settings(what="words", prompt="mug, table", edge="off", result="channel", model="dino")


def chosen(found: tuple[FoundObject, ...]) -> list[str]:
    return [each.label for each in found if each.is_chosen]


def test_all_that_is_found_is_chosen_and_told_in_words() -> None:
    assert chosen(FOUND) == ["table", "mug"]
    assert [each.caption for each in FOUND] == ["table 81 %", "mug 40 %"]


def test_a_click_is_on_the_smallest_box_that_is_there_and_a_second_one_takes_it_back() -> None:
    once = toggled(FOUND, 20, 20)
    assert chosen(once) == ["table"]
    assert once[1].caption == "mug: left out"
    assert chosen(toggled(once, 20, 20)) == ["table", "mug"]
    assert chosen(toggled(FOUND, 90, 70)) == ["mug"]
    assert toggled(FOUND, 300, 20) == FOUND


def test_the_cut_goes_by_the_chosen_boxes_and_looks_for_no_words_again() -> None:
    settings = Settings(**{**vars(WORDS), "stand_ins": {"segmenter": "s"}, "found": toggled(FOUND, 20, 20)})
    assert settings.job() == ("cut", {"matting": "none", "parts": [{"box": [0, 0, 100, 80]}], "segmenter": "s"})
    assert settings.detection() == {"text": "mug, table", "detector": "dino"}
    _, options = WORDS.job()
    assert options.items() >= WORDS.detection().items(), "before they are found, the words are the cut's"


def test_each_by_itself_is_for_words_and_for_results_of_which_there_can_be_several() -> None:
    assert not WORDS.is_for_each
    for result, is_for_each in (("channel", True), ("new-layer", True), ("layer-mask", False), ("selection", False)):
        assert Settings(what="words", prompt="mug", objects="each", result=result).is_for_each is is_for_each
    assert not Settings(what="subject", objects="each", result="channel").is_for_each
