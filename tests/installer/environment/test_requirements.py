import pytest

from installer.environment.requirements import constraints, name_of, outdated, rivals_of_installed, unmet

REQUIREMENTS = [
    "numpy>=1.26",
    "onnxruntime>=1.19",
    "opencv-python-headless>=4.10",
    "openvino>=2025.0; platform_machine in 'x86_64 AMD64'",
    "pillow>=11.3",
]


def nothing_importable(_):
    return False


def test_what_is_there_under_its_own_name_is_not_asked_for():
    assert unmet(REQUIREMENTS, {"numpy": "2.0", "pillow": "12.0"}, nothing_importable) == REQUIREMENTS[1:4]


@pytest.mark.parametrize(
    ("module", "spared"), [("cv2", "opencv-python-headless>=4.10"), ("onnxruntime", "onnxruntime>=1.19")]
)
def test_another_distribution_of_the_same_module_is_not_given_a_rival(module, spared):
    missing = unmet(REQUIREMENTS, {}, lambda name: name == module)
    assert set(REQUIREMENTS) - set(missing) == {spared}


def test_only_those_modules_count_by_being_importable():
    assert unmet(["pillow>=11.3"], {}, lambda _: True) == ["pillow>=11.3"]


def test_every_package_that_is_there_is_held_and_cutsmith_is_not():
    held = constraints({"torch": "2.14.1+cu128", "cutsmith": "0.1.0", "numpy": "2.4.6", "odd": "dev-unknown"})
    assert held == ["numpy==2.4.6", "torch==2.14.1+cu128"]


@pytest.mark.parametrize(
    ("requirement", "found", "is_outdated"),
    [
        ("pillow>=11.3", "11.2.9", True),
        ("pillow>=11.3", "11.3.0", False),
        ("pillow>=11.3", "9.0", True),
        ("numpy>=1.26", "2.0.0+local", False),
        ("openvino>=2025.0; platform_machine in 'x86_64'", "2025.0.0", False),
        ("openvino>=2025.0; platform_machine in 'x86_64'", "2024.6.0", True),
        ("types-requests", "0.1", False),
    ],
)
def test_a_package_below_the_lower_bound_is_reported_with_both_versions(requirement, found, is_outdated):
    name = requirement.partition(">=")[0]
    wanted = [(requirement.partition(";")[0], found)] if is_outdated else []
    assert outdated([requirement], {name: found}) == wanted


@pytest.mark.parametrize(
    ("requirement", "name"),
    [("rembg[cpu]>=2.0", "rembg"), ("Types_Requests", "types-requests"), ("", ""), ("# no", "")],
)
def test_a_requirement_begins_with_a_name(requirement, name):
    assert name_of(requirement) == name


def test_a_rival_is_what_another_distribution_provides_the_module_of():
    def importable(module):
        return module in ("cv2", "sam2")

    assert rivals_of_installed({"opencv-python-headless": "4.12"}, importable) == {"sam2"}
    assert rivals_of_installed({"opencv-python": "4.12"}, importable) == {"sam2", "opencv-python-headless"}
