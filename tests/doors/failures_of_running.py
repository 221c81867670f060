"""Engines, devices, nothing found, the worker, and warnings."""

from __future__ import annotations

import numpy as np

from cutsmith import cut_out
from cutsmith.errors import WorkerEnding
from cutsmith.models.catalogue import find_entry
from cutsmith.models.store import Store
from tests.doors.catalogue import (
    BLIND,
    GIMP,
    SELECTION,
    WORDS,
    fails,
    picture,
    warns,
    with_modules,
    without,
    written,
)


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
    import torch

    from cutsmith.engines.torch_device import memory_guard
    from cutsmith.segmentation.sam2 import SMALLER

    with memory_guard("sam2.1-hiera-large", "cuda", SMALLER):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


@fails("A processor whose memory is full", WORDS)
def _(folder):
    from cutsmith.detection.detector import SMALLER
    from cutsmith.engines.torch_device import memory_guard

    with memory_guard("grounding-dino-base", "cpu", SMALLER):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")


@fails("Nothing found in the picture")
def _(folder):
    cut_out(picture(), models=BLIND)


@fails("Nothing found in a box", SELECTION)
def _(folder):
    cut_out(picture(), models=BLIND, segmenter="subject-in-box", box=(10, 10, 60, 60))


@fails("Nothing found for the words", WORDS)
def _(folder):
    _detected(box_threshold=0.9)


@fails("A box found for the words, and no word is sure enough", WORDS)
def _(folder):
    _detected(text_threshold=0.99)


def _detected(**thresholds: float) -> object:
    from cutsmith.options import Target
    from cutsmith.pipeline.subjects import detections_of
    from cutsmith.protocols import Candidates

    logits = np.full((1, 4), 0.5, np.float32)
    boxes = np.array([[0.5, 0.5, 0.2, 0.2]], np.float32)
    candidates = Candidates(logits, boxes, ("red mug",), ((1, 3),), 100, 80)
    return detections_of(candidates, Target(text="red mug", **thresholds), "photo.jpg")


@fails("A job that does not exist", doors=(GIMP,))
def _(folder):
    from cutsmith.serving.jobs import run_job

    run_job("paint", {}, {}, lambda stage, share: None)


@fails("A job with an option that does not exist", doors=(GIMP,))
def _(folder):
    from cutsmith.serving.jobs import run_job

    run_job("models", {"speed": 9}, {}, lambda stage, share: None)


@fails("A picture that is not open any more", doors=(GIMP,))
def _(folder):
    from cutsmith.serving.jobs import run_job

    run_job("mask", {"picture": "closed"}, {}, lambda stage, share: None)


@fails("A job that nobody wants any more", doors=(GIMP,))
def _(folder):
    cut_out(picture(), models=BLIND, cancelled=lambda: True)


@fails("A worker that ends", doors=(GIMP,))
def _(folder):
    # As cutsmith.worker.client_link tells it.
    raise WorkerEnding("The worker is ending.", "Connect again: a new one is started.")


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
    from cutsmith.request import Request

    with with_modules("torch"), without("sam2"):
        return load_models(Request.of(box=(10, 10, 60, 60)), BLIND).warnings


@warns("A box where SAM 2 has no weights", SELECTION)
def _(folder):
    from cutsmith.pipeline.loading import load_models
    from cutsmith.request import Request

    with with_modules("torch", "sam2"):
        return load_models(Request.of(box=(10, 10, 60, 60)), BLIND).warnings


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
