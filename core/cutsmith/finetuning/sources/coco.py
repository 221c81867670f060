"""COCO's annotations: one JSON file with the outlines of the objects in many pictures.

An outline is a list of polygons, run lengths, or run lengths written compressed. Each annotation is an object; crowds
(`iscrowd`) are left out. A picture that is listed without annotations shows nothing: its truth is empty.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from cutsmith.batch.inputs import counted
from cutsmith.engines.torch_device import require_packages
from cutsmith.errors import BadOption
from cutsmith.finetuning.faults import BadMask
from cutsmith.finetuning.gathering import Gathering, pictures_by_name
from cutsmith.picture.limits import DEFAULT_MAX_PIXELS
from cutsmith.report.places import is_inside

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WANTED = "a JSON file of COCO's annotations, with the lists images and annotations"


@dataclass(frozen=True, eq=False)
class Outlines:
    """The objects that are annotated in a picture.

    Attributes:
        path: the JSON file.
        height, width: of the picture, in pixels, as the file says.
        counts: the run lengths of each object, compressed.
    """

    path: Path
    height: int
    width: int
    counts: tuple[bytes, ...]

    def masks(self) -> list[NDArray[np.bool_]]:
        """A mask for each object, bool (H, W); an empty one where nothing is annotated."""
        import numpy as np
        from pycocotools import mask

        size = [self.height, self.width]
        masks = [mask.decode({"size": size, "counts": counts}).astype(bool) for counts in self.counts]
        return masks or [np.zeros(size, np.bool_)]

    def identity(self) -> str:
        """A SHA-256 of the size and of all outlines; other pictures in the same file do not change it."""
        digest = hashlib.sha256(f"coco {self.height} {self.width}".encode())
        for counts in self.counts:
            digest.update(b" " + counts)
        return digest.hexdigest()


def find_in_coco(pictures: Path, path: Path, gathering: Gathering) -> None:
    """Gather the pictures that the JSON file `path` lists. Other pictures in the folder are left out, and counted.

    Raises:
        BadOption: the file is none of COCO's.
        PictureNotFound: the folder holds no picture. PictureUnreadable: it may not be read.
        ExtraMissing: pycocotools is not installed.
    """
    require_packages("sam2", "pycocotools")
    images, annotations = _lists(path)
    present = _Present(pictures)
    for image in images:
        said = f"{path.name} lists this picture"
        own = annotations.pop(image["id"], [])
        picture = present.find(str(image.get("file_name", "")))
        if picture is None:
            gathering.fault(pictures / str(image.get("file_name")), f"It is not there, but {said}.")
        elif not present.take(picture):
            gathering.fault(picture, f"{said} more than once.")
        else:
            _gather(picture, present.name(picture), image, own, path, gathering)
    if annotations:
        of = counted(len(annotations), "picture that is not listed", "pictures that are not listed")
        gathering.fault(path, f"It has annotations of {of}.")
    if left := present.left():
        gathering.notices.append(
            f"{counted(left, 'picture is not listed in', 'pictures are not listed in')} {path.name} and "
            f"{'was' if left == 1 else 'were'} left out."
        )


def _gather(
    picture: Path,
    name: str,
    image: Mapping[str, Any],
    annotations: Sequence[Mapping[str, Any]],
    path: Path,
    gathering: Gathering,
) -> None:
    height: Any = image.get("height")
    width: Any = image.get("width")
    if not (_is_side(height) and _is_side(width) and height * width <= DEFAULT_MAX_PIXELS):
        gathering.fault(picture, f"Its size in {path.name} is none: height {height!r:.20}, width {width!r:.20}.")
        return
    objects = [each for each in annotations if not each.get("iscrowd")]
    if annotations and not objects:
        gathering.fault(picture, f"It shows only crowds, by {path.name}, and was left out.", is_fatal=False)
        return
    counts = []
    for each in objects:
        try:
            found = _compressed(each.get("segmentation"), height, width, path)
        except BadMask as error:
            gathering.fault(picture, f"Its annotation {each.get('id')!r:.40} in {path.name} {error.what}.")
            return
        if found is not None:
            counts.append(found)
    if objects and not counts:
        gathering.fault(picture, f"None of its outlines in {path.name} encloses a pixel.")
        return
    if len(counts) < len(objects):
        flat = counted(len(objects) - len(counts), "outline encloses", "outlines enclose")
        gathering.notices.append(f"{name}: {flat} no pixel, and counts for nothing.")
    gathering.add(name, picture, Outlines(path, height, width, tuple(counts)))


def _compressed(outline: object, height: int, width: int, path: Path) -> bytes | None:
    """The outline as compressed run lengths; None where it encloses no pixel.

    All is checked here, because the library reads beyond its memory where run lengths do not fit.

    Raises:
        BadMask: it is no outline; `what` follows "Its annotation".
    """
    from pycocotools import mask

    if isinstance(outline, list) and outline:
        if not all(_is_polygon(each, height, width) for each in outline):
            raise BadMask(path, "has a polygon that is none: three or more points, in the picture, are wanted")
        runs = mask.merge(mask.frPyObjects(outline, height, width))
    elif isinstance(outline, dict):
        counts = outline.get("counts")
        if outline.get("size") != [height, width]:
            raise BadMask(path, f"has run lengths of the size {outline.get('size')!r:.40}, not [{height}, {width}]")
        if isinstance(counts, list):
            if not all(_is_whole(each) for each in counts) or sum(counts) != height * width:
                raise BadMask(path, f"has run lengths that do not add up to {height * width} pixels")
            runs = mask.frPyObjects(outline, height, width)
        elif isinstance(counts, str) and counts.isascii() and _pixels_of(counts) == height * width:
            runs = {"size": [height, width], "counts": counts.encode()}
        else:
            raise BadMask(path, "has damaged run lengths")
    else:
        raise BadMask(path, "has no outline")
    return bytes(runs["counts"]) if int(mask.area(runs)) else None


def _pixels_of(counts: str) -> int | None:
    """How many pixels compressed run lengths cover; None where they are damaged.

    Each run is written in characters from "0" on, five bits each and the lowest first, whose sixth bit says that more
    follow. From the fourth on, it is the difference to the run before the last.
    """
    runs: list[int] = []
    value = shift = 0
    for character in counts:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 30:
            return None
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        if len(runs) > 2:
            value += runs[-2]
        if value < 0:
            return None
        runs.append(value)
        value = shift = 0
    return None if shift else sum(runs)


class _Present:
    """The pictures of the folder, and which of them the file has listed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        paths = [path for several in pictures_by_name(folder).values() for path in several]
        self._by_place = {path.relative_to(folder).as_posix(): path for path in paths}
        self._by_name: defaultdict[str, list[Path]] = defaultdict(list)
        for path in paths:
            self._by_name[path.name].append(path)
        self._taken: set[Path] = set()

    def find(self, file_name: str) -> Path | None:
        """The picture `file_name`; if the folders before it are none of ours, the only one with its last part."""
        place = file_name.replace("\\", "/").removeprefix("./")
        if is_inside(place) and place in self._by_place:
            return self._by_place[place]
        named = self._by_name.get(PurePosixPath(place).name, [])
        return named[0] if len(named) == 1 else None

    def take(self, picture: Path) -> bool:
        """Note that `picture` is listed; -> False where it was already."""
        is_first = picture not in self._taken
        self._taken.add(picture)
        return is_first

    def left(self) -> int:
        """How many pictures are not listed."""
        return len(self._by_place) - len(self._taken)

    def name(self, picture: Path) -> str:
        """The name of the example: the path of `picture` in the folder without its suffix."""
        return picture.relative_to(self._folder).with_suffix("").as_posix()


def _lists(path: Path) -> tuple[list[Mapping[str, Any]], dict[object, list[Mapping[str, Any]]]]:
    """(The images that the file lists, the annotations of each image by its id)."""
    try:
        told = json.loads(path.read_bytes())
    except OSError as error:
        raise _refused(path, f"it cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _refused(path, "it is no JSON") from error
    images, annotations = (told.get(name) if isinstance(told, dict) else None for name in ("images", "annotations"))
    for name, listed in (("images", images), ("annotations", annotations)):
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise _refused(path, f"it has no list {name}")
    assert isinstance(images, list)
    assert isinstance(annotations, list)
    if not all(isinstance(each.get("id"), int | str) for each in images):
        raise _refused(path, "an image has no id")
    if len({each["id"] for each in images}) < len(images):
        raise _refused(path, "two images have the same id")
    by_image: defaultdict[object, list[Mapping[str, Any]]] = defaultdict(list)
    for each in annotations:
        if not isinstance(each.get("image_id"), int | str):
            raise _refused(path, "an annotation has no image_id")
        by_image[each["image_id"]].append(each)
    return images, dict(by_image)


def _refused(path: Path, why: str) -> BadOption:
    return BadOption(
        f"{path} must be {_WANTED}, but {why}.",
        "Give that file, or a folder of masks.",
        option="masks",
        found=str(path),
        wanted=_WANTED,
    )


def _is_side(value: object) -> bool:
    return _is_whole(value) and value != 0


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_polygon(points: object, height: int, width: int) -> bool:
    """Whether `points` are x, y, x, y ... of three points or more, none farther outside than the picture is long.

    A list of four numbers would be taken for a box, and points that are far away take all memory.
    """
    if not isinstance(points, list) or len(points) < 6 or len(points) % 2:
        return False
    farthest = 2 * max(height, width)
    return all(
        isinstance(each, int | float) and not isinstance(each, bool) and math.isfinite(each) and abs(each) <= farthest
        for each in points
    )
