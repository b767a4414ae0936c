from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.training.augment import Augmentation, augment
from app.training.data import Mnist
from tests.sizes import examples

BOLD = Augmentation(untouched=0.0)
STILL = Augmentation(
    untouched=0.0,
    rotation=0.0,
    aspect=0.0,
    shear=0.0,
    size=0.0,
    shift=0.0,
    bend=0.0,
    thicken=0.0,
    thin=0.0,
    blur=0.0,
    gain=0.0,
    fade=0.0,
)


def box(height: int, width: int, top: int = 4, left: int = 6, count: int = 1) -> np.ndarray:
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, top : top + height, left : left + width] = 255
    return images


def longer_side(image: np.ndarray) -> int:
    rows, columns = np.flatnonzero(image.max(axis=1) > 60), np.flatnonzero(image.max(axis=0) > 60)
    return int(max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1)


def centre(image: np.ndarray) -> tuple[float, float]:
    steps, mass = np.arange(28), image.sum(dtype=np.float64)
    return float(image.sum(axis=1) @ steps / mass), float(image.sum(axis=0) @ steps / mass)


@given(st.integers(1, 2100), st.integers(0, 2**32 - 1))
@examples(5)
def test_images_keep_their_number_shape_and_type_and_the_seed_decides_all(count: int, seed: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (count, 28, 28)).astype(np.uint8)
    before = images.copy()
    once = augment(images, BOLD, np.random.default_rng(seed))
    again = augment(images, BOLD, np.random.default_rng(seed))
    assert once.shape == images.shape and once.dtype == np.uint8
    assert np.array_equal(once, again)
    assert np.array_equal(images, before)


def test_another_seed_gives_other_images() -> None:
    images = box(20, 6, count=20)
    one, other = (augment(images, BOLD, np.random.default_rng(seed)) for seed in (1, 2))
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(("height", "width"), [(20, 6), (18, 10), (6, 20), (16, 16)])
def test_without_deformation_ink_is_made_as_mnist_is(height: int, width: int) -> None:
    made = augment(box(height, width), STILL, np.random.default_rng(0))[0]
    assert abs(longer_side(made) - 20) <= 1
    assert centre(made) == pytest.approx((14.0, 14.0), abs=0.25)


def test_boldest_deformation_keeps_ink_near_the_size_and_place_of_mnist() -> None:
    images = box(20, 4, count=500)
    made = augment(images, replace(BOLD, bend=0.0, thicken=0.0), np.random.default_rng(3))
    sides = np.array([longer_side(image) for image in made])
    centres = np.array([centre(image) for image in made])
    assert sides.min() >= 17 and sides.max() <= 24
    assert np.abs(centres - 14.0).max() <= BOLD.shift + 0.5


def test_strokes_become_both_thicker_and_thinner() -> None:
    images = box(20, 4, count=500)
    only_strokes = replace(STILL, thicken=0.8, thin=0.5)
    ink = augment(images, only_strokes, np.random.default_rng(4)).sum(axis=(1, 2), dtype=np.float64)
    still = augment(images[:1], STILL, np.random.default_rng(4)).sum(dtype=np.float64)
    assert ink.min() < 0.85 * still and ink.max() > 1.2 * still


def test_digits_lean_both_ways() -> None:
    images = box(20, 2, count=300)
    made = augment(images, replace(STILL, rotation=20.0), np.random.default_rng(6)).astype(np.float64)
    steps = np.arange(28) - 14.0
    lean = np.einsum("nij,i,j->n", made, steps, steps) / np.einsum("nij,i->n", made, steps**2)
    assert lean.min() < -0.2 and lean.max() > 0.2


def test_the_stated_share_stays_untouched() -> None:
    images = box(20, 7, count=2000)
    made = augment(images, Augmentation(untouched=0.5), np.random.default_rng(7))
    same = (made == images).all(axis=(1, 2)).mean()
    assert 0.45 < same < 0.56


def test_blank_images_stay_blank() -> None:
    assert not augment(np.zeros((3, 28, 28), np.uint8), BOLD, np.random.default_rng(0)).any()


def test_a_digit_stays_the_digit_its_neighbours_are(mnist: Mnist) -> None:
    """Deformed images lie nearer to images of their own class than to others, even as raw pixels."""
    rng = np.random.default_rng(8)
    base, labels = mnist.x_train[:3000].reshape(3000, -1) / 255.0, mnist.y_train[:3000]
    made = augment(mnist.x_train[3000:3300], BOLD, rng).reshape(300, -1) / 255.0
    distances = (made**2).sum(1)[:, None] - 2 * made @ base.T + (base**2).sum(1)
    assert (labels[distances.argmin(axis=1)] == mnist.y_train[3000:3300]).mean() > 0.75
