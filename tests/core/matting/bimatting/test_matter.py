"""The subject that the mask names, and no other: what is known stays, what is no person keeps its mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cutsmith.errors import BadArray, Cancelled, PictureTooLarge
from cutsmith.matting.bimatting import matter as room
from cutsmith.matting.bimatting.matter import BiMattingMatter

pytestmark = pytest.mark.torch


class Listener:
    """A watch that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def check(self) -> None:
        """The result is still needed."""

    def warn(self, text: str) -> None:
        self.told.append(text)


def two_discs(height: int = 100, width: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Masks of a disc on the left and of one on the right, float32 (H, W)."""
    y, x = np.mgrid[:height, :width]
    left, right = (((x - width * share) ** 2 + (y - height / 2) ** 2 < (height / 4) ** 2) for share in (0.25, 0.75))
    return left.astype(np.float32), right.astype(np.float32)


def gray(shape: tuple[int, ...]) -> np.ndarray:
    return np.full((*shape, 3), 100, np.uint8)


@pytest.mark.parametrize("size", [(100, 200), (600, 1200)])
def test_other_people_do_not_count(flat_network, size) -> None:
    left, right = two_discs(*size)
    alpha = BiMattingMatter(flat_network(0.8)).alpha(gray(size), left)
    assert (alpha[right > 0] == 0).all()
    assert (alpha[:, size[1] // 2 :] == 0).all()
    y, x = size[0] // 2, size[1] // 4
    assert alpha[y, x] == 1
    edge = alpha[y, x + size[0] // 4 + 1]
    assert edge == pytest.approx(0.8, abs=0.01)


def test_a_subject_that_is_no_person_keeps_its_mask_and_is_told(flat_network) -> None:
    left, right = two_discs()
    soft_mask = left * 0.9 + right * 0.7
    listener = Listener()
    alpha = BiMattingMatter(flat_network(0.1)).alpha(gray(left.shape), soft_mask, watch=listener)
    np.testing.assert_array_equal(alpha, soft_mask)
    assert [text for text in listener.told if "100% of the subject" in text]


def test_without_a_watch_it_is_logged(flat_network, caplog) -> None:
    left, _ = two_discs()
    BiMattingMatter(flat_network(0.1)).alpha(gray(left.shape), left)
    assert "mattes people" in caplog.text


def test_a_subject_that_is_a_person_is_not_warned_of(flat_network) -> None:
    left, _ = two_discs()
    listener = Listener()
    BiMattingMatter(flat_network(0.8)).alpha(gray(left.shape), left, watch=listener)
    assert not listener.told


def test_an_empty_mask_has_no_alpha(flat_network) -> None:
    alpha = BiMattingMatter(flat_network(0.8)).alpha(gray((20, 30)), np.zeros((20, 30), np.float32))
    assert (alpha == 0).all()


def test_a_trimap_decides_what_the_network_may(flat_network) -> None:
    trimap = np.zeros((50, 60), np.uint8)
    trimap[10:40, 10:50], trimap[20:30, 20:40] = 128, 255
    alpha = BiMattingMatter(flat_network(0.8)).alpha(
        gray(trimap.shape), np.ones(trimap.shape, np.float32), trimap=trimap
    )
    np.testing.assert_array_equal(alpha[trimap == 255], 1)
    np.testing.assert_array_equal(alpha[trimap == 0], 0)
    np.testing.assert_allclose(alpha[trimap == 128], 0.8, atol=1e-6)


def test_it_can_be_cancelled(flat_network) -> None:
    class Ended(Listener):
        def check(self) -> None:
            raise Cancelled("no longer needed")

    left, _ = two_discs()
    with pytest.raises(Cancelled):
        BiMattingMatter(flat_network(0.8)).alpha(gray(left.shape), left, watch=Ended())


MASK = np.zeros((20, 30), np.float32)
IMAGE = np.zeros((20, 30, 3), np.uint8)


@pytest.mark.parametrize(
    ("image", "mask", "trimap"),
    [
        (IMAGE[..., 0], MASK, None),
        (np.zeros((20, 30, 4), np.uint8), MASK, None),
        (IMAGE.astype(np.float32), MASK, None),
        (IMAGE[:0], MASK[:0], None),
        (IMAGE, MASK[:10], None),
        (IMAGE, MASK * np.nan, None),
        (IMAGE, MASK + 7, None),
        (IMAGE, np.zeros((20, 30), np.int32) - 1, None),
        (IMAGE, MASK, np.indices((20, 30))[0].astype(np.uint8) % 3),
        (IMAGE, MASK, np.zeros((5, 5), np.uint8)),
    ],
)
def test_bad_input_is_refused(flat_network, image, mask, trimap) -> None:
    with pytest.raises(BadArray):
        BiMattingMatter(flat_network(0.8)).alpha(image, mask, trimap=trimap)


def test_a_picture_that_memory_does_not_hold_is_refused(flat_network, monkeypatch) -> None:
    monkeypatch.setattr(room, "available_memory", lambda: 900_000)
    with pytest.raises(PictureTooLarge, match="300 x 200"):
        BiMattingMatter(flat_network(0.8)).alpha(gray((200, 300)), np.ones((200, 300), np.float32))


shapes = st.tuples(st.integers(1, 60), st.integers(1, 60)) | st.sampled_from([(1, 700), (700, 1), (3, 530)])


@given(shape=shapes, seed=st.integers(0, 2**32 - 1), said=st.sampled_from([0.1, 0.8, None]), painted=st.booleans())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_alpha_is_in_its_range_and_what_is_known_is_unchanged(
    flat_network, made_network, shape, seed, said, painted
) -> None:
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (*shape, 3)).astype(np.uint8)
    soft_mask = random.random(shape).astype(np.float32)
    trimap = random.choice(np.array([0, 128, 255], np.uint8), shape) if painted else None
    matter = BiMattingMatter(made_network if said is None else flat_network(said))
    alpha = matter.alpha(image, soft_mask, trimap=trimap)
    assert alpha.shape == shape
    assert alpha.dtype == np.float32
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    if trimap is not None:
        assert (alpha[trimap == 255] == 1).all()
        assert (alpha[trimap == 0] == 0).all()


@given(top=st.integers(0, 30), left=st.integers(0, 30), side=st.integers(8, 40), said=st.sampled_from([0.1, 0.8]))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sure_parts_survive(flat_network, top, left, side, said) -> None:
    soft_mask = np.zeros((80, 80), np.float32)
    soft_mask[top : top + side, left : left + side] = 1
    alpha = BiMattingMatter(flat_network(said)).alpha(gray(soft_mask.shape), soft_mask)
    assert (alpha[top + 3 : top + side - 3, left + 3 : left + side - 3] == 1).all()
