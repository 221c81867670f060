"""Fine-tuning SAM 2: `python benchmarks/finetuning.py [PART...]`. What it learns, and what it takes.

learn      `cutsmith finetune` on generated products, from a small random network: the IoU on held-out products
shuffled   the same with masks of other pictures: there is nothing to learn, and the command has to say so
official   `cutsmith finetune` with SAM 2.1 hiera tiny (random weights): one epoch of 40 pictures; its time and memory
cached     the same network: an epoch with embeddings from the disk against one that computes them
memory     ten epochs of the small network in one process: the memory after each
beside     two trainings of the small network at once, against one alone: with threads that spin as briefly as the
           command line lets them, and as long as they do by themselves
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import psutil
from generated_products import write_products
from interleaved_runs import Usage, machine, median, run
from random_sam2 import CONFIG, write_random_sam2

if TYPE_CHECKING:
    from cutsmith.finetuning.examples import Example
    from cutsmith.finetuning.training_state import EpochReport

PARTS = ("learn", "shuffled", "official", "cached", "memory", "beside")
MOST_BEFORE, LEAST_AFTER, MOST_SECONDS = 0.2, 0.85, 300.0
LEAST_RATIO = 10.0
MOST_EPOCH_SECONDS, MOST_BYTES = 600.0, 4e9
MOST_GROWTH = 0.05
MOST_BESIDE = 2.5
_BUDGET = "210s"
_SIDE, _WIDTH, _STEM = 320, 192, 48
"""Of the small network: its input in pixels, its decoder's width, and its encoder's at the first stage."""


def main() -> int:
    """Measure what is asked for; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS) + "; all of them by default")
    parser.add_argument("--seeds", type=int, default=1, help="generated sets from which `learn` learns (default 1)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what `learn` makes there, to look at")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    print(machine())
    wanted = options.parts or PARTS
    met = [True]
    with tempfile.TemporaryDirectory(prefix="cutsmith-finetuning-") as name:
        folder = Path(name)
        if "learn" in wanted:
            met += [_learn(options.keep or folder / "learn", seed) for seed in range(options.seeds)]
        if "shuffled" in wanted:
            met.append(_shuffled(folder / "shuffled"))
        # What runs the command comes first: its peak includes what this process holds when it starts it.
        if "official" in wanted:
            met.append(_official(folder / "official"))
        if "cached" in wanted:
            met.append(_cached(folder / "cached"))
        if "memory" in wanted:
            met.append(_memory(folder / "memory"))
        if "beside" in wanted:
            met.append(_beside(folder / "beside"))
    return 0 if all(met) else 1


def _learn(folder: Path, seed: int) -> bool:
    folder = folder / f"seed-{seed}"
    write_products(folder, products=60, pictures=3, seed=seed)
    taken, told = _finetune(folder, _write_small_sam2(folder), "--time-budget", _BUDGET)
    iou = told["verdict"]["iou"]
    print(
        f"learn, products of seed {seed}: IoU on held-out products {iou['before']:.3f} -> {iou['after']:.3f} in "
        f"{taken.seconds:.0f} s, {taken.peak_bytes / 1e9:.2f} GB; {len(told['epochs']) - 1} epochs, of which "
        f"{told['best_epoch']} is the best"
    )
    met = iou["before"] <= MOST_BEFORE and iou["after"] >= LEAST_AFTER and taken.seconds <= MOST_SECONDS
    return _told(met, f"from at most {MOST_BEFORE} to at least {LEAST_AFTER} in {MOST_SECONDS:.0f} s")


def _shuffled(folder: Path) -> bool:
    write_products(folder, products=60, pictures=3, is_shuffled=True)
    taken, told = _finetune(folder, _write_small_sam2(folder), "--time-budget", "60s")
    print(f"shuffled masks: {' '.join(told['verdict']['reasons'])} Exit code {taken.exit_code}.")
    is_refused = not told["verdict"]["is_better"] and told["output"] is None
    return _told(is_refused and taken.exit_code == 1, "not better, exit code 1")


def _official(folder: Path) -> bool:
    write_products(folder, products=19, pictures=3)
    taken, told = _finetune(folder, write_random_sam2(folder), "--epochs", "1", "--keep", learning_rate="1e-4")
    pictures = tomllib.loads((folder / "tuned.toml").read_text())["finetuned"]["pictures"]
    seconds = told["epochs"][1]["seconds"] - told["epochs"][0]["seconds"]
    print(
        f"official: {pictures} pictures to learn from, of which some are watched; an epoch with the watched ones "
        f"{seconds:.0f} s; with encoding and verdict {taken.seconds:.0f} s; {taken.peak_bytes / 1e9:.2f} GB"
    )
    met = taken.seconds <= MOST_EPOCH_SECONDS and taken.peak_bytes <= MOST_BYTES
    return _told(met, f"at most {MOST_EPOCH_SECONDS:.0f} s and {MOST_BYTES / 1e9:.0f} GB")


def _cached(folder: Path) -> bool:
    """An epoch of 20 pictures by the trainer itself, both ways for each of five seeds, in turn."""
    examples = _examples(folder, products=10, pictures=2)
    base = write_random_sam2(folder)
    cached: list[float] = []
    computed: list[float] = []
    for seed in range(5):
        for arm in (cached, computed)[:: 1 if seed % 2 else -1]:
            run_folder = folder / f"{'cached' if arm is cached else 'computed'}-{seed}"
            reports = _train(base, examples, run_folder, epochs=1, seed=seed, is_cached=arm is cached)
            arm.append(reports[1].seconds)
        print(f"20 pictures, seed {seed}: {cached[-1]:.1f} s cached, {computed[-1]:.1f} s not")
    ratios = [slow / fast for slow, fast in zip(computed, cached, strict=True)]
    print(
        f"cached: {median(ratios).value:.1f} times as fast ({min(ratios):.1f}-{max(ratios):.1f}), "
        f"{sum(computed) / sum(cached):.1f} times for all seeds together"
    )
    return _told(median(ratios).value >= LEAST_RATIO, f"at least {LEAST_RATIO:.0f} times as fast")


def _memory(folder: Path) -> bool:
    """The memory after each of ten epochs. The first two also pay for what is set up once."""
    examples = _examples(folder, products=20, pictures=3)
    sizes: list[int] = []
    _train(_write_small_sam2(folder), examples, folder / "run", epochs=10, seed=0, is_cached=True, sizes=sizes)
    print("memory after each epoch, MB:", ", ".join(f"{size / 1e6:,.0f}" for size in sizes))
    growth = sizes[-1] / sizes[2] - 1
    print(f"memory: {growth:+.1%} from the second to the tenth epoch")
    return _told(growth <= MOST_GROWTH, f"at most {MOST_GROWTH:.0%}")


def _beside(folder: Path) -> bool:
    """Three times in turn: one training, two at once, and two at once with libgomp's own number of spins."""
    folders = [folder / "first", folder / "second"]
    for each in folders:
        write_products(each, products=8, pictures=2)
    base = _write_small_sam2(folder)

    def seconds(where: Path, **environment: str) -> float:
        options = "--epochs", "8", "--keep", "--overwrite", "--restart"
        _, told = _finetune(where, base, *options, environment=environment)
        return float(told["epochs"][-1]["seconds"] - told["epochs"][0]["seconds"])

    ratios: dict[str, list[float]] = {"briefly": [], "by themselves": []}
    seconds(folders[0])  # The first one of each also encodes the pictures.
    seconds(folders[1])
    for _ in range(3):
        alone = seconds(folders[0])
        for name, environment in (("briefly", {}), ("by themselves", {"GOMP_SPINCOUNT": "300000"})):
            with ThreadPoolExecutor(2) as pool:
                both = list(pool.map(lambda where, said=environment: seconds(where, **said), folders))
            ratios[name].append(max(both) / alone)
    for name, found in ratios.items():
        print(f"beside: two at once, threads spin {name}: {median(found).value:.1f} times as long as one alone")
    return _told(median(ratios["briefly"]).value <= MOST_BESIDE, f"at most {MOST_BESIDE} times as long")


def _told(met: bool, target: str) -> bool:
    print(f"  target {target}: {'met' if met else 'MISSED'}", flush=True)
    return met


def _finetune(
    folder: Path,
    base: Path,
    *options: str,
    learning_rate: str = "1.5e-3",
    environment: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Usage, dict[str, Any]]:
    """Run the command with no embeddings on the disk; -> what it took, and what it told."""
    command: list[str | Path] = [sys.executable, "-m", "cutsmith", "finetune", folder / "pictures", folder / "masks"]
    command += ["-o", folder / "tuned.pt", "--base", base, "--learning-rate", learning_rate, "--no-matting", "--json"]
    command += ["--epochs", "1000", "--patience", "16", *options]
    given = {**os.environ, "CUTSMITH_CACHE": str(folder / "cache"), **environment}
    taken = run(command, given, exit_codes=(0, 1))
    return taken, json.loads(taken.output)


def _examples(folder: Path, products: int, pictures: int) -> list[Example]:
    from cutsmith.finetuning.checking import check_examples
    from cutsmith.finetuning.finding import find_examples

    write_products(folder, products, pictures)
    return list(check_examples(find_examples(folder / "pictures", folder / "masks", None)).examples)


class _Sizes:
    """Notes the memory of this process after each epoch."""

    def __init__(self, sizes: list[int]) -> None:
        self._sizes = sizes

    def tell_step(self, epoch: int, share: float) -> None:
        """Nothing."""

    def tell_epoch(self, report: EpochReport) -> None:
        """Note it."""
        gc.collect()
        self._sizes.append(psutil.Process().memory_info().rss)


def _train(
    base: Path,
    examples: Sequence[Example],
    folder: Path,
    *,
    epochs: int,
    seed: int,
    is_cached: bool,
    sizes: list[int] | None = None,
) -> list[EpochReport]:
    """Train as the command does, without a verdict."""
    from cutsmith.finetuning.base_network import trained_parameters
    from cutsmith.finetuning.embedding_cache import EmbeddingCache
    from cutsmith.finetuning.embeddings import Embeddings, TrueMasks
    from cutsmith.finetuning.interactive_step import Heads
    from cutsmith.finetuning.training import Trainer, TrainingSettings
    from cutsmith.finetuning.training_state import StateFile
    from cutsmith.segmentation.loading import load_segmenter

    opened: Any = load_segmenter(str(base), device="cpu").model
    network = opened.module
    parameters = trained_parameters(network, rank=0, seed=seed)
    cache = None
    if is_cached:
        cache = EmbeddingCache(hashlib.sha256(base.read_bytes()).hexdigest(), folder.parent / "embeddings")
    embeddings, masks = Embeddings(network, cache), TrueMasks(network.image_size // 2)
    settings = TrainingSettings(epochs=epochs, seed=seed)
    embeddings.prepare(examples, settings.variants)
    for example in examples:
        masks.read(example, settings.variants)
    state = StateFile(folder / "state", {})
    trainer = Trainer(Heads(network), parameters, embeddings, masks, examples, (), settings, state)
    return trainer.run(_Sizes(sizes if sizes is not None else [])).reports


def _write_small_sam2(folder: Path) -> Path:
    """A SAM 2 of 8 million random weights, of which 2.8 million are trained.

    Fresh weights give the decoder fine features of a tenth of the size that trained ones give, which it would first
    have to make larger; they are made larger here.
    """
    import torch

    from cutsmith.segmentation.sam2_config import Sam2Config, build_network

    feature_side, memory = _SIDE // 16, _WIDTH // 4
    values = {
        "image_size": _SIDE,
        "image_encoder.trunk.embed_dim": _STEM,
        "image_encoder.trunk.stages": [1, 1, 2, 1],
        "image_encoder.trunk.global_att_blocks": [3],
        "image_encoder.neck.d_model": _WIDTH,
        "image_encoder.neck.backbone_channel_list": [_STEM * 8, _STEM * 4, _STEM * 2, _STEM],
        "image_encoder.neck.position_encoding.num_pos_feats": _WIDTH,
        "memory_attention.num_layers": 1,
        "memory_attention.d_model": _WIDTH,
        "memory_attention.layer.d_model": _WIDTH,
        "memory_attention.layer.self_attention.embedding_dim": _WIDTH,
        "memory_attention.layer.self_attention.feat_sizes": [feature_side, feature_side],
        "memory_attention.layer.cross_attention.embedding_dim": _WIDTH,
        "memory_attention.layer.cross_attention.feat_sizes": [feature_side, feature_side],
        "memory_attention.layer.cross_attention.kv_in_dim": memory,
        "memory_encoder.out_dim": memory,
        "memory_encoder.fuser.num_layers": 1,
        "memory_encoder.position_encoding.num_pos_feats": memory,
        "memory_encoder.mask_downsampler.embed_dim": _WIDTH,
    }
    overrides = [f"model.{name}={value}" for name, value in values.items()]
    path = folder / "random_small.pt"
    torch.manual_seed(0)
    network: Any = build_network(Sam2Config(CONFIG, tuple(overrides)), path)
    with torch.no_grad():
        network.sam_mask_decoder.conv_s0.weight.mul_(7)
        network.sam_mask_decoder.conv_s1.weight.mul_(5)
    torch.save({"model": network.state_dict()}, path)
    path.with_suffix(".toml").write_text(f'config = "{CONFIG}"\noverrides = {json.dumps(overrides)}\n')
    return path


if __name__ == "__main__":
    raise SystemExit(main())
