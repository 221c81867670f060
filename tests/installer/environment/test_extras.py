import tomllib
from pathlib import Path

from installer.environment.extras import CHOOSABLE, EXTRA_SIZES, TEST, TORCH, Size, size_of

PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_what_can_be_chosen_is_what_all_stands_for():
    assert PROJECT["optional-dependencies"]["all"] == [f"cutsmith[{','.join(CHOOSABLE)}]"]


def test_every_extra_of_the_project_has_a_size():
    assert set(EXTRA_SIZES) == set(PROJECT["optional-dependencies"]) - {"all"} == {*CHOOSABLE, TEST}


def test_torch_counts_once_and_only_where_it_is_needed():
    assert size_of(["heic", "rembg"]).disk_megabytes < TORCH.disk_megabytes
    assert size_of(["sam2"]) - size_of([]) == TORCH + EXTRA_SIZES["sam2"]
    assert size_of(["text", "sam2"]) - size_of(["sam2"]) == EXTRA_SIZES["text"]


def test_an_extra_that_is_not_known_any_more_costs_nothing():
    assert size_of(["of another version"]) == size_of([])


def test_a_size_says_both_of_its_figures():
    assert str(Size(3, 40)) == "3 MB of packages, 40 MB of disk"
