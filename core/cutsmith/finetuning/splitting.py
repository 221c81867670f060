"""Products are learned from, or held out: never some photos of one product and some not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from cutsmith.batch.inputs import counted, some
from cutsmith.cures import give
from cutsmith.errors import BadOption, Notice, UsageError, shown
from cutsmith.finetuning.checking import repeated_in
from cutsmith.finetuning.examples import Example, Examples, Split
from cutsmith.finetuning.faults import BadExamples
from cutsmith.finetuning.grouping import BY_FOLDER

_FEW = 5


class TooFewGroups(UsageError):
    """All pictures are of one product, so that none can be held out."""


def split(examples: Sequence[Example], *, seed: int, share: float = 0.2, val: Examples | None = None) -> Split:
    """Hold some products out.

    A hash of the seed and of a product's name decides, so that neither the order of the files nor another product
    changes the place of a product in the draw.

    Args:
        examples: all that may be learned from, checked.
        seed: another number holds out other products.
        share: of the products, between 0 and 1; at least one is held out, and at least one is not.
        val: what is held out instead, checked; then all of `examples` are learned from.

    Raises:
        TooFewGroups: all are of one product, and `val` was not given.
        BadExamples: a picture is in `val` and in `examples`.
        BadOption: `share` is not between 0 and 1.
    """
    if val is not None:
        if leaked := repeated_in(val.examples, examples):
            raise BadExamples(leaked)
        return Split(_by_name(examples), _by_name(val.examples), _notices(examples, val.examples))
    if not 0 < share < 1:
        raise BadOption(option="share", found=shown(share), wanted="between 0 and 1")
    drawn = sorted({example.group for example in examples}, key=lambda group: (_draw(seed, group), group))
    if len(drawn) < 2:
        raise _too_few(examples)
    number = min(max(round(share * len(drawn)), 1), len(drawn) - 1)
    held_out = set(drawn[:number])
    kept_apart = [example for example in examples if example.group in held_out]
    training = [example for example in examples if example.group not in held_out]
    return Split(_by_name(training), _by_name(kept_apart), _notices(training, kept_apart))


def _draw(seed: int, group: str) -> str:
    return hashlib.sha256(f"{seed} {group}".encode("utf-8", "surrogatepass")).hexdigest()


def _by_name(examples: Iterable[Example]) -> list[Example]:
    return sorted(examples, key=lambda example: example.name)


def _notices(training: Sequence[Example], held_out: Sequence[Example]) -> list[Notice]:
    products = {example.group for example in held_out}
    notices = []
    if len(products) < _FEW:
        notices.append(
            Notice(
                f"Only {counted(len(products), 'product is', 'products are')} held out: the verdict says little about "
                "other products.",
                "Take photos of more products.",
            )
        )
    if both := sorted(products & {example.group for example in training}):
        notices.append(
            Notice(
                f"By their names, products are both learned from and held out: {some(both)}. The verdict holds for "
                "products that are known already, and is too good for others."
            )
        )
    return notices


def _too_few(examples: Sequence[Example]) -> TooFewGroups:
    if not examples:
        return TooFewGroups("There is no picture to learn from.")
    return TooFewGroups(
        f"All {len(examples)} pictures are of one product, {examples[0].group!r}. What is learned from one product "
        "must be tried on another, which was not seen.",
        give("val", "FOLDER", "Hold out the pictures of a folder"),
        give("group", BY_FOLDER, "If they are of several, say which part of their names is the product"),
    )
