"""The whole way: examples -> a tuned network -> a verdict -> the file, if the network is better."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutsmith.cures import set_option
from cutsmith.finetuning.base_network import Base, find_base, open_base, trained_names, trained_parameters
from cutsmith.finetuning.checking import check_examples
from cutsmith.finetuning.examples import Example, Examples, Split
from cutsmith.finetuning.finding import find_examples
from cutsmith.finetuning.presets import batch_for, device_memory
from cutsmith.finetuning.splitting import split
from cutsmith.finetuning.team import Team, find_team
from cutsmith.finetuning.training import Listener, TrainingSettings
from cutsmith.finetuning.training_state import Standing, StateFile
from cutsmith.finetuning.variants import PLAIN
from cutsmith.version import __version__

if TYPE_CHECKING:
    from cutsmith.finetuning.comparison import Verdict
    from cutsmith.finetuning.embeddings import Embeddings
    from cutsmith.finetuning.forgetting import Forgetting
    from cutsmith.protocols import Watch
    from cutsmith.segmentation.sam2 import Sam2Segmenter

_WATCHED_SHARE = 0.15
_FEWEST_TO_WATCH = 6
"""Products that are learned from, below which none of them is spared to find the best epoch."""

OnPicture = Callable[[int, int], None]


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes:
        pictures, masks: what is learned from; see `finding.find_examples`.
        output: the result, NAME.pt.
        base: the network that it begins from; None for the best SAM 2 on this machine.
        group: a regular expression for the product in a picture's name; None for the part before the number.
        val: a folder with what is held out, in pictures/ and masks/; None for a share of the products.
        rank: of the low-rank weights that are added to the image encoder; 0 for none.
        batch: samples of a step, in each process; None for what suits the machine.
        settings: of the training.
        device, threads: where it runs.
        embeddings_limit: bytes of embeddings on the disk.
        with_matting: whether alpha after matting is measured, too.
        untouched: a folder with photographs of other things.
        keep: whether the result is kept even if it is not better.
        overwrite: whether a result that is there may be replaced.
        restart: whether a run that was interrupted is thrown away.
    """

    pictures: Path
    masks: Path | None
    output: Path
    base: str | None = None
    group: str | None = None
    val: Path | None = None
    rank: int = 0
    batch: int | None = None
    settings: TrainingSettings = field(default_factory=TrainingSettings)
    device: str = "auto"
    threads: int | None = None
    embeddings_limit: int = 20_000_000_000
    with_matting: bool = True
    untouched: Path | None = None
    keep: bool = False
    overwrite: bool = False
    restart: bool = False


@dataclass(frozen=True, eq=False)
class Prepared:
    """What is known before the first step.

    Attributes:
        examples: all that is learned from or held out, and what was found wrong.
        split: learned from and held out.
        training, watched: what is learned from, without those that tell the best epoch, and those.
        base: what it begins from.
        settings: of the training, on this machine.
        notices: what the user should know.
        team: the processes that train together.
    """

    examples: Examples
    split: Split
    training: Sequence[Example]
    watched: Sequence[Example]
    base: Base
    settings: TrainingSettings
    notices: Sequence[str]
    team: Team


@dataclass(frozen=True, eq=False)
class Finished:
    """What came of it.

    Attributes:
        trained: how the training went.
        verdict: whether it is better.
        forgetting: what became of other photographs.
        sheet: the worst held-out pictures, a JPEG beside the result.
        path: the result; None where it was not kept.
    """

    trained: Standing
    verdict: Verdict
    forgetting: Forgetting
    sheet: Path
    path: Path | None


def prepare(wanted: Wanted, on_picture: OnPicture | None = None) -> Prepared:
    """Find and check everything. Nothing is written.

    Raises:
        BadExamples: pictures or masks that cannot be used. TooFewGroups: one product alone.
        BadOption, OutputExists, OutputRefused: an option, or the result.
        EngineMissing, ExtraMissing, UnknownModel, WeightsMissing, WeightsDamaged, ModelUnusable: the base.
        NotInstalled: several processes were started, and accelerate is not there.
    """
    from cutsmith.finetuning.saving import check_result

    check_result(wanted.output, overwrite=wanted.overwrite)
    listed = find_examples(wanted.pictures, wanted.masks, wanted.group)
    base = find_base(wanted.base, wanted.device, wanted.threads)
    team = find_team(base.device)
    found = check_examples(listed, progress=on_picture)
    val = None if wanted.val is None else check_examples(find_examples(wanted.val, None, wanted.group))
    seed = wanted.settings.seed
    parts = split(found.examples, seed=seed, val=val)
    training, watched, notices = _watched_apart(parts, seed)
    told = [*found.notices, *(val.notices if val is not None else ()), *parts.notices, *notices]
    batch = wanted.batch or batch_for(base.device, device_memory(base.device))
    return Prepared(found, parts, training, watched, base, replace(wanted.settings, batch=batch), told, team)


def finetune(
    wanted: Wanted, prepared: Prepared, listener: Listener, watch: Watch, on_picture: OnPicture
) -> Finished | None:
    """Train, judge and save; None in all processes but the first, which trains with them, and judges and saves alone.

    Args:
        wanted, prepared: what is asked for, and what `prepare` made of it.
        listener: is told of steps and epochs.
        watch: may end the work, and hears the share of the measuring that is done.
        on_picture: called with (how many embeddings are there, how many are wanted).

    Raises:
        BadOption: an interrupted run of another kind is there, or no held-out picture holds an object.
        OutputRefused: the disk is full. DeviceOutOfMemory, PictureError, Cancelled.
    """
    from cutsmith.finetuning.forgetting import look_for_forgetting
    from cutsmith.finetuning.measuring import measure
    from cutsmith.finetuning.sheet import worst_sheet
    from cutsmith.finetuning.verdict import judge
    from cutsmith.picture import write_bytes_atomically

    tuned = open_base(prepared.base, wanted.threads)
    state = _state(wanted, prepared)
    trained = _train(wanted, prepared, tuned, state, listener, on_picture)
    if not prepared.team.is_first:
        return None
    baseline = open_base(prepared.base, wanted.threads)
    held_out = prepared.split.held_out
    before, after = (
        measure(each, held_out, with_matting=wanted.with_matting, watch=_Half(watch, number))
        for number, each in enumerate((baseline, tuned))
    )
    verdict = judge(before, after, seed=wanted.settings.seed)
    learned = {example.sha256 for example in prepared.split.training}
    forgetting = look_for_forgetting(baseline, tuned, folder=wanted.untouched, learned=learned, watch=watch)
    sheet = wanted.output.with_suffix(".worst.jpg")
    drawn = worst_sheet(held_out, (baseline, before), (tuned, after), watch=watch)
    write_bytes_atomically(drawn, sheet, overwrite=True)
    path = None
    if verdict.is_better or wanted.keep:
        path = _saved(wanted, prepared, tuned, verdict)
        state.remove()
    return Finished(trained, verdict, forgetting, sheet, path)


@dataclass(frozen=True)
class _Half:
    """Watches one of two halves of the work, the first (0) or the second (1)."""

    whole: Watch
    number: int

    def check(self) -> None:
        """As `Watch.check`."""
        self.whole.check()

    def warn(self, text: str) -> None:
        """As `Watch.warn`."""
        self.whole.warn(text)

    def progress(self, share: float) -> None:
        """As `Watch.progress`."""
        self.whole.progress((self.number + share) / 2)


def _train(
    wanted: Wanted,
    prepared: Prepared,
    tuned: Sam2Segmenter,
    state: StateFile,
    listener: Listener,
    on_picture: OnPicture,
) -> Standing:
    from cutsmith.engines.torch_device import memory_guard
    from cutsmith.finetuning.embeddings import TrueMasks
    from cutsmith.finetuning.interactive_step import Heads
    from cutsmith.finetuning.lora import merge_low_rank
    from cutsmith.finetuning.training import Trainer

    network: Any = tuned.module
    settings = prepared.settings
    parameters = trained_parameters(network, wanted.rank, settings.seed)
    with memory_guard("The training", prepared.base.device, set_option("batch", 1, "Take fewer objects a step")):
        embeddings = _embeddings(wanted, prepared, network, on_picture)
        masks = TrueMasks(network.image_size // 2)
        for example in prepared.training:
            masks.read(example, settings.variants)
        for example in prepared.watched:
            masks.read(example, (PLAIN,))
        trainer = Trainer(
            Heads(network),
            parameters,
            embeddings,
            masks,
            prepared.training,
            prepared.watched,
            settings,
            state,
            prepared.team,
        )
        trained = trainer.run(listener)
    merge_low_rank(network)
    network.eval()
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return trained


def _embeddings(wanted: Wanted, prepared: Prepared, network: Any, on_picture: OnPicture) -> Embeddings:
    from cutsmith.finetuning.embedding_cache import EmbeddingCache
    from cutsmith.finetuning.embeddings import Embeddings

    if wanted.rank:
        # The encoder changes with every step.
        return Embeddings(network, None)
    variants = wanted.settings.variants
    cache = EmbeddingCache(prepared.base.sha256, limit=wanted.embeddings_limit)
    embeddings = Embeddings(network, cache)
    total = len(prepared.training) * len(variants) + len(prepared.watched)
    done = 0

    def one_more() -> None:
        nonlocal done
        done += 1
        on_picture(done, total)

    if prepared.team.is_first:
        embeddings.prepare(prepared.training, variants, one_more)
        embeddings.prepare(prepared.watched, (PLAIN,), one_more)
    prepared.team.wait()
    return embeddings


def _state(wanted: Wanted, prepared: Prepared) -> StateFile:
    folder = wanted.output.with_suffix(".training")
    if wanted.restart and folder.is_dir() and prepared.team.is_first:
        shutil.rmtree(folder)
    prepared.team.wait()
    settings = asdict(prepared.settings)
    for name in ("seconds", "seconds_between_states", "epochs"):
        # These say when it ends, not what a step does.
        settings.pop(name)
    question = {
        "version": __version__,
        "base": prepared.base.sha256,
        "training": data_identity(prepared.training),
        "watched": data_identity(prepared.watched),
        "settings": settings,
        "rank": wanted.rank,
        "processes": prepared.team.size,
    }
    return StateFile(folder, question)


def _watched_apart(parts: Split, seed: int) -> tuple[Sequence[Example], Sequence[Example], list[str]]:
    """What is learned from, what tells the best epoch, and what the user should know of it."""
    if len({example.group for example in parts.training}) < _FEWEST_TO_WATCH:
        told = (
            f"There are fewer than {_FEWEST_TO_WATCH} products to learn from, so the held-out ones also tell which "
            "epoch is the best: the verdict is a little too kind. More products mend that."
        )
        return parts.training, parts.held_out, [told]
    apart = split(parts.training, seed=seed + 1, share=_WATCHED_SHARE)
    return apart.training, apart.held_out, []


def data_identity(examples: Sequence[Example]) -> str:
    """A SHA-256 of pictures, masks, names and products."""
    told = sorted(f"{each.name}\0{each.group}\0{each.sha256}\0{each.truth.identity()}" for each in examples)
    return hashlib.sha256("\n".join(told).encode("utf-8", "surrogatepass")).hexdigest()


def _saved(wanted: Wanted, prepared: Prepared, tuned: Sam2Segmenter, verdict: Verdict) -> Path:
    from cutsmith.finetuning.saving import save
    from cutsmith.segmentation.finetuned import UNKNOWN_LICENCE, Finetuned

    base, parts = prepared.base, prepared.split
    facts = Finetuned(
        base=base.name,
        base_file=base.path.name,
        base_sha256=base.sha256,
        data_sha256=data_identity([*parts.training, *parts.held_out]),
        pictures=len(parts.training),
        training_groups=_groups(parts.training),
        held_out_groups=_groups(parts.held_out),
        seed=wanted.settings.seed,
        trained="decoder, encoder by LoRA" if wanted.rank else "decoder",
        trained_tensors=trained_names(wanted.rank),
        before=verdict.before,
        after=verdict.after,
        is_better=verdict.is_better,
        licence=base.licence or UNKNOWN_LICENCE,
        cutsmith=__version__,
        date=datetime.now(UTC).date().isoformat(),
    )
    return save(wanted.output, tuned.module, base.config, facts, overwrite=wanted.overwrite)


def _groups(examples: Sequence[Example]) -> tuple[str, ...]:
    return tuple(sorted({example.group for example in examples}))
