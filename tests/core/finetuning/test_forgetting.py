"""What became of photographs that were not learned from: agreement, what is left out, and an installation without."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import skimage

from cutsmith.errors import BadOption
from cutsmith.finetuning import forgetting
from cutsmith.finetuning.forgetting import Agreement, Forgetting, look_for_forgetting
from cutsmith.segmentation.loading import load_segmenter
from tests.core.finetuning.held_out import disc, example

DATA = Path(skimage.__file__).parent / "data"
SAMPLES = ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"]


@pytest.fixture(scope="module")
def networks(random_sam2):
    return [load_segmenter(str(random_sam2(seed=seed)), device="cpu").model for seed in (0, 1)]


def test_the_same_network_has_forgotten_nothing(networks) -> None:
    found = look_for_forgetting(networks[0], networks[0])
    assert sorted(each.name for each in found.photographs) == SAMPLES
    assert found.mean == 1
    assert found.changed == ()
    assert found.told == (
        "On 4 photographs of other things, the tuned network's masks agree with the baseline's to 100%.",
    )


def test_another_network_is_told_by_photograph(networks) -> None:
    found = look_for_forgetting(*networks)
    agreements = [each.agreement for each in found.photographs]
    assert agreements == sorted(agreements)
    assert agreements[0] < 0.9
    assert found.mean == pytest.approx(sum(agreements) / 4)
    assert f"{found.photographs[0].name} is seen differently than before" in found.told[1]
    assert json.loads(json.dumps(found.to_json()))["photographs"][0]["agreement"] == agreements[0]
    assert not networks[0]._embeddings


def test_photographs_of_ones_own_count_and_those_learned_from_do_not(networks, tmp_path) -> None:
    chelsea = DATA / "chelsea.png"
    own = example(tmp_path, "own/1", disc(120, 90, 60, 45, 30))
    (tmp_path / "notes.txt").write_text("not a picture")
    learned = {hashlib.sha256(chelsea.read_bytes()).hexdigest()}
    found = look_for_forgetting(networks[0], networks[0], folder=tmp_path, learned=learned)
    assert {each.name for each in found.photographs} == {own.picture.name, *SAMPLES} - {"chelsea.png"}
    assert any(each.startswith("chelsea.png was learned from") for each in found.left_out)
    assert any(each.startswith("notes.txt was left out. ") for each in found.left_out)


def test_an_installation_without_photographs_says_so(networks, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(forgetting, "find_spec", lambda name: None)
    monkeypatch.setenv("CUTSMITH_CACHE", str(tmp_path))
    found = look_for_forgetting(*networks)
    assert found.mean is None
    assert found.told[0].startswith("What the network has forgotten is not known")
    # Those that the demo has fetched are taken.
    (tmp_path / "photographs").mkdir()
    shutil.copy(DATA / "rocket.jpg", tmp_path / "photographs")
    assert [each.name for each in look_for_forgetting(*networks).photographs] == ["rocket.jpg"]


def test_a_folder_without_pictures_is_refused(networks, tmp_path) -> None:
    with pytest.raises(BadOption, match="is no folder"):
        look_for_forgetting(*networks, folder=tmp_path / "none")
    with pytest.raises(BadOption, match="is empty"):
        look_for_forgetting(*networks, folder=tmp_path)


def test_what_fell_below_the_limit_is_told() -> None:
    found = Forgetting((Agreement("cup.jpg", 0.62), Agreement("cat.jpg", 0.97)))
    assert found.changed == (Agreement("cup.jpg", 0.62),)
    assert found.told[1] == "cup.jpg is seen differently than before: the masks agree to 62%."
