"""Every picture and every mask is opened before the first step, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from cutsmith.batch.inputs import counted, some
from cutsmith.errors import CutsmithError
from cutsmith.finetuning.examples import Example, Examples, Fault
from cutsmith.finetuning.faults import BadExamples, BadMask, without_name
from cutsmith.finetuning.mask_files import ResultFiles
from cutsmith.picture.decoders import decode
from cutsmith.picture.limits import DEFAULT_MAX_PIXELS
from cutsmith.picture.orientation import SIDEWAYS
from cutsmith.picture.source import read_source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def check_examples(examples: Examples, *, progress: Callable[[int, int], None] | None = None) -> Examples:
    """Open all that was found, and leave out what may be left out.

    A picture must be readable, and each of its masks must have the size of the upright picture and must not cover all
    of it. A picture with no object in its truth, such as a black mask, shows nothing; that is told. A picture that is
    there a second time, by its bytes, is left out if it is of the same product.

    Args:
        examples: what `finding.find_examples` found.
        progress: called with (how many examples are checked, how many there are) after each.

    Returns:
        The examples that are left, and the faults and notices with those that were found here.

    Raises:
        BadExamples: a fault is fatal, or no example is left that shows an object; it tells all faults.
    """
    faults = list(examples.faults)
    repeated, again = _repeated(examples.examples)
    faults += again
    sound: list[Example] = []
    empty: list[str] = []
    doubtful: list[str] = []
    for number, example in enumerate(examples.examples, 1):
        if example not in repeated:
            found = _looked_at(example)
            if found.fault is not None:
                faults.append(found.fault)
            else:
                sound.append(example)
                empty += [example.name] if found.shows_nothing else []
                doubtful += [example.name] if found.may_be_turned else []
        if progress is not None:
            progress(number, len(examples.examples))
    if any(fault.is_fatal for fault in faults):
        raise BadExamples(faults)
    notices = [*examples.notices]
    if empty:
        what = counted(len(empty), "picture shows nothing, by its mask", "pictures show nothing, by their masks")
        notices.append(f"{what}: {some(empty)}.")
    if doubtful:
        what = counted(len(doubtful), "picture is turned or mirrored", "pictures are turned or mirrored")
        notices.append(
            f"By EXIF, {what}, and the sizes do not tell whether the masks are too: {some(doubtful)}. Look whether "
            "they lie on the upright pictures."
        )
    if len(sound) == len(empty):
        raise BadExamples(faults, " ".join(["There is nothing to learn from.", *notices]))
    return Examples(sound, faults, notices)


def repeated_in(examples: Iterable[Example], others: Iterable[Example]) -> list[Fault]:
    """A fault for each of `examples` whose picture is one of `others`, by its bytes."""
    known = {other.sha256: other for other in others}
    return [
        Fault(each.picture, f"It is the same picture as {known[each.sha256].picture}, and must not be in both.")
        for each in examples
        if each.sha256 in known
    ]


def _repeated(examples: Iterable[Example]) -> tuple[set[Example], list[Fault]]:
    """(The examples that are left out because their picture came before, a fault for each picture that did)."""
    first: dict[str, Example] = {}
    left_out: set[Example] = set()
    faults = []
    for example in examples:
        earlier = first.setdefault(example.sha256, example)
        if earlier is example:
            continue
        same = f"It is the same picture as {earlier.picture}"
        if earlier.group == example.group:
            left_out.add(example)
            faults.append(Fault(example.picture, f"{same}, and was left out.", is_fatal=False))
        else:
            products = f"{earlier.group!r} and {example.group!r}"
            faults.append(Fault(example.picture, f"{same}, but by their names they are of two products: {products}."))
    return left_out, faults


class _Look(NamedTuple):
    """What was seen of an example: a fault or none, whether it shows nothing, and whether its mask may be turned."""

    fault: Fault | None = None
    shows_nothing: bool = False
    may_be_turned: bool = False


def _looked_at(example: Example) -> _Look:
    picture = example.picture
    try:
        width, height, orientation = _upright_size(example)
    except CutsmithError as error:
        return _Look(Fault(picture, " ".join([without_name(error.what, picture), *map(str, error.cures[:1])])))
    try:
        masks = example.truth.masks()
    except BadMask as error:
        return _Look(Fault(error.path, error.what))
    wrong = next((mask for mask in masks if mask.shape != (height, width)), None)
    if wrong is not None:
        return _Look(Fault(picture, _other_size(wrong, width, height, orientation)))
    if any(mask.all() for mask in masks):
        return _Look(Fault(picture, "Its mask has one value only: the object would cover all of the picture."))
    # Cutsmith's own results are upright. A mask that fits a picture on its side fits only the upright one.
    is_told_by_size = orientation in SIDEWAYS and width != height
    is_doubtful = orientation != 1 and not is_told_by_size and not isinstance(example.truth, ResultFiles)
    shows_nothing = not any(mask.any() for mask in masks)
    return _Look(None, shows_nothing, is_doubtful and not shows_nothing)


def _upright_size(example: Example) -> tuple[int, int, int]:
    """(Width, height, EXIF orientation) of the picture once it is upright; it is decoded, so that damage is found."""
    data, format_name, name = read_source(example.picture)
    decoded = decode(data, format_name, name, DEFAULT_MAX_PIXELS)
    height, width = decoded.pixels.shape[:2]
    if decoded.orientation in SIDEWAYS:
        width, height = height, width
    return width, height, decoded.orientation


def _other_size(mask: NDArray[np.bool_] | Any, width: int, height: int, orientation: int) -> str:
    is_turned = mask.shape == (width, height)
    sizes = f"Its mask has {mask.shape[1]} x {mask.shape[0]} pixels, but "
    if is_turned and orientation in SIDEWAYS:
        return (
            f"{sizes}upright it has {width} x {height}: the mask fits the picture as it is stored, before it is turned "
            f"as EXIF says (orientation {orientation}). Turn the mask likewise."
        )
    turned = " One of them seems to be turned." if is_turned else ""
    return f"{sizes}it has {width} x {height}.{turned}"
