"""Crops: every unknown pixel once, with all that its equation reaches, and little else."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from cutsmith.matting.crops import crops_around_unknown, merged

REACH = 2
trimaps = npst.arrays(
    np.uint8,
    npst.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40),
    elements=st.sampled_from([0, 255, 128]),
    fill=st.sampled_from([0, 255, 128]),
)


@settings(max_examples=200, deadline=None)
@given(trimaps)
def test_every_unknown_pixel_is_in_one_crop_or_constant(trimap):
    crops, constants = crops_around_unknown(trimap, REACH)
    times = (~np.isnan(constants)).astype(int)
    for crop in crops:
        times[crop.slices] += crop.unknown
    nothing_known = (trimap == 128).all()
    assert nothing_known or (times == (trimap == 128)).all()


@settings(max_examples=200, deadline=None)
@given(trimaps)
def test_a_crop_holds_what_its_pixels_reach_and_no_stranger_in_reach(trimap):
    crops, _ = crops_around_unknown(trimap, REACH)
    height, width = trimap.shape
    for crop in crops:
        rows, columns = crop.slices
        own = np.zeros(trimap.shape, bool)
        own[crop.slices] = crop.unknown
        for y, x in np.argwhere(own):
            y0, y1, x0, x1 = max(y - REACH, 0), min(y + REACH + 1, height), max(x - REACH, 0), min(x + REACH + 1, width)
            assert rows.start <= y0
            assert y1 <= rows.stop
            assert columns.start <= x0
            assert x1 <= columns.stop
            reached = np.s_[y0:y1, x0:x1]
            np.testing.assert_array_equal(own[reached], trimap[reached] == 128)


def test_unknown_pixels_beside_one_kind_only_are_constant():
    trimap = np.zeros((20, 60), np.uint8)
    trimap[5:8, 5:8] = 128  # amid background
    trimap[:, 40:] = 255
    trimap[10:12, 50:52] = 128  # amid foreground
    trimap[2:6, 36:44] = 128  # across the edge
    crops, constants = crops_around_unknown(trimap, REACH)
    assert (constants[5:8, 5:8] == 0).all()
    assert (constants[10:12, 50:52] == 1).all()
    assert len(crops) == 1
    assert crops[0].slices == (slice(0, 8), slice(34, 46))
    assert crops[0].unknown.sum() == 32


def test_far_apart_groups_are_apart_and_near_ones_together():
    trimap = np.zeros((600, 900), np.uint8)
    for x in (100, 110, 800):
        trimap[300:302, x : x + 2] = 255
        trimap[295:300, x : x + 2] = 128
    crops, _ = crops_around_unknown(trimap, REACH)
    assert sorted(crop.slices[1].start for crop in crops) == [98, 798]


def test_a_ring_and_what_is_in_it_share_a_crop():
    trimap = np.zeros((400, 400), np.uint8)
    y, x = np.indices(trimap.shape)
    radius = np.hypot(y - 200, x - 200)
    trimap[radius < 150] = 255
    trimap[np.abs(radius - 150) < 3] = 128
    trimap[195:200, 195:205] = 0
    trimap[190:195, 195:205] = 128
    crops, _ = crops_around_unknown(trimap, REACH)
    assert len(crops) == 1


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500), st.integers(1, 200), st.integers(1, 200)), max_size=12)
)
def test_merged_boxes_hold_their_members(corners):
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in corners], np.int64).reshape(-1, 4)
    united, member_of = merged(boxes)
    assert len(member_of) == len(boxes)
    for box, owner in zip(boxes, member_of, strict=True):
        assert (united[owner][:2] <= box[:2]).all()
        assert (united[owner][2:] >= box[2:]).all()
    assert set(member_of) == set(range(len(united)))


def test_a_mask_full_of_specks_is_cropped_without_comparing_all_with_all():
    # 27,889 groups: half a second; all with all takes half a minute.
    trimap = np.zeros((1500, 1500), np.uint8)
    trimap[::9, ::9] = 128
    trimap[1::9, ::9] = 255
    crops, _ = crops_around_unknown(trimap, REACH)
    assert sum(int(crop.unknown.sum()) for crop in crops) == np.count_nonzero(trimap == 128)
