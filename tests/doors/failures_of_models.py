"""Models that are missing, unknown, damaged or unusable, and the parts that run them."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from cutsmith import cut_out
from cutsmith.models.catalogue import find_entry
from cutsmith.models.store import Store
from tests.doors.catalogue import (
    COMMAND_LINE,
    SELECTION,
    WORDS,
    fails,
    not_for_commerce,
    picture,
    with_modules,
    without,
    written,
)


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
    from cutsmith.segmentation.loading import load_segmenter

    load_segmenter(str(folder / "mine.pt"))


@fails("A detector's folder that is not there", WORDS)
def _(folder):
    from cutsmith.detection.loading import load_detector

    load_detector(str(folder / "nowhere" / "dino"))


@fails("No weights for the default model")
def _(folder):
    cut_out(picture())


@fails("No weights for SAM 2", SELECTION)
def _(folder):
    from cutsmith.segmentation.loading import why_no_segmenter

    with with_modules("torch", "sam2"):
        raise why_no_segmenter()


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
