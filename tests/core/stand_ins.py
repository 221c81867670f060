"""Models of a few lines, to hand in where a network's answer is of no matter."""

from __future__ import annotations

import os
import signal
import time

import numpy as np

from cutsmith.protocols import Candidates


class LeftHalf:
    """A remover that takes the left half for the subject."""

    name = "left half"

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def provenance(self):
        return {"model": self.name, "weights": "left.onnx"}

    def soft_mask(self, image):
        self.seen.append(image)
        mask = np.zeros(image.shape[:2], np.float32)
        mask[:, : image.shape[1] // 2] = 1
        return mask


class SoftEdge(LeftHalf):
    """A remover whose mask is undecided over the middle fifth."""

    name = "soft edge"

    def soft_mask(self, image):
        height, width = image.shape[:2]
        across = np.clip((np.linspace(1, 0, width) - 0.4) / 0.2, 0, 1)
        return np.tile(across.astype(np.float32), (height, 1))


class Slow(LeftHalf):
    """The same, which takes its time: something can happen meanwhile."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def soft_mask(self, image):
        time.sleep(self.seconds)
        return super().soft_mask(image)


class Deadly(LeftHalf):
    """The same, but a picture whose red is 77 kills its process."""

    def soft_mask(self, image):
        if image[0, 0, 0] == 77:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().soft_mask(image)


class Nothing(LeftHalf):
    """A remover that finds nothing."""

    name = "nothing"

    def soft_mask(self, image):
        return np.zeros(image.shape[:2], np.float32)


class TwoMugs:
    """A detector that finds a mug in the left third with 0.9 and one in the right third with 0.6."""

    name = "two mugs"

    def __init__(self, *warnings: str) -> None:
        self.warnings = warnings
        self.asked: list[tuple[str, ...]] = []

    def provenance(self):
        return {"detector": self.name}

    def candidates(self, image, phrases):
        self.asked.append(tuple(phrases))
        height, width = image.shape[:2]
        scores = np.array([[0.9], [0.6]], np.float32)
        boxes = np.array([[1 / 6, 0.5, 1 / 3, 0.8], [5 / 6, 0.5, 1 / 3, 0.8]], np.float32)
        return Candidates(
            np.log(scores / (1 - scores)), boxes, tuple(phrases[:1]), ((0, 1),), width, height, self.warnings
        )


class WholeBox:
    """A segmenter that takes the whole of each box for the subject; without a box, the whole picture."""

    name = "whole box"
    takes_points = True

    def __init__(self) -> None:
        self.asked: list[object] = []

    def provenance(self):
        return {"segmenter": self.name}

    def segment(self, image, prompts, watch=None):
        self.asked += prompts
        return [Filled(image.shape[:2], prompt.box) for prompt in prompts]


class Filled:
    """The segment of a `WholeBox`; `masked` counts the masks that were made of all of them."""

    masked = 0
    predicted_iou = 0.75
    stability = None

    def __init__(self, shape, box) -> None:
        self.shape, self.box = shape, box

    def soft_mask(self):
        Filled.masked += 1
        mask = np.zeros(self.shape, np.float32)
        if self.box is None:
            mask[:] = 1
        else:
            x0, y0, x1, y1 = map(round, self.box)
            mask[y0:y1, x0:x1] = 1
        return mask

    def uncut(self):
        return None
