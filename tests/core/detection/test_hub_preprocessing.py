"""preprocessor_config.json: all that it may say is taken, and what is not understood is refused, not guessed."""

from __future__ import annotations

import json

import pytest

from cutsmith.detection.hub_preprocessing import read_image_spec
from cutsmith.detection.image_tensor import ImageSpec
from cutsmith.errors import ModelUnusable

DEFAULT = ImageSpec(800, 1333, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 2, round_before_scaling=False)


def read(settings, folder):
    path = folder / "preprocessor_config.json"
    path.write_text(settings if isinstance(settings, str) else json.dumps(settings))
    return read_image_spec(path)


@pytest.mark.parametrize(
    ("settings", "spec"),
    [
        ({}, DEFAULT),
        (
            {
                "size": {"shortest_edge": 400, "longest_edge": 700},
                "image_mean": [0.1, 0.2, 0.3],
                "image_std": [1, 2, 3],
                "resample": 3,
            },
            ImageSpec(400, 700, (0.1, 0.2, 0.3), (1.0, 2.0, 3.0), 3, round_before_scaling=False),
        ),
        (
            {"size": 640, "max_size": 900},
            ImageSpec(640, 900, DEFAULT.mean, DEFAULT.std, 2, round_before_scaling=False),
        ),
        ({"rescale_factor": 0.00392156862745098, "do_pad": True, "image_processor_type": "other"}, DEFAULT),
    ],
)
def test_settings_are_read(settings, spec, tmp_path) -> None:
    assert read(settings, tmp_path) == spec


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"do_resize": False}, "do_resize"),
        ({"do_normalize": False, "do_rescale": None}, "do_rescale and do_normalize"),
        ({"rescale_factor": 1}, "rescale_factor"),
        ({"rescale_factor": "1/255"}, "rescale_factor"),
        ({"size": {"height": 800, "width": 800}}, "size"),
        ({"size": {"shortest_edge": 0, "longest_edge": 1333}}, "size"),
        ({"size": "large"}, "size"),
        ({"image_mean": [0.5, 0.5]}, "image_mean"),
        ({"image_mean": 0.5}, "image_mean"),
        ({"image_std": [0.2, 0.0, 0.2]}, "image_std"),
        ({"image_std": ["a", "b", "c"]}, "image_std"),
        ({"resample": 9}, "resample"),
        ({"resample": "bilinear"}, "resample"),
        ("[]", "holds a list"),
        ("{", "cannot be read"),
    ],
)
def test_settings_that_are_not_understood_are_refused(settings, told, tmp_path) -> None:
    with pytest.raises(ModelUnusable, match=told):
        read(settings, tmp_path)
