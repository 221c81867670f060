"""What `--model` may name: a catalogue entry, a file with or without a description, rembg's sessions."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from cutsmith.errors import ModelUnusable, UnknownModel, UsageError, WeightsDamaged, WeightsMissing
from cutsmith.models import catalogue as catalogue_module
from cutsmith.models.catalogue import catalogue
from cutsmith.models.store import Store
from cutsmith.removal import loading
from cutsmith.removal.loading import load_remover

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)


@pytest.fixture
def empty_store(tmp_path, monkeypatch):
    """A store that finds nothing: no folder of this machine is looked into."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    return Store({"CUTSMITH_MODELS": str(home), "REMBG_HOME": str(home), "U2NET_HOME": str(home), "HOME": str(home)})


def test_missing_weights_name_the_command(empty_store) -> None:
    with pytest.raises(WeightsMissing, match="cutsmith models fetch u2netp") as caught:
        load_remover("u2netp", store=empty_store)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(("asked", "near"), [("isnet", "isnet-general-use"), ("u2nep", "u2netp")])
def test_an_unknown_model_is_told_the_nearest(empty_store, asked, near) -> None:
    with pytest.raises(UnknownModel, match=near) as caught:
        load_remover(asked, store=empty_store)
    assert caught.value.exit_code == 2


def test_a_model_file_that_is_not_there_is_told(empty_store) -> None:
    with pytest.raises(UnknownModel, match=r"no/such\.onnx.*no such file"):
        load_remover("no/such.onnx", store=empty_store)


@pytest.fixture
def default_files(tiny_network, empty_store, tmp_path, monkeypatch):
    """Tiny networks in place of the two files of IS-Net, whole and here: their paths by the models' names."""
    files = {}
    for seed, name in enumerate(loading.DEFAULT_MODELS):
        whole = tiny_network(64, sigmoid=True, seed=seed).read_bytes()
        files[name] = tmp_path / "home" / catalogue()[name].filename
        files[name].write_bytes(whole)
        spec = dataclasses.replace(catalogue()[name].salient, input_size=64)
        known = {"spec": spec, "size": len(whole), "md5": hashlib.md5(whole).hexdigest(), "sha256": None}
        entry = dataclasses.replace(catalogue()[name], **known)
        monkeypatch.setattr(catalogue_module, "catalogue", with_entry(catalogue_module.catalogue(), entry))
    return files


def with_entry(known, entry):
    return lambda: {**known, entry.name: entry}


def test_the_default_is_the_publishers_file_and_nothing_is_said(default_files, empty_store) -> None:
    loaded = load_remover(store=empty_store)
    assert loaded.model.provenance()["model"] == "isnet-general-use"
    assert loaded.warnings == ()


def test_the_default_falls_back_on_the_same_network_in_16_bits_and_says_so(default_files, empty_store) -> None:
    default_files["isnet-general-use"].unlink()
    loaded = load_remover(store=empty_store)
    assert loaded.model.provenance()["model"] == "isnet-general-use-fp16"
    assert "isnet-general-use, is not on this machine" in loaded.warnings[0]
    assert "isnet-general-use-fp16 is used" in loaded.warnings[0]


def test_a_damaged_default_does_not_block_a_good_file_beside_it_and_is_named(default_files, empty_store) -> None:
    damaged = default_files["isnet-general-use"]
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"!")
    loaded = load_remover(store=empty_store)
    assert loaded.model.provenance()["model"] == "isnet-general-use-fp16"
    (warning,) = loaded.warnings
    for part in (str(damaged), "isnet-general-use-fp16 is used", "cutsmith models fetch isnet-general-use"):
        assert part in warning


def test_where_no_default_is_whole_the_damaged_file_is_told_before_the_missing_one(default_files, empty_store) -> None:
    default_files["isnet-general-use"].unlink()
    default_files["isnet-general-use-fp16"].write_bytes(b"damaged")
    with pytest.raises(WeightsDamaged, match="isnet-general-use-fp16"):
        load_remover(store=empty_store)
    default_files["isnet-general-use-fp16"].unlink()
    with pytest.raises(WeightsMissing, match=r"isnet-general-use are not") as caught:
        load_remover(store=empty_store)
    assert caught.value.model == "isnet-general-use"


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("side", [64, None])
def test_an_onnx_file_without_a_description_works_and_what_is_assumed_is_said(tiny_network, engine, side) -> None:
    path = tiny_network(side, sigmoid=True, name="mine.onnx")
    loaded = load_remover(str(path), engine=engine)
    assert loaded.model.soft_mask(PICTURE).shape == (40, 50)
    assert "ImageNet" in loaded.warnings[0]
    assert "mine.toml" in loaded.warnings[0]


def test_a_description_beside_the_file_is_followed(tiny_network) -> None:
    path = tiny_network(64, sigmoid=False, outputs=2, name="mine.onnx")
    path.with_suffix(".toml").write_text(
        'mean = [0.1, 0.2, 0.3]\nstd = [1.0, 0.5, 2]\ndivide_by = "maximum"\nactivation = "sigmoid"\noutput = 1\n'
    )
    loaded = load_remover(str(path), engine="onnxruntime")
    assert loaded.warnings == ()
    import onnxruntime
    from PIL import Image

    resized = np.asarray(Image.fromarray(PICTURE).resize((64, 64), Image.Resampling.LANCZOS)) / 255.0
    tensor = ((resized / resized.max() - [0.1, 0.2, 0.3]) / [1.0, 0.5, 2.0]).transpose(2, 0, 1)[None].astype(np.float32)
    logits = onnxruntime.InferenceSession(str(path)).run(["mask1"], {"image": tensor})[0][0, 0]
    np.testing.assert_allclose(loaded.model.probabilities(PICTURE), 1 / (1 + np.exp(-logits)), atol=1e-5)


@pytest.mark.parametrize(
    ("description", "told"),
    [
        ("mean = [0.5, 0.5]", "mean"),
        ("mean = [0.5, nan, 0.5]", "mean"),
        ("mean = [0.5, 0.5, -inf]", "mean"),
        ("mean = [true, 0.5, 0.5]", "mean"),
        (f"mean = [1{'0' * 400}, 0, 0]", "mean"),
        ("std = [0, 1, 1]", "std"),
        ("std = [inf, 1, 1]", "std"),
        ('activation = "softmax"', "activation"),
        ("ouput = 1", "ouput"),
        ("output = -1", "output"),
        ("output = true", "output = True"),
        ("not toml at all", "must be TOML"),
        ("output = 9", "must be from 0 to 0, but got 9"),
    ],
)
def test_a_wrong_description_is_refused_with_what_it_says(tiny_network, description, told) -> None:
    path = tiny_network(64, sigmoid=True, name="mine.onnx")
    path.with_suffix(".toml").write_text(description)
    with pytest.raises(ModelUnusable, match=told):
        load_remover(str(path))


def test_a_description_that_cannot_be_read_is_refused(tiny_network, monkeypatch) -> None:
    path = tiny_network(64, sigmoid=True, name="mine.onnx")
    path.with_suffix(".toml").write_text("output = 0")

    # Root may read every file: refused here as the system would refuse others.
    def refuse(*_args, **_keywords):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(ModelUnusable, match=r"mine\.toml cannot be read: Permission denied") as caught:
        load_remover(str(path))
    assert "permissions" in caught.value.remedy


def test_a_file_with_a_catalogue_name_is_taken_for_that_model(tiny_network, tmp_path) -> None:
    spec = catalogue()["u2netp"].salient
    path = tmp_path / "u2netp.onnx"
    shutil.copy(tiny_network(spec.input_size, sigmoid=True), path)
    loaded = load_remover(str(path), engine="onnxruntime")
    assert loaded.warnings == ()
    assert loaded.model._spec == spec


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "is text: a Git LFS pointer"),
        (b"<!DOCTYPE html><html>not found</html>", "is text: a web page"),
        (b"password = not for you\n", "is text"),
        (b"", "is empty"),
    ],
)
def test_a_text_in_place_of_a_model_is_named_and_not_quoted(tmp_path, content, told) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelUnusable, match=told) as refusal:
        load_remover(str(path))
    assert "not for you" not in str(refusal.value)
    assert "oid sha256" not in str(refusal.value)


def test_a_file_that_is_no_model_is_refused(tmp_path) -> None:
    path = tmp_path / "photo.onnx"
    path.write_bytes(b"\xff\xd8\xff\xe0 a photograph")
    with pytest.raises(ModelUnusable, match=r"photo\.onnx"):
        load_remover(str(path))


class TestRembg:
    """rembg's own sessions, with its real package."""

    def test_sessions_that_need_a_prompt_are_not_offered(self) -> None:
        from cutsmith.models.catalogue import rembg_only_sessions
        from cutsmith.removal.rembg_session import _NOT_BY_NAME

        assert not _NOT_BY_NAME & set(rembg_only_sessions())

    @pytest.mark.torch
    def test_a_session_gives_rembgs_own_mask(self, tiny_network, tmp_path, monkeypatch) -> None:
        from PIL import Image
        from rembg.session_factory import new_session

        spec = catalogue()["u2netp"].salient
        folder = tmp_path / "models" / "u2netp"
        folder.mkdir(parents=True)
        shutil.copy(tiny_network(spec.input_size, sigmoid=True), folder / "u2netp.onnx")
        monkeypatch.delenv("U2NET_HOME", raising=False)
        monkeypatch.setenv("REMBG_HOME", str(tmp_path))
        remover = load_remover("rembg:u2netp").model
        (expected,) = new_session("u2netp").predict(Image.fromarray(PICTURE))
        np.testing.assert_array_equal(remover.soft_mask(PICTURE), np.asarray(expected, np.float32) / 255)
        assert remover.provenance()["model"] == "rembg:u2netp"
        assert "stretched" in remover.provenance()["weights"]

    @pytest.mark.torch
    @pytest.mark.parametrize(
        ("name", "error", "told"),
        [
            ("rembg:u2nett", UnknownModel, "u2net"),
            ("rembg:sam", UsageError, "prompt"),
            ("rembg:withoutbg", UsageError, "remote service"),
            ("rembg:u2netp", WeightsMissing, "let rembg download them"),
        ],
    )
    def test_what_cannot_run_is_refused(self, name, error, told, tmp_path, monkeypatch) -> None:
        monkeypatch.setenv("REMBG_HOME", str(tmp_path))
        monkeypatch.setenv("U2NET_HOME", str(tmp_path))
        with pytest.raises(error, match=told) as caught:
            load_remover(name)
        if error is WeightsMissing:
            assert [(cure.action, cure.names, cure.value) for cure in caught.value.cures] == [
                ("fetch", ("rembg:u2netp",), ""),
                ("fetch", ("u2netp",), ""),
                ("set", (), "u2netp"),
            ]
        else:
            assert (caught.value.option, caught.value.found) == ("model", name)


def test_nothing_heavy_is_imported_on_the_default_path(tiny_network) -> None:
    import subprocess
    import sys

    path = tiny_network(64, sigmoid=True, name="mine.onnx")
    code = (
        "import sys; from cutsmith import cut_out, Picture; import numpy as np\n"
        "from cutsmith.errors import SubjectNotFound\n"
        "try: cut_out(Picture(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)), model=sys.argv[1])\n"
        "except SubjectNotFound: pass\n"
        "heavy = {'torch', 'numba', 'pymatting', 'rembg', 'onnxruntime', 'tifffile', 'requests', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
