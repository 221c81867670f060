"""Real engines on constructed networks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cutsmith.engines import opening, openvino_engine
from cutsmith.engines.choice import CUDA_PROVIDER
from cutsmith.engines.onnxruntime_engine import OnnxruntimeEngine
from cutsmith.engines.openvino_engine import OpenVinoEngine
from cutsmith.engines.presence import Presence
from cutsmith.errors import BadOption, ModelUnusable
from cutsmith.machine.threads import thread_count

TENSOR = np.random.default_rng(1).normal(size=(1, 3, 64, 64)).astype(np.float32)


@pytest.fixture
def network(tiny_network):
    return tiny_network(64, sigmoid=True, outputs=3)


def test_both_engines_compute_the_output_that_is_wanted(network, tmp_path) -> None:
    for output in range(3):
        reference = OnnxruntimeEngine(network, output, 1).run(TENSOR)
        ours = OpenVinoEngine(network, output, 1, cache=tmp_path).run(TENSOR)
        assert reference.shape == ours.shape == (1, 1, 64, 64)
        # bf16 keeps 8 bits of a number.
        assert np.abs(reference - ours).max() < 0.02
    first, second = (OnnxruntimeEngine(network, output, 1).run(TENSOR) for output in (0, 1))
    assert np.abs(first - second).max() > 0.1


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
@pytest.mark.parametrize(("side", "expected"), [(64, (1, 3, 64, 64)), (None, (1, 3, None, None))])
def test_the_input_shape_tells_open_sides(tiny_network, engine, side, expected) -> None:
    assert opening.open_model(tiny_network(side, sigmoid=False), engine=engine).engine.input_shape == expected


@pytest.mark.parametrize("engine", ["auto", "openvino", "onnxruntime"])
@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08" + bytes(100)])
def test_a_file_that_is_no_model_is_refused(tmp_path, engine, content) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelUnusable, match=r"model\.onnx") as caught:
        opening.open_model(path, engine=engine)
    # The reason, and not the place in the engine's source that its message begins with.
    assert "Exception from" not in str(caught.value)
    assert "\n" not in caught.value.what


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_an_output_that_is_not_there_is_refused_with_the_number_of_outputs(network, engine) -> None:
    with pytest.raises(ModelUnusable, match=r"has 3 outputs: .* from 0 to 2, but got 7"):
        opening.open_model(network, output=7, engine=engine)


def test_the_second_opening_uses_the_compiled_model(network, tmp_path) -> None:
    first = OpenVinoEngine(network, 0, 1, cache=tmp_path).run(TENSOR)
    (folder,) = tmp_path.iterdir()
    written = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert any(name.endswith(".blob") for name in written)
    second = OpenVinoEngine(network, 0, 1, cache=tmp_path).run(TENSOR)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == written
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", ["model", "model[1]*"])
def test_a_changed_model_is_compiled_anew_and_its_old_state_dropped(network, tiny_network, tmp_path, name) -> None:
    model = tmp_path / f"{name}.onnx"
    cache = tmp_path / "cache"
    model.write_bytes(network.read_bytes())
    first = OpenVinoEngine(model, 0, 1, cache=cache).run(TENSOR)
    model.write_bytes(tiny_network(64, sigmoid=True, outputs=2, seed=5).read_bytes())
    second = OpenVinoEngine(model, 0, 1, cache=cache).run(TENSOR)
    assert np.abs(first - second).max() > 0.1
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize("damaged", ["*.blob", "graph.xml", "graph.bin"])
@pytest.mark.parametrize("kept", [0, 40])
def test_a_damaged_compiled_model_is_made_again(network, tmp_path, damaged, kept) -> None:
    first = OpenVinoEngine(network, 0, 1, cache=tmp_path).run(TENSOR)
    (file,) = tmp_path.glob(f"*/{damaged}")
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:kept])
    np.testing.assert_array_equal(OpenVinoEngine(network, 0, 1, cache=tmp_path).run(TENSOR), first)


def weights_of(network) -> bytes:
    import onnx
    from onnx import numpy_helper

    return numpy_helper.to_array(onnx.load(network).graph.initializer[0]).tobytes()


@pytest.fixture(params=["*.blob", "graph.bin"])
def spoilt_cache(request, network, tmp_path):
    """A cache with a compiled model that loads and whose weights are no numbers any more."""
    OpenVinoEngine(network, 0, 1, cache=tmp_path).run(TENSOR)
    (file,) = tmp_path.glob(f"*/{request.param}")
    before, weights = file.read_bytes(), weights_of(network)
    assert weights in before
    file.chmod(0o644)
    file.write_bytes(before.replace(weights, np.full(len(weights) // 4, np.nan, np.float32).tobytes()))
    if request.param == "graph.bin":
        (blob,) = tmp_path.glob("*/*.blob")
        blob.unlink()
    return tmp_path


def test_a_compiled_model_that_loads_and_gives_no_numbers_is_made_again(network, spoilt_cache, caplog) -> None:
    expected = OpenVinoEngine(network, 0, 1, cache=spoilt_cache / "another").run(TENSOR)
    np.testing.assert_array_equal(OpenVinoEngine(network, 0, 1, cache=spoilt_cache).run(TENSOR), expected)
    assert "made again" in caplog.text
    caplog.clear()
    np.testing.assert_array_equal(OpenVinoEngine(network, 0, 1, cache=spoilt_cache).run(TENSOR), expected)
    assert caplog.text == ""


def test_a_model_that_gives_no_numbers_itself_is_compiled_once_more_only(network, tmp_path, monkeypatch) -> None:
    OpenVinoEngine(network, 0, 1, cache=tmp_path)
    again = OpenVinoEngine(network, 0, 1, cache=tmp_path)
    made = []
    original = openvino_engine._compile_anew
    monkeypatch.setattr(openvino_engine, "_compile_anew", lambda *given: made.append(given) or original(*given))
    for _ in range(2):
        assert np.isnan(again.run(np.full_like(TENSOR, np.nan))).any()
    assert len(made) == 1


def test_what_killed_processes_left_in_the_cache_is_removed_after_an_hour(network, tmp_path) -> None:
    for name, age in (("old", 4000), ("young", 100)):
        left = tmp_path / f".new-{name}"
        left.mkdir()
        (left / "graph.bin").write_bytes(b"unfinished")
        os.utime(left, (time.time() - age,) * 2)
    OpenVinoEngine(network, 0, 1, cache=tmp_path)
    assert [path.name for path in tmp_path.glob(".new-*")] == [".new-young"]


def test_a_cache_that_cannot_be_written_costs_no_result(network, tmp_path, caplog) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder is wanted")
    assert OpenVinoEngine(network, 0, 1, cache=blocked).run(TENSOR).shape == (1, 1, 64, 64)
    assert "cannot be kept" in caplog.text


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_threads_that_share_a_model_each_get_their_own_result(tiny_network, engine) -> None:
    shared = opening.open_model(tiny_network(256, sigmoid=True), engine=engine).engine
    tensors = [np.full((1, 3, 256, 256), number, np.float32) for number in range(4)]
    expected = [shared.run(tensor) for tensor in tensors]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda number: shared.run(tensors[number % 4]), range(80)))
    assert [np.array_equal(result, expected[number % 4]) for number, result in enumerate(found)] == [True] * 80


def test_an_accelerator_that_does_not_start_is_left_for_the_processor_with_a_warning(network) -> None:
    present = Presence(openvino=True, onnxruntime=True, accelerators=("CUDAExecutionProvider",))
    opened = opening.open_model(network, present=present)
    assert opened.engine.name.startswith("OpenVINO")
    assert any("CUDAExecutionProvider" in warning and "not used" in warning for warning in opened.warnings)


def test_a_picture_of_the_wrong_size_is_refused(network) -> None:
    for name in ("openvino", "onnxruntime"):
        with pytest.raises(ModelUnusable):
            opening.open_model(network, engine=name).engine.run(TENSOR[:, :, :32])


def test_threads_default_to_what_the_process_may_use(monkeypatch) -> None:
    import os

    assert 1 <= thread_count() <= len(os.sched_getaffinity(0))
    assert thread_count(1) == 1
    assert thread_count(100_000) == os.cpu_count()
    with pytest.raises(BadOption, match="threads must be a whole number, 1 or more, but got 0"):
        thread_count(0)


def test_threads_follow_the_affinity_of_the_process() -> None:
    import os
    import subprocess
    import sys

    code = (
        "import os; os.sched_setaffinity(0, {0})\n"
        "from cutsmith.machine.threads import thread_count; print(thread_count())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "1"


FIRST_INFERENCES = """
import faulthandler, os, sys, threading
from pathlib import Path
import numpy as np
from cutsmith.engines.openvino_engine import OpenVinoEngine

engine = OpenVinoEngine(Path(sys.argv[1]), 0, 1, Path(sys.argv[2]))
gate, done = threading.Barrier(6), []

def first():
    gate.wait()
    done.append(engine.run(np.zeros((1, 3, 64, 64), np.float32)))

threads = [threading.Thread(target=first, daemon=True) for _ in range(6)]
faulthandler.dump_traceback_later(20, exit=True)
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(done) == 6
os._exit(0)
"""


@pytest.mark.slow
def test_the_first_inferences_of_several_threads_do_not_wait_for_each_other_for_ever(network, tmp_path) -> None:
    pytest.importorskip("openvino", reason="OpenVINO has no wheel for this processor")
    command = [sys.executable, "-c", FIRST_INFERENCES, str(network), str(tmp_path)]
    for _ in range(5):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr


LOADING = """
import locale
import sys
import threading
from pathlib import Path
from cutsmith.engines.openvino_engine import OpenVinoEngine

before = locale.setlocale(locale.LC_ALL)
for _ in range(10):
    threads = [
        threading.Thread(target=OpenVinoEngine, args=(Path(sys.argv[1]), 0, 1, Path(sys.argv[2]) / str(number)))
        for number in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
assert locale.setlocale(locale.LC_ALL) == before, (before, locale.setlocale(locale.LC_ALL))
"""


def test_models_that_are_loaded_at_the_same_moment_leave_the_locale_of_the_process_as_it_was(network, tmp_path) -> None:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-c", LOADING, str(network), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("error", [None, OSError("no such library"), RuntimeError("no such folder")])
def test_cudas_libraries_are_preloaded_for_cuda_alone_and_without_a_word(network, monkeypatch, capsys, error) -> None:
    import onnxruntime

    asked = []

    def preload_dlls() -> None:
        print("Failed to load libcudnn")  # noqa: T201 - as onnxruntime does
        asked.append("preload")
        if error:
            raise error

    monkeypatch.setattr(onnxruntime, "preload_dlls", preload_dlls, raising=False)
    OnnxruntimeEngine(network, 0, 1)
    assert asked == []
    # This build has no CUDA: the session opens on the processor.
    assert not OnnxruntimeEngine(network, 0, 1, CUDA_PROVIDER).accelerated
    assert asked == ["preload"]
    assert capsys.readouterr().out == ""
    monkeypatch.delattr(onnxruntime, "preload_dlls")
    assert not OnnxruntimeEngine(network, 0, 1, CUDA_PROVIDER).accelerated, "onnxruntime before 1.21"
