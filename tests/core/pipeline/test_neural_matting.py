"""A matting network from a file of one's own, from the picture to the written alpha."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from cutsmith import cut_out, refine_mask
from cutsmith.cli.cut_command import cut
from cutsmith.errors import ModelUnusable
from cutsmith.picture import Picture
from tests.core.matting.test_vitmatte import exported
from tests.core.pipeline.test_refine_mask import disc, mixed


@pytest.fixture
def network(tmp_path) -> str:
    return str(exported(tmp_path / "matting.onnx"))


@pytest.fixture(scope="module")
def remover(tiny_network) -> str:
    return str(tiny_network(None, sigmoid=True, name="remover.onnx"))


def test_vitmatte_answers_in_the_band_alone_and_provenance_names_it(network) -> None:
    mask = disc()
    refined = refine_mask(Picture(mixed()), mask, matting="vitmatte", matting_model=network)
    undecided = (mask > 0.3) & (mask < 0.7)
    assert (refined.alpha != mask)[undecided].mean() > 0.9
    np.testing.assert_array_equal(refined.alpha[20:40, 28:38], 1)
    np.testing.assert_array_equal(refined.alpha[:5], 0)
    assert 0 <= refined.alpha.min() <= refined.alpha.max() <= 1
    assert refined.provenance["matting"] == "vitmatte"
    assert refined.provenance["matting_model"] == network
    assert "unverified" in refined.provenance["matting_weights"]
    assert "matting_effort" not in refined.provenance, "it bounds closed form alone"
    assert refined.seconds["matting"] > 0


def test_a_removal_model_is_no_matting_network(remover) -> None:
    with pytest.raises(ModelUnusable, match="ViTMatte"):
        cut_out(Picture(mixed()), model=remover, matting="vitmatte", matting_model=remover)


def test_the_command_line_takes_the_file(network, remover, tmp_path) -> None:
    source, target = tmp_path / "photo.png", tmp_path / "cut.png"
    Image.fromarray(mixed()).save(source)
    options = ["--model", remover, "--matting", "vitmatte", "--matting-model", network, "--json"]
    done = CliRunner().invoke(cut, [str(source), "-o", str(target), *options], catch_exceptions=False)
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["provenance"]["matting_model"] == network
    assert told["stages"]["matting"] > 0
    assert Image.open(target).mode == "RGBA"
