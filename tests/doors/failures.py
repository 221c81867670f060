"""Failures and warnings that are provoked in the engine, one of each kind that people meet, for the doors to word.

Each is a function of a folder of its own, in which it does what goes wrong; `FAILURES` and `WARNINGS` have them all.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from cutsmith import Picture, cut_out, refine_mask
from cutsmith.errors import WorkerEnding
from cutsmith.geometry import checked_box
from cutsmith.models.catalogue import Entry, find_entry
from cutsmith.models.store import Store
from gimp_plugin.cutsmith.plug_in.settings import Settings

SUBJECT = Settings()
SELECTION = Settings(what="selection")
WORDS = Settings(what="words", prompt="red mug")
REFINE = Settings.for_own_mask(3, 3)


@dataclass(frozen=True)
class Failure:
    """One thing that goes wrong: in words, what does it, what was asked for in GIMP, and the doors that meet it."""

    title: str
    provoke: Callable[[Path], object]
    settings: Settings
    doors: tuple[str, ...]


COMMAND_LINE, COMFYUI, GIMP = DOORS = ("command line", "ComfyUI", "GIMP")
FAILURES: list[Failure] = []
WARNINGS: list[Failure] = []


def fails(title: str, settings: Settings = SUBJECT, doors: tuple[str, ...] = DOORS):
    """Register a function that raises one of Cutsmith's errors, which can be met in `doors`."""

    def register(provoke: Callable[[Path], object]) -> Callable[[Path], object]:
        FAILURES.append(Failure(title, provoke, settings, doors))
        return provoke

    return register


def warns(title: str, settings: Settings = SUBJECT):
    """Register a function that returns warnings."""

    def register(provoke: Callable[[Path], object]) -> Callable[[Path], object]:
        WARNINGS.append(Failure(title, provoke, settings, DOORS))
        return provoke

    return register


@contextmanager
def without(*modules: str) -> Iterator[None]:
    """As if `modules` were not installed."""
    with pytest.MonkeyPatch.context() as patch:
        for name in modules:
            for loaded in [each for each in sys.modules if each.startswith(f"{name}.")]:
                patch.delitem(sys.modules, loaded)
            patch.setitem(sys.modules, name, None)
        yield


@contextmanager
def with_modules(*modules: str) -> Iterator[None]:
    """As if `modules` could be found, where they are not installed."""
    from importlib.machinery import ModuleSpec
    from importlib.util import find_spec
    from types import ModuleType

    with pytest.MonkeyPatch.context() as patch:
        for name in modules:
            if name in sys.modules or find_spec(name) is not None:
                continue
            stand_in = ModuleType(name)
            stand_in.__spec__ = ModuleSpec(name, None)
            patch.setitem(sys.modules, name, stand_in)
        yield


class Blind:
    """A remover that finds nothing."""

    name = "blind"

    def provenance(self):
        return {"model": self.name}

    def soft_mask(self, image):
        return np.full(image.shape[:2], 0.25, np.float32)


def picture() -> Picture:
    return Picture(np.zeros((80, 100, 3), np.uint8))


def written(path: Path, content: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def photograph(path: Path, width: int = 100, height: int = 80) -> Path:
    from PIL import Image

    Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)).save(path)
    return path


def not_for_commerce() -> Entry:
    """A model on other terms than those that are in the catalogue now."""
    return replace(find_entry("birefnet-portrait"), commercial_use=False, licence="CC BY-NC 4.0")


# --- what says where the subject is


@fails("A box that is inverted")
def _(folder):
    checked_box((60, 50, 20, 10), 100, 80)


@fails("A box without area")
def _(folder):
    checked_box((20, 10, 20, 50), 100, 80)


@fails("A box outside the picture")
def _(folder):
    checked_box((200, 10, 300, 50), 100, 80)


@fails("A box that is not four numbers")
def _(folder):
    checked_box((1, 2, 3), 100, 80)


@fails("A box on the command line that is not four numbers", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.cli.cut_command import parse_box

    parse_box("40,60,wide")


@fails("A point outside the picture")
def _(folder):
    from cutsmith.segmentation.prompts import checked_points

    checked_points([(240, 180)], 100, 80, alone=True)


@fails("A point with a label of 2")
def _(folder):
    from cutsmith.segmentation.prompts import checked_points

    checked_points([(24, 18, 2)], 100, 80, alone=True)


@fails("A point that is not numbers")
def _(folder):
    from cutsmith.segmentation.prompts import checked_points

    checked_points([("left", "top")], 100, 80, alone=True)


@fails("No point on the subject")
def _(folder):
    from cutsmith.segmentation.prompts import checked_points

    checked_points([(24, 18, 0)], 100, 80, alone=True)


@fails("A point on the command line that is one number", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.cli.cut_command import parse_point

    parse_point("24")


@fails("More prompts than one picture may have")
def _(folder):
    from cutsmith.protocols import Prompt
    from cutsmith.segmentation.prompts import MAX_PROMPTS, checked_prompts

    checked_prompts([Prompt(box=(1, 1, 9, 9))] * (MAX_PROMPTS + 1), 100, 80)


@fails("A prompt that points at nothing")
def _(folder):
    from cutsmith.protocols import Prompt
    from cutsmith.segmentation.prompts import checked_prompts

    checked_prompts([Prompt()], 100, 80)


@fails("A rough mask of another size", SELECTION)
def _(folder):
    from cutsmith.arrays import checked_mask

    checked_mask(np.zeros((40, 50), np.float32), (80, 100))


@fails("A rough mask with values beyond 1", SELECTION)
def _(folder):
    from cutsmith.arrays import checked_mask

    checked_mask(np.full((80, 100), 7, np.float32), (80, 100))


@fails("A selection that is empty", SELECTION)
def _(folder):
    from cutsmith.segmentation.selection_prompt import prompt_of_selection

    prompt_of_selection(np.zeros((80, 100), np.float32), 100, 80, with_points=True)


@fails("A point, and a segmenter that takes boxes alone")
def _(folder):
    cut_out(picture(), points=[(24, 18)], segmenter="subject-in-box")


@fails("Words that name nothing", WORDS)
def _(folder):
    cut_out(picture(), text="..., ;")


@fails("Words in another script", WORDS)
def _(folder):
    cut_out(picture(), text="кружка")


@fails("Words and a box together", WORDS)
def _(folder):
    cut_out(picture(), text="red mug", box=(1, 2, 30, 40))


@fails("A box threshold beyond 1", WORDS)
def _(folder):
    cut_out(picture(), text="red mug", box_threshold=7)


@fails("A text threshold that is not a number", WORDS)
def _(folder):
    cut_out(picture(), text="red mug", text_threshold=float("nan"))


@fails("No detections at all are allowed", WORDS)
def _(folder):
    cut_out(picture(), text="red mug", max_detections=0)


@fails("A choice among objects that does not exist", WORDS)
def _(folder):
    cut_out(picture(), text="red mug", objects="first")


@fails("A choice among objects without words")
def _(folder):
    cut_out(picture(), objects="best")


# --- the edge and the background


@fails("A matting method that does not exist")
def _(folder):
    cut_out(picture(), remover=Blind(), matting="poisson")


@fails("A band without matting", REFINE)
def _(folder):
    refine_mask(picture(), np.zeros((80, 100), np.float32), matting="none", band=(3, 3))


@fails("A band below 0", REFINE)
def _(folder):
    refine_mask(picture(), np.zeros((80, 100), np.float32), band=(-1, 3))


@fails("A band on the command line that is one number", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.cli.cut_command import parse_band

    parse_band("3")


@fails("A foreground estimation that does not exist", REFINE)
def _(folder):
    refine_mask(picture(), np.zeros((80, 100), np.float32), foreground="magic")


@fails("A mask of another size", REFINE)
def _(folder):
    refine_mask(picture(), np.zeros((40, 50), np.float32))


@fails("A mask with values beyond 1", REFINE)
def _(folder):
    refine_mask(picture(), np.full((80, 100), 7, np.float32))


@fails("A mask with values that are not numbers", REFINE)
def _(folder):
    refine_mask(picture(), np.full((80, 100), np.nan, np.float32))


@fails("A trimap with other values than three", REFINE)
def _(folder):
    refine_mask(picture(), np.zeros((80, 100), np.float32), trimap=np.full((80, 100), 7, np.uint8))


@fails("Closed-form matting that needs more memory than there is", SUBJECT)
def _(folder):
    from cutsmith.matting import closed_form

    mask = np.zeros((80, 100), np.float32)
    mask[20:60, 20:60] = 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(closed_form, "available_memory", lambda: 1_000_000)
        refine_mask(picture(), mask)


@fails("Closed-form matting without pymatting")
def _(folder):
    mask = np.zeros((80, 100), np.float32)
    mask[20:60, 20:60] = 1
    with without("pymatting"):
        refine_mask(picture(), mask)


@fails("A background that is neither a colour nor a picture")
def _(folder):
    from cutsmith.result.background import ready_background

    ready_background("whyte")


@fails("A background that is far from every colour")
def _(folder):
    from cutsmith.result.background import ready_background

    ready_background("12345")


@fails("A background colour that is not opaque")
def _(folder):
    from cutsmith.result.background import ready_background

    ready_background("#ffffff80")


# --- pictures and outputs


@fails("A picture that is not there", doors=(COMMAND_LINE,))
def _(folder):
    photograph(folder / "photo.jpg")
    Picture.read(folder / "foto.jpg")


@fails("A picture that the system does not read", doors=(COMMAND_LINE,))
def _(folder):
    Picture.read(folder / f"{'long' * 100}.png")


@fails("A folder in place of a picture", doors=(COMMAND_LINE,))
def _(folder):
    Picture.read(folder)


@fails("A picture of no bytes", doors=(COMMAND_LINE,))
def _(folder):
    Picture.read(written(folder / "empty.png"))


@fails("A text in place of a picture", doors=(COMMAND_LINE,))
def _(folder):
    Picture.read(written(folder / "notes.png", b"Buy milk, and do not forget the bread.\n"))


@fails("A picture that ends early", doors=(COMMAND_LINE,))
def _(folder):
    path = photograph(folder / "photo.png")
    Picture.read(written(folder / "half.png", path.read_bytes()[:2000]))


@fails("A picture that is too small")
def _(folder):
    Picture.read(photograph(folder / "dot.png", 1, 1))


@fails("A picture of more pixels than are allowed")
def _(folder):
    Picture.read(photograph(folder / "photo.png"), max_pixels=1000)


@fails("A HEIC picture where nothing reads it", doors=(COMMAND_LINE,))
def _(folder):
    with without("pi_heif"):
        Picture.read(written(folder / "photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)))


@fails("An output that is there already", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.picture import check_output

    check_output(written(folder / "cut.png", b"mine"), overwrite=False)


@fails("An output whose folder is a file", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.picture import check_output

    check_output(written(folder / "notes") / "cut.png", overwrite=False)


@fails("An output of a format that is not written", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.picture.formats import output_format

    output_format(folder / "cut.gif")


@fails("Transparency into a JPEG", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.picture.encoding import check_format_holds

    check_format_holds("JPEG", alpha=True, metadata=False)


@fails("Provenance into a BMP", doors=(COMMAND_LINE,))
def _(folder):
    from cutsmith.picture.encoding import check_format_holds

    check_format_holds("BMP", alpha=False, metadata=True)


# --- models


@fails("A model that does not exist")
def _(folder):
    find_entry("isnet")


@fails("A model of another kind")
def _(folder):
    find_entry("sam2.1-hiera-tiny", "remover")


@fails("A model's file that is not there")
def _(folder):
    cut_out(picture(), model=str(folder / "mine.onnx"))


@fails("A segmenter's file that is not there", SELECTION)
def _(folder):
    from cutsmith.segmentation.loading import load_sam2

    load_sam2(str(folder / "mine.pt"))


@fails("A detector's folder that is not there", WORDS)
def _(folder):
    from cutsmith.detection.loading import load_detector

    load_detector(str(folder / "nowhere" / "dino"))


@fails("No weights for the default model")
def _(folder):
    cut_out(picture())


@fails("No weights for SAM 2", SELECTION)
def _(folder):
    from cutsmith.segmentation.loading import why_no_sam2

    with with_modules("torch", "sam2"):
        raise why_no_sam2()


@fails("No weights for words", WORDS)
def _(folder):
    from cutsmith.detection.loading import why_no_detector

    with with_modules("torch", "transformers"):
        raise why_no_detector()


@fails("No weights for a model that may not be used commercially")
def _(folder):
    Store().require(not_for_commerce())


@fails("Weights that are damaged")
def _(folder):
    entry = find_entry("u2net")
    written(folder / "models" / entry.filename, b"half of it")
    Store({"CUTSMITH_MODELS": str(folder / "models")}).require(entry)


@fails("A licence that was not accepted", doors=(COMMAND_LINE,))
def _(folder):
    Store().fetch(not_for_commerce(), source=str(folder))


@fails("A folder that does not hold the weights that it should", doors=(COMMAND_LINE,))
def _(folder):
    Store({"CUTSMITH_MODELS": str(folder / "models")}).fetch(find_entry("u2net"), source=str(folder))


@fails("A source of weights that is not there", doors=(COMMAND_LINE,))
def _(folder):
    Store({"CUTSMITH_MODELS": str(folder / "models")}).fetch(find_entry("u2net"), source=str(folder / "stick"))


@fails("A server that does not have the weights", doors=(COMMAND_LINE,))
def _(folder):
    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(404, "Not Found")

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/models"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NO_PROXY", "127.0.0.1")
            Store({"CUTSMITH_MODELS": str(folder / "models")}).fetch(find_entry("u2net"), source=address)
    finally:
        server.shutdown()
        server.server_close()


@fails("A file that is no network")
def _(folder):
    cut_out(picture(), model=str(written(folder / "mine.onnx", b"version https://git-lfs.github.com/spec/v1\n")))


@fails("A checkpoint that is not SAM 2's", SELECTION)
def _(folder):
    from cutsmith.segmentation.sam2_config import config_of

    config_of(folder / "mine.pt", {})


@fails("A model that gives values which are not numbers")
def _(folder):
    from cutsmith.removal.salient import SalientRemover

    class Broken:
        name = "openvino"
        input_shape = (1, 3, 320, 320)

        def run(self, batch):
            return np.full((1, 1, 320, 320), np.nan, np.float32)

    spec = find_entry("u2net").salient
    assert spec is not None
    SalientRemover("u2net", spec, Broken(), "u2net").soft_mask(np.zeros((80, 100, 3), np.uint8))


@fails("rembg is not installed")
def _(folder):
    with without("rembg"):
        cut_out(picture(), model="rembg:u2net")


@fails("SAM 2 is not installed", SELECTION)
def _(folder):
    from cutsmith.segmentation.loading import SEGMENTERS

    with with_modules("torch"), without("sam2"):
        SEGMENTERS["sam2"].require()


@fails("Points where SAM 2 is not installed", SELECTION)
def _(folder):
    with with_modules("torch"), without("sam2"):
        cut_out(picture(), points=[(24, 18)])


@fails("The part for words is not installed", WORDS)
def _(folder):
    from cutsmith.detection.loading import why_no_detector

    with with_modules("torch"), without("transformers", "groundingdino"):
        raise why_no_detector()


@fails("The part for Grounding DINO's own checkpoints is not installed", WORDS)
def _(folder):
    from cutsmith.detection.loading import load_detector

    with with_modules("torch", "transformers"), without("groundingdino"):
        load_detector("groundingdino-swint-ogc")


# --- engines and devices


@fails("No engine is installed")
def _(folder):
    from cutsmith.engines.choice import plan
    from cutsmith.engines.presence import Presence

    plan(Presence())


@fails("The engine that was asked for is not installed")
def _(folder):
    from cutsmith.engines.choice import plan
    from cutsmith.engines.presence import Presence

    plan(Presence(onnxruntime=True), "openvino")


@fails("An engine that does not exist")
def _(folder):
    from cutsmith.engines.choice import plan
    from cutsmith.engines.presence import Presence

    plan(Presence(onnxruntime=True), "steam")


@fails("A device that does not exist", SELECTION)
def _(folder):
    from cutsmith.engines.torch_device import plan_device

    plan_device("gpu", cuda=False, mps=False)


@fails("No threads at all")
def _(folder):
    from cutsmith.machine.threads import thread_count

    thread_count(0)


@fails("A graphics processor whose memory is full", SELECTION)
def _(folder):
    torch = pytest.importorskip("torch")
    from cutsmith.engines.torch_device import memory_guard
    from cutsmith.segmentation.sam2 import SMALLER

    with memory_guard("sam2.1-hiera-large", "cuda", SMALLER):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


@fails("A processor whose memory is full", WORDS)
def _(folder):
    pytest.importorskip("torch")
    from cutsmith.detection.detector import SMALLER
    from cutsmith.engines.torch_device import memory_guard

    with memory_guard("grounding-dino-base", "cpu", SMALLER):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")


# --- nothing found, and the worker


@fails("Nothing found in the picture")
def _(folder):
    cut_out(picture(), remover=Blind())


@fails("Nothing found in a box", SELECTION)
def _(folder):
    cut_out(picture(), remover=Blind(), segmenter="subject-in-box", box=(10, 10, 60, 60))


@fails("Nothing found for the words", WORDS)
def _(folder):
    _detected(box_threshold=0.9)


@fails("A box found for the words, and no word is sure enough", WORDS)
def _(folder):
    _detected(text_threshold=0.99)


def _detected(**thresholds: float) -> object:
    from cutsmith.pipeline.subjects import detections_of
    from cutsmith.protocols import Candidates
    from cutsmith.search import Search

    logits = np.full((1, 4), 0.5, np.float32)
    boxes = np.array([[0.5, 0.5, 0.2, 0.2]], np.float32)
    candidates = Candidates(logits, boxes, ("red mug",), ((1, 3),), 100, 80)
    return detections_of(candidates, Search(phrases=("red mug",), **thresholds), "photo.jpg")


@fails("A job that does not exist", doors=(GIMP,))
def _(folder):
    from cutsmith.worker.jobs import run_job
    from cutsmith.worker.protocol import Message

    run_job(Message({"kind": "job", "id": 1, "job": "paint"}, {}), lambda stage, share: None)


@fails("A job with an option that does not exist", doors=(GIMP,))
def _(folder):
    from cutsmith.worker.jobs import run_job
    from cutsmith.worker.protocol import Message

    run_job(Message({"kind": "job", "id": 1, "job": "models", "options": {"speed": 9}}, {}), lambda stage, share: None)


@fails("A worker that ends", doors=(GIMP,))
def _(folder):
    # As cutsmith.worker.client_link tells it.
    raise WorkerEnding("The worker is ending.", "Connect again: a new one is started.")


# --- warnings


@warns("A device that is not there", SELECTION)
def _(folder):
    from cutsmith.engines.torch_device import plan_device

    return plan_device("cuda", cuda=False, mps=False).warnings


@warns("An accelerator that is not there")
def _(folder):
    from cutsmith.engines.choice import ACCELERATORS, plan
    from cutsmith.engines.presence import Presence

    return plan(Presence(openvino=True, onnxruntime=True), next(iter(ACCELERATORS))).warnings


@warns("A box where SAM 2 is not installed", SELECTION)
def _(folder):
    from cutsmith.pipeline.loading import load_models
    from cutsmith.search import Search

    with with_modules("torch"), without("sam2"):
        return load_models(Search(box=(10, 10, 60, 60)), Blind()).warnings


@warns("A box where SAM 2 has no weights", SELECTION)
def _(folder):
    from cutsmith.pipeline.loading import load_models
    from cutsmith.search import Search

    with with_modules("torch", "sam2"):
        return load_models(Search(box=(10, 10, 60, 60)), Blind()).warnings


@warns("A damaged default model, in whose place another runs")
def _(folder):
    from cutsmith.errors import WeightsDamaged
    from cutsmith.removal import loading

    entry, other = (find_entry(name) for name in loading.DEFAULT_MODELS[:2])
    written(folder / "models" / entry.filename, b"half of it")
    try:
        Store({"CUTSMITH_MODELS": str(folder / "models")}).require(entry)
    except WeightsDamaged as refusal:
        return (loading._taken_instead(refusal, other),)


@warns("A picture whose colour profile is damaged")
def _(folder):
    from cutsmith.picture.colour import settle_profile

    told: list[str] = []
    settle_profile(np.zeros((80, 100, 3), np.uint8), b"no profile", told)
    return told
