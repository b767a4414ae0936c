"""Data augmentation: the same digits slanted, stretched, bent, thicker and thinner.

Whatever a person draws is made as MNIST was made before a model sees it: the longer side of the ink fills
20 pixels and the centre of mass lies at the centre of the picture. Deformed images are therefore made that
way again; size and place vary only by the little that such a process leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.picture import SIDE

INK_SIDE = 20.0
# MNIST puts the centre of mass at the centre of a 28x28 field; measured on its training images that is
# pixel 14 counted from 0, not 13.5.
CENTRE = 14.0
CHUNK = 1024  # images worked on at once: few enough to stay near the processor's cache

Images = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Augmentation:
    """How far images are deformed: the largest amounts, reached by the boldest image of a batch.

    Every image draws its own boldness from 0 to 1, which scales all of its amounts, so that most images stay
    near what people write and a few go much further.
    """

    untouched: float = 0.15  # share of the images left exactly as they are
    rotation: float = 20.0  # degrees, either way
    aspect: float = 0.30  # width over height, as a logarithm
    shear: float = 0.35  # sideways shift per pixel of height
    size: float = 0.08  # of the longer side, relative to 20 pixels
    shift: float = 1.0  # pixels, along each axis
    bend: float = 1.4  # pixels, standard deviation of a smooth elastic displacement
    thicken: float = 0.8  # share of a 3x3 grey dilation in the result
    thin: float = 0.5  # share of a 3x3 grey erosion in the result
    blur: float = 0.6  # share of a 3x3 binomial blur in the result
    gain: float = 0.6  # largest relative gain in brightness, to saturation: crisp edges, as a pen leaves
    fade: float = 0.15  # largest relative loss of brightness


def augment(images: Images, settings: Augmentation, rng: np.random.Generator) -> Images:
    """Deformed copies of `images`, uint8 (N, 28, 28), in the same order; `rng` decides everything."""
    result = np.empty_like(images)
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        result[part] = _augment_chunk(images[part], settings, rng)
    return result


def _augment_chunk(images: Images, settings: Augmentation, rng: np.random.Generator) -> Images:
    count = len(images)
    boldness = rng.random(count, dtype=np.float32)
    ink = images.astype(np.float32) / 255.0
    deformed = _warp(ink, *_sampling_grid(ink, boldness, settings, rng))
    deformed = _restroke(deformed, boldness, settings, rng)
    result: Images = np.rint(np.clip(deformed, 0.0, 1.0) * 255.0).astype(np.uint8)
    kept = rng.random(count) < settings.untouched
    result[kept] = images[kept]
    return result


def _amounts(boldness: Floats, largest: float, rng: np.random.Generator) -> Floats:
    return boldness * largest * rng.uniform(-1.0, 1.0, len(boldness)).astype(np.float32)


def _sampling_grid(
    ink: Floats, boldness: Floats, settings: Augmentation, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Rows and columns, float32 (N, 28, 28), at which each image is to be sampled."""
    angle = np.deg2rad(_amounts(boldness, settings.rotation, rng))
    stretch = np.exp(_amounts(boldness, settings.aspect, rng) / 2.0)
    shear = _amounts(boldness, settings.shear, rng)
    # Forward map in (row, column): shear the columns, stretch, then rotate.
    cos, sin = np.cos(angle), np.sin(angle)
    stretched = np.empty((len(ink), 2, 2), np.float32)
    stretched[:, 0, 0], stretched[:, 0, 1] = 1.0 / stretch, 0.0
    stretched[:, 1, 0], stretched[:, 1, 1] = shear * stretch, stretch
    rotation = np.stack([np.stack([cos, -sin], 1), np.stack([sin, cos], 1)], 1)
    forward = rotation @ stretched

    size = INK_SIDE * (1.0 + _amounts(boldness, settings.size, rng))
    forward *= ((size - 1.0) / _longer_side(ink, forward))[:, None, None]
    inverse = np.linalg.inv(forward).astype(np.float32)

    shift = np.stack([_amounts(boldness, settings.shift, rng) for _ in range(2)], 1)
    steps = np.arange(SIDE, dtype=np.float32) - CENTRE
    rows = steps[None, :, None] - shift[:, 0, None, None]
    columns = steps[None, None, :] - shift[:, 1, None, None]
    centre = _centre_of_mass(ink)
    bend = _smooth_field(boldness * settings.bend, rng)
    sample_rows = inverse[:, 0, 0, None, None] * rows + inverse[:, 0, 1, None, None] * columns
    sample_columns = inverse[:, 1, 0, None, None] * rows + inverse[:, 1, 1, None, None] * columns
    return (
        sample_rows + centre[:, 0, None, None] + bend[:, 0],
        sample_columns + centre[:, 1, None, None] + bend[:, 1],
    )


def _longer_side(ink: Floats, forward: Floats) -> Floats:
    """Longer side, in pixels between outermost pixel centres, of the ink's box after `forward` (N, 2, 2)."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    inked = ink > 0.1
    sides = []
    for axis in range(2):
        along = forward[:, axis, 0, None, None] * rows + forward[:, axis, 1, None, None] * columns
        highest = np.where(inked, along, -np.inf).max(axis=(1, 2))
        lowest = np.where(inked, along, np.inf).min(axis=(1, 2))
        sides.append(highest - lowest)
    longer = np.maximum(*sides)
    # An image without ink has no box; any size will do for it.
    return np.where(np.isfinite(longer) & (longer > 1.0), longer, INK_SIDE).astype(np.float32)


def _centre_of_mass(ink: Floats) -> Floats:
    """Row and column of the centre of mass, float32 (N, 2)."""
    steps = np.arange(SIDE, dtype=np.float32)
    mass = np.maximum(ink.sum(axis=(1, 2)), 1e-6)
    return np.stack([ink.sum(axis=2) @ steps / mass, ink.sum(axis=1) @ steps / mass], 1)


def _smooth_field(amount: Floats, rng: np.random.Generator, knots: int = 5) -> Floats:
    """Random displacements, float32 (N, 2, 28, 28): Gaussian bumps on a grid, `amount` pixels large."""
    positions = np.linspace(0, SIDE - 1, knots, dtype=np.float32)
    spread = float(positions[1]) * 0.7
    reach = np.exp(-(((np.arange(SIDE)[:, None] - positions) / spread) ** 2) / 2.0).astype(np.float32)
    reach /= np.sqrt((reach**2).sum(axis=1, keepdims=True))
    knots_at = rng.standard_normal((len(amount), 2, knots, knots), dtype=np.float32)
    field: Floats = reach @ (knots_at * amount[:, None, None, None]) @ reach.T
    return field


def _warp(ink: Floats, rows: Floats, columns: Floats) -> Floats:
    """`ink` sampled bilinearly at the given places; outside the picture there is no ink."""
    side = SIDE + 2
    padded = np.zeros((len(ink), side, side), np.float32)
    padded[:, 1:-1, 1:-1] = ink
    flat = padded.reshape(-1)
    rows = np.clip(rows + 1.0, 0.0, side - 1.001)
    columns = np.clip(columns + 1.0, 0.0, side - 1.001)
    top, left = rows.astype(np.int32), columns.astype(np.int32)
    down, right = rows - top, columns - left
    at = (np.arange(len(ink), dtype=np.int32) * side * side)[:, None, None] + top * side + left
    upper = flat[at] * (1.0 - right) + flat[at + 1] * right
    lower = flat[at + side] * (1.0 - right) + flat[at + side + 1] * right
    warped: Floats = upper * (1.0 - down) + lower * down
    return warped


def _restroke(ink: Floats, boldness: Floats, settings: Augmentation, rng: np.random.Generator) -> Floats:
    """Strokes made thicker or thinner, softer, and darker or lighter."""
    change = rng.uniform(-1.0, 1.0, len(ink)).astype(np.float32) * boldness
    thicker, thinner = change >= 0, change < 0
    result = ink.copy()
    for chosen, share, extreme in (
        (thicker, settings.thicken, np.maximum),
        (thinner, settings.thin, np.minimum),
    ):
        amount = (np.abs(change[chosen]) * share)[:, None, None]
        result[chosen] += amount * (_neighbourhood(ink[chosen], extreme) - ink[chosen])
    blur = (boldness * settings.blur * rng.random(len(ink), dtype=np.float32))[:, None, None]
    result += blur * (_binomial(result) - result)
    gain = 1.0 + boldness * rng.uniform(-settings.fade, settings.gain, len(ink)).astype(np.float32)
    return result * gain[:, None, None]


def _neighbourhood(ink: Floats, extreme: np.ufunc) -> Floats:
    """`extreme` (np.maximum: dilation, np.minimum: erosion) over each pixel's 3x3 neighbourhood."""
    for axis in (1, 2):
        before, after = np.roll(ink, 1, axis), np.roll(ink, -1, axis)
        ink = extreme(extreme(before, after), ink)
    return ink


def _binomial(ink: Floats) -> Floats:
    for axis in (1, 2):
        ink = 0.5 * ink + 0.25 * (np.roll(ink, 1, axis) + np.roll(ink, -1, axis))
    return ink
