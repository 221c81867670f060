import re
import tomllib
from pathlib import Path

import pytest

from installer.environment.extras import CHOOSABLE, TEST, UNTESTED
from installer.environment.python_facts import normalised
from installer.environment.separate_steps import STEPS, main_targets, steps_for

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
EVERYTHING = (*CHOOSABLE, TEST)


EDITABLE = ["--editable", "."]


def named(requirements):
    return {normalised(re.match(r"[\w.-]+", requirement)[0]) for requirement in requirements}


@pytest.fixture(scope="module")
def pins():
    lines = (ROOT / "constraints-test.txt").read_text(encoding="utf-8").splitlines()
    return named(line for line in lines if not line.startswith("#"))


def test_the_first_installation_takes_all_extras_that_pip_can_install_itself():
    assert main_targets([], EDITABLE) == ["--editable", "."]
    assert main_targets(["text", "heic"], EDITABLE) == ["--editable", ".[heic,text]"]
    assert main_targets(["groundingdino"], EDITABLE) == ["--editable", ".[groundingdino]"]
    assert main_targets(["heic"], ["./cutsmith.whl"]) == ["./cutsmith.whl[heic]"]


def test_what_sam_2_is_built_with_is_there_before_it():
    product, target, *groundwork = main_targets(["text", "sam2"], EDITABLE)
    assert (product, target) == ("--editable", ".[text]")
    assert {"pycocotools", "safetensors", "tomli-w", "torch", "torchvision", "setuptools", "wheel"} == named(groundwork)
    assert main_targets(["sam2"], EDITABLE)[1] == "."


def test_sam_2_is_not_built_beside_a_second_torch_nor_with_cuda():
    (step,) = steps_for(["sam2", "text"])
    assert step.options == ("--no-build-isolation",)
    assert step.variables == {"SAM2_BUILD_CUDA": "0"}


@pytest.mark.parametrize("extra", ["groundingdino", TEST])
def test_what_requires_a_rival_of_a_package_that_is_there_comes_without_its_dependencies(extra):
    (step,) = steps_for([extra])
    assert step.options == ("--no-deps",)
    assert named([step.requirement]).isdisjoint(named(EXTRAS[extra])), "pip would bring its dependencies with it"


@pytest.mark.parametrize("step", [step for step in STEPS if step.instead], ids=lambda step: step.extra)
def test_a_step_asks_for_the_same_as_the_projects_own_list(step):
    assert set(EXTRAS[step.extra]) <= {step.requirement, *step.instead}


def test_most_extras_need_no_step():
    assert steps_for(["heic", "rembg", "text"]) == []


def test_the_tests_versions_are_exact_for_all_that_is_asked_for(pins):
    asked = [requirement for extra in EVERYTHING if extra not in UNTESTED for requirement in EXTRAS[extra]]
    assert named([*PROJECT["dependencies"], *asked, *(step.requirement for step in STEPS)]) <= pins


def test_the_hosts_pins_are_exact_and_name_nothing_that_the_tests_pins_name(pins):
    lines = (ROOT / "constraints-hosts.txt").read_text(encoding="utf-8").splitlines()
    hosts = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line) for line in hosts)
    assert hosts == sorted(hosts)
    assert named(hosts).isdisjoint(pins)


def test_nothing_that_shares_the_folder_of_the_headless_opencv_is_among_them(pins):
    assert {name for name in pins if name.startswith("opencv")} == {"opencv-python-headless"}
    assert pins.isdisjoint({"supervision", "sentence-transformers"})


def test_the_product_alone_does_without_torch():
    assert named(PROJECT["dependencies"]).isdisjoint({"torch", "torchvision", "transformers", "sam2"})
