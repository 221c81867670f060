"""ViTMatte: the matter around a network, crops without seams, and files that are no ViTMatte."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutsmith.errors import BadArray, Cancelled, ModelUnusable, UnknownModel, WeightsMissing
from cutsmith.matting.loading import MATTERS, load_matter
from cutsmith.matting.vitmatte.loading import load_vitmatte
from cutsmith.matting.vitmatte.matter import ViTMatteMatter, vitmatte_alpha
from cutsmith.matting.vitmatte.onnx_network import OnnxViTMatte
from cutsmith.matting.vitmatte.preprocessing import Preprocessing, read_preprocessing
from cutsmith.matting.vitmatte.windows import windows_over
from cutsmith.models.catalogue import of_kind
from cutsmith.models.store import Store
from cutsmith.options import OPTIONS
from cutsmith.protocols import Matter

SIDE = 64


class LocalNetwork:
    """A stand-in for trained weights, which nobody has here: alpha is the red channel, whatever lies around it."""

    name = "local"

    def __init__(self, side: int = SIDE) -> None:
        self.input_size = (side, side)
        self.seen: list[tuple[int, ...]] = []

    def alpha(self, image, trimap):
        self.seen.append(trimap.shape)
        return image[..., 0].astype(np.float32) / np.iinfo(image.dtype).max

    def provenance(self):
        return {}


def exported(path, channels=4, side=SIDE, rank=4, outputs=1):
    """A tiny ONNX file of ViTMatte's interface: the mean of its channels."""
    import onnx
    from onnx import TensorProto, helper

    shape = [1, channels, side, side][:rank]
    kept = [1, outputs, side, side][:rank]
    nodes = [helper.make_node("ReduceMean", ["pixel_values"], ["alphas"], axes=[1], keepdims=1)]
    graph = helper.make_graph(
        nodes,
        "stand-in",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("alphas", TensorProto.FLOAT, kept)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


def picture(height=150, width=220, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def ring(height=150, width=220):
    trimap = np.zeros((height, width), np.uint8)
    trimap[10:-10, 10:-10] = 128
    trimap[40:-40, 40:-40] = 255
    return trimap


def test_a_crop_larger_than_the_network_is_solved_in_windows_without_seams():
    image, trimap, network = picture(), ring(), LocalNetwork()
    alpha = vitmatte_alpha(image, trimap, np.zeros(trimap.shape, np.float32), network)
    unknown = trimap == 128
    assert len(network.seen) > 4
    np.testing.assert_allclose(alpha[unknown], image[..., 0][unknown] / 255, atol=1e-6)
    assert (alpha[trimap == 255] == 1).all()
    assert (alpha[trimap == 0] == 0).all()
    again = vitmatte_alpha(image, trimap, np.zeros(trimap.shape, np.float32), LocalNetwork())
    np.testing.assert_array_equal(alpha, again)


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 200), st.integers(1, 200)),
    side=st.sampled_from([32, 64, 96]),
    seed=st.integers(0, 2**32 - 1),
    density=st.sampled_from([0.0005, 0.02, 1.0]),
)
def test_the_weights_of_all_windows_add_up_to_one_wherever_it_is_unknown(shape, side, seed, density):
    region = np.random.default_rng(seed).random(shape) < density
    total = np.zeros(shape)
    for window in windows_over(region, (side, side)):
        assert max(window.weight.shape) <= side
        assert window.weight.min() >= 0
        total[window.slices] += window.weight
    np.testing.assert_allclose(total[region], 1, atol=1e-6)


def test_what_is_near_a_windows_border_does_not_count_except_at_the_end_of_the_region():
    windows = list(windows_over(np.ones((64, 200), bool), (64, 64)))
    assert len(windows) > 3
    assert (windows[1].weight[:, :4] == 0).all()
    assert (windows[0].weight[:, 0] == 1).all()
    assert (windows[-1].weight[:, -1] == 1).all()


def test_where_nothing_is_unknown_no_window_is_run():
    network = LocalNetwork()
    trimap = np.where(ring() == 128, 0, ring()).astype(np.uint8)
    vitmatte_alpha(picture(), trimap, np.zeros(trimap.shape, np.float32), network)
    assert network.seen == []


@settings(max_examples=40, deadline=None)
@given(shape=st.tuples(st.integers(1, 90), st.integers(1, 90)), seed=st.integers(0, 2**32 - 1))
def test_any_trimap_gives_alpha_in_range_and_keeps_what_is_known(shape, seed):
    random = np.random.default_rng(seed)
    trimap = random.choice(np.array([0, 128, 255], np.uint8), shape, p=random.dirichlet([0.5, 0.5, 0.5]))
    soft_mask = random.random(shape, np.float32)
    alpha = ViTMatteMatter(LocalNetwork()).alpha(picture(*shape, seed), soft_mask, trimap=trimap)
    assert alpha.dtype == np.float32
    assert alpha.shape == shape
    assert 0 <= alpha.min() <= alpha.max() <= 1
    assert (alpha[trimap == 0] == 0).all()
    assert (alpha[trimap == 255] == 1).all()


@pytest.mark.parametrize("known", [0, 255])
def test_without_foreground_or_background_the_mask_answers_for_the_unknown(known):
    trimap = np.full((40, 50), 128, np.uint8)
    trimap[:5] = known
    soft_mask = np.full((40, 50), 0.3, np.float32)
    network = LocalNetwork()
    alpha = ViTMatteMatter(network).alpha(picture(40, 50), soft_mask, trimap=trimap)
    assert (alpha[5:] == np.float32(0.3)).all()
    assert (alpha[:5] == known / 255).all()
    assert network.seen == []


def test_a_thin_part_of_which_the_mask_is_sure_survives_a_network_that_deletes_it():
    class Deleting(LocalNetwork):
        def alpha(self, image, trimap):
            return np.zeros(trimap.shape, np.float32)

    soft_mask = np.zeros((120, 120), np.float32)
    soft_mask[20:60, 20:100] = 1
    soft_mask[60:110, 50:53] = 1
    alpha = ViTMatteMatter(Deleting()).alpha(picture(120, 120), soft_mask)
    assert (alpha[70:105, 51] > 0.9).all()


def test_it_can_be_stopped_between_two_crops():
    class Stopping:
        checks = 0

        def check(self):
            self.checks += 1
            if self.checks == 3:
                raise Cancelled("enough")

        def warn(self, text):
            raise AssertionError(text)

        def progress(self, share):
            assert 0 <= share < 1

    network = LocalNetwork()
    with pytest.raises(Cancelled):
        ViTMatteMatter(network).alpha(picture(), np.zeros((150, 220), np.float32), trimap=ring(), watch=Stopping())
    assert len(network.seen) == 2


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        (picture()[..., 0], np.zeros((150, 220), np.float32)),
        (np.zeros((150, 220, 4), np.uint8), np.zeros((150, 220), np.float32)),
        (picture().astype(np.float32), np.zeros((150, 220), np.float32)),
        (picture(), np.full((150, 220), np.nan, np.float32)),
        (picture(), np.full((150, 220), 7, np.float32)),
        (picture(), np.zeros((20, 30), np.float32)),
    ],
    ids=["gray", "rgba", "float", "nan", "range", "size"],
)
def test_bad_arrays_are_refused(image, mask):
    with pytest.raises(BadArray):
        ViTMatteMatter(LocalNetwork()).alpha(image, mask)


def test_the_input_is_colour_and_trimap_over_255_with_zeros_beyond_the_crop():
    image, trimap = picture(20, 30), ring(20, 30)
    trimap[0, :3] = 0, 128, 255
    tensor = Preprocessing().tensor(image, trimap, (SIDE, SIDE))
    assert tensor.shape == (1, 4, SIDE, SIDE)
    np.testing.assert_allclose(tensor[0, :3, :20, :30], np.moveaxis(image, 2, 0) / 255, atol=1e-7)
    np.testing.assert_allclose(tensor[0, 3, 0, :3], [0, 128 / 255, 1])
    assert not tensor[:, :, 20:].any()
    assert not tensor[:, :, :, 30:].any()


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_an_onnx_file_runs_on_either_engine(tmp_path, engine):
    loaded = load_vitmatte(str(exported(tmp_path / "stand-in.onnx")), engine=engine, threads=1)
    assert loaded.bytes > 0
    image, trimap = picture(), ring()
    alpha = ViTMatteMatter(loaded.model).alpha(image, np.zeros(trimap.shape, np.float32), trimap=trimap)
    expected = (image.astype(np.float32).sum(axis=2) + 128) / 255 / 4
    np.testing.assert_allclose(alpha[trimap == 128], expected[trimap == 128], atol=5e-3)
    assert loaded.model.provenance()["matting_weights"] == "stand-in.onnx (unverified)"


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ({"channels": 3}, r"\(1, 3, 64, 64\)"),
        ({"side": None}, r"free sizes"),
        ({"rank": 3}, r"\(1, 4, 64\)"),
    ],
)
def test_a_file_of_another_shape_is_refused_with_what_was_found_and_wanted(tmp_path, shape, told):
    path = exported(tmp_path / "other.onnx", **shape)
    with pytest.raises(ModelUnusable, match=told) as caught:
        load_vitmatte(str(path), engine="onnxruntime", threads=1)
    assert "(1, 4, height, width)" in caught.value.what
    assert caught.value.cures


@pytest.mark.parametrize(
    "output", [np.zeros((1, 4, SIDE, SIDE), np.float32), np.full((1, 1, SIDE, SIDE), np.nan, np.float32)]
)
def test_an_output_that_is_no_alpha_is_refused(output):
    class Engine:
        name = "a wrong engine"
        input_shape = (1, 4, SIDE, SIDE)

        def run(self, tensor):
            return output

    with pytest.raises(ModelUnusable):
        OnnxViTMatte("wrong", Engine(), "").alpha(picture(20, 20), ring(20, 20))


def test_a_file_that_is_not_onnx_is_refused(tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"no network")
    with pytest.raises(ModelUnusable):
        load_vitmatte(str(path), engine="onnxruntime", threads=1)


def test_a_checkpoint_is_refused_with_what_is_read_instead(tmp_path):
    path = tmp_path / "ViTMatte_S_Com.pth"
    path.write_bytes(b"PK")
    with pytest.raises(ModelUnusable, match="ONNX"):
        load_vitmatte(str(path))


@pytest.mark.parametrize("name", ["nowhere.onnx", "a/folder", "vitmate", "u2net"])
def test_an_unknown_name_is_refused(name):
    with pytest.raises(UnknownModel) as caught:
        load_vitmatte(name)
    assert caught.value.option == "matting_model"


def test_missing_weights_name_the_command_the_size_and_the_licence(tmp_path):
    store = Store({"CUTSMITH_MODELS": str(tmp_path), "U2NET_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)})
    with pytest.raises(WeightsMissing, match="MIT") as caught:
        load_vitmatte(store=store)
    assert "cutsmith models fetch vitmatte-small-composition-1k" in str(caught.value)


def test_the_catalogue_has_four_files_with_their_publishers_hashes():
    entries = [entry for entry in of_kind("matter").values() if entry.matting.network == "vitmatte"]
    assert len(entries) == 4
    for entry in entries:
        assert entry.sha256 is not None
        assert entry.size is None  # no exact figure was found
        assert "MB" in entry.note
        assert entry.matting is not None


def test_each_choice_has_a_row():
    assert {"none", "auto", *MATTERS} == set(OPTIONS["matting"].choices)
    matter: Matter = load_matter("vitmatte", (2, 4), network=LocalNetwork())
    assert isinstance(matter, ViTMatteMatter)
    assert (matter.band.inner, matter.band.outer) == (2, 4)


@pytest.mark.parametrize("settings_of_it", [{"image_mean": [0.5]}, {"image_std": [1, 0, 1]}, {"image_mean": "x"}, []])
def test_broken_preprocessing_is_refused(tmp_path, settings_of_it):
    path = tmp_path / "preprocessor_config.json"
    path.write_text(json.dumps(settings_of_it))
    with pytest.raises(ModelUnusable):
        read_preprocessing(path)
