"""Renders still lifes of simple solids by ray marching: a mug, an apple, a toy duck, on a table before a wall.

A solid is its signed distance, positive outside. Points are float32 (N, 3): x right, y up, z away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Distance = Callable[[Array], Array]
Colour = tuple[float, float, float]

_STEPS, _SHADOW_STEPS, _FAR, _NEAR = 90, 24, 14.0, 0.002
_LIGHT = np.array((-0.5, 0.75, -0.45), np.float32) / np.linalg.norm((-0.5, 0.75, -0.45))
_EYE = np.array((0.0, 1.55, -5.2), np.float32)
_LOOKS_AT = np.array((0.0, 0.55, 0.0), np.float32)
_WALL, _TABLE = 2.6, 0.0


@dataclass(frozen=True)
class Solid:
    """A part of the still life: its distance, its colour (linear, 0 to 1), and how much it shines."""

    distance: Distance
    colour: Colour
    shine: float = 0.35


def mug(x: float, z: float, colour: Colour) -> list[Solid]:
    """A mug with a handle on its right, and a band around it."""

    def body(points: Array) -> Array:
        local = points - np.array((x, 0.5, z), np.float32)
        radius = np.hypot(local[:, 0], local[:, 2])
        outer = _box_2d(radius, np.abs(local[:, 1]), 0.42, 0.5) - 0.03
        inner = _box_2d(radius, np.abs(local[:, 1] - 0.12), 0.34, 0.5)
        return np.maximum(outer, -inner)

    def handle(points: Array) -> Array:
        local = points - np.array((x + 0.46, 0.5, z), np.float32)
        ring = np.hypot(np.hypot(local[:, 0], local[:, 1] * 0.85) - 0.26, local[:, 2]) - 0.06
        return np.maximum(ring, -local[:, 0])

    def band(points: Array) -> Array:
        local = points - np.array((x, 0.62, z), np.float32)
        return _box_2d(np.hypot(local[:, 0], local[:, 2]), np.abs(local[:, 1]), 0.455, 0.07) - 0.004

    hollow = Solid(
        lambda points: np.maximum(band(points), -(np.hypot(points[:, 0] - x, points[:, 2] - z) - 0.4)), (0.95, 0.9, 0.8)
    )
    return [Solid(body, colour), Solid(handle, colour), hollow]


def apple(x: float, z: float, colour: Colour = (0.62, 0.05, 0.04)) -> list[Solid]:
    """An apple with a stalk and a leaf."""

    def flesh(points: Array) -> Array:
        local = points - np.array((x, 0.36, z), np.float32)
        radius = np.hypot(local[:, 0], local[:, 2])
        return (0.8 * (np.hypot(radius - 0.13, local[:, 1] * 0.82) - 0.3 - 0.05 * local[:, 1])).astype(np.float32)

    def stalk(points: Array) -> Array:
        return _capsule(points, (x, 0.5, z), (x + 0.05, 0.88, z), 0.022)

    def leaf(points: Array) -> Array:
        local = (points - np.array((x + 0.17, 0.86, z), np.float32)) / np.array((0.16, 0.035, 0.08), np.float32)
        return ((np.linalg.norm(local, axis=1) - 1) * 0.035).astype(np.float32)

    return [Solid(flesh, colour, 0.5), Solid(stalk, (0.16, 0.09, 0.03), 0.1), Solid(leaf, (0.08, 0.35, 0.05), 0.2)]


def duck(x: float, z: float) -> list[Solid]:
    """A toy duck that looks to the left."""
    yellow = (0.9, 0.6, 0.03)

    def body(points: Array) -> Array:
        torso = _ellipsoid(points, (x, 0.34, z), (0.5, 0.34, 0.36))
        tail = _ellipsoid(points, (x + 0.45, 0.52, z), (0.18, 0.12, 0.16))
        return _blend(_blend(torso, tail, 0.15), _ellipsoid(points, (x - 0.24, 0.86, z), (0.27, 0.27, 0.26)), 0.14)

    def bill(points: Array) -> Array:
        return _ellipsoid(points, (x - 0.54, 0.82, z), (0.14, 0.05, 0.12))

    def eye(points: Array) -> Array:
        return _ellipsoid(points, (x - 0.39, 0.95, z - 0.18), (0.04, 0.04, 0.04))

    return [Solid(body, yellow, 0.45), Solid(bill, (0.85, 0.2, 0.02)), Solid(eye, (0.01, 0.01, 0.01), 0.9)]


def render(solids: Sequence[Solid], width: int, height: int, wall: Colour, table: Colour) -> NDArray[np.uint8]:
    """The still life, uint8 (height, width, 3) sRGB; smoothed by rendering half as large again."""
    import cv2

    across, down = 3 * width // 2, 3 * height // 2
    large = np.concatenate([_rows(solids, across, down, row, wall, table) for row in range(0, down, 64)])
    small = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    grain = np.random.default_rng(7).normal(0, 0.006, small.shape).astype(np.float32)
    encoded = np.clip(small, 0, 1) ** (1 / 2.2) + grain
    return (np.clip(encoded, 0, 1) * 255 + 0.5).astype(np.uint8)


def _rows(solids: Sequence[Solid], width: int, height: int, first: int, wall: Colour, table: Colour) -> Array:
    count = min(64, height - first)
    rows, columns = np.mgrid[first : first + count, :width].astype(np.float32)
    across = (columns + 0.5 - width / 2) / height
    up = (height / 2 - rows - 0.5) / height
    forward = (_LOOKS_AT - _EYE) / np.linalg.norm(_LOOKS_AT - _EYE)
    right = np.cross((0, 1, 0), forward).astype(np.float32)
    right /= np.linalg.norm(right)
    above = np.cross(forward, right)
    rays = across[..., None] * right + up[..., None] * above + 1.75 * forward
    rays = (rays / np.linalg.norm(rays, axis=-1, keepdims=True)).reshape(-1, 3).astype(np.float32)
    return _colours(solids, rays, wall, table).reshape(count, width, 3)


def _colours(solids: Sequence[Solid], rays: Array, wall: Colour, table: Colour) -> Array:
    to_solid = _march(solids, np.broadcast_to(_EYE, rays.shape), rays, _STEPS)
    with np.errstate(divide="ignore", invalid="ignore"):
        to_table = np.where(rays[:, 1] < 0, (_TABLE - _EYE[1]) / rays[:, 1], np.inf)
        to_wall = np.where(rays[:, 2] > 0, (_WALL - _EYE[2]) / rays[:, 2], np.inf)
    distance = np.minimum(np.minimum(to_solid, to_table), to_wall)
    points = _EYE + rays * distance[:, None]
    is_solid, is_table = to_solid <= distance, to_table <= distance
    normals = np.where(is_table[:, None], (0, 1, 0), (0, 0, -1)).astype(np.float32)
    colours = np.where(is_table[:, None], table, wall).astype(np.float32)
    # A board's grain, and a wall that darkens towards its corners.
    colours *= np.where(is_table, 0.9 + 0.1 * np.sin(9 * points[:, 2] + 1.5 * np.sin(1.3 * points[:, 0])), 1)[:, None]
    colours *= np.where(is_table, 1, 1.05 - 0.06 * (points[:, 0] ** 2 + 0.5 * (points[:, 1] - 1) ** 2))[:, None]
    shine = np.where(is_solid, 0, 0.04).astype(np.float32)
    if is_solid.any():
        hit = points[is_solid]
        normals[is_solid] = _normals(solids, hit)
        each = np.stack([solid.distance(hit) for solid in solids])
        nearest = each.argmin(axis=0)
        colours[is_solid] = np.array([solid.colour for solid in solids], np.float32)[nearest]
        shine[is_solid] = np.array([solid.shine for solid in solids], np.float32)[nearest]
    light = np.clip(normals @ _LIGHT, 0, 1) * _lit(solids, points + 0.02 * normals)
    sky = 0.5 + 0.5 * normals[:, 1]
    closeness = np.clip(np.min([solid.distance(points + 0.18 * normals) for solid in solids], axis=0) / 0.18, 0.25, 1)
    shaded = colours * (0.9 * light + 0.42 * sky * closeness + 0.12)[:, None]
    half = _LIGHT - rays
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    glint = np.clip(np.sum(normals * half, axis=1), 0, 1) ** 40
    return (shaded + (shine * glint * (light > 0))[:, None]).astype(np.float32)


def _march(solids: Sequence[Solid], origins: Array, rays: Array, steps: int) -> Array:
    """How far each ray goes until it meets a solid; infinite where it meets none."""
    far = np.full(len(rays), 0.3, np.float32)
    moving = np.arange(len(rays))
    for _ in range(steps):
        gap = _nearest(solids, origins[moving] + rays[moving] * far[moving, None])
        far[moving] += gap * 0.9
        moving = moving[(gap > _NEAR) & (far[moving] < _FAR)]
        if not len(moving):
            break
    return np.where(far < _FAR, far, np.inf).astype(np.float32)


def _lit(solids: Sequence[Solid], points: Array) -> Array:
    """How much of the light reaches each point, from 0 to 1: shadows are soft."""
    reaches = np.ones(len(points), np.float32)
    far = np.full(len(points), 0.02, np.float32)
    for _ in range(_SHADOW_STEPS):
        gap = _nearest(solids, points + _LIGHT * far[:, None])
        reaches = np.minimum(reaches, np.clip(0.5 + 0.5 * 9 * gap / far, 0, 1))
        far += np.clip(gap, 0.03, 0.25)
    return reaches * reaches * (3 - 2 * reaches)


def _nearest(solids: Sequence[Solid], points: Array) -> Array:
    return np.min([solid.distance(points) for solid in solids], axis=0).astype(np.float32)


def _normals(solids: Sequence[Solid], points: Array) -> Array:
    steps = np.eye(3, dtype=np.float32) * 0.003
    gradient = np.stack([_nearest(solids, points + s) - _nearest(solids, points - s) for s in steps], axis=1)
    return gradient / np.maximum(np.linalg.norm(gradient, axis=1, keepdims=True), 1e-6)


def _ellipsoid(points: Array, centre: Colour, radii: Colour) -> Array:
    local = points - np.array(centre, np.float32)
    size = np.array(radii, np.float32)
    inner = np.linalg.norm(local / size, axis=1)
    outer = np.linalg.norm(local / size**2, axis=1)
    return (inner * (inner - 1) / np.maximum(outer, 1e-6)).astype(np.float32)


def _capsule(points: Array, start: Colour, end: Colour, radius: float) -> Array:
    first, last = np.array(start, np.float32), np.array(end, np.float32)
    along = np.clip((points - first) @ (last - first) / np.dot(last - first, last - first), 0, 1)
    return (np.linalg.norm(points - first - along[:, None] * (last - first), axis=1) - radius).astype(np.float32)


def _box_2d(across: Array, up: Array, half_width: float, half_height: float) -> Array:
    x, y = across - half_width, up - half_height
    return np.hypot(np.maximum(x, 0), np.maximum(y, 0)) + np.minimum(np.maximum(x, y), 0)


def _blend(one: Array, other: Array, width: float) -> Array:
    """The union of two solids with a rounded seam."""
    share = np.clip(0.5 + 0.5 * (other - one) / width, 0, 1)
    return other + (one - other) * share - width * share * (1 - share)
