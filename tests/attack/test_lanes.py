"""Images made to overflow a lane of the packed model: the sums stay where they were proved to stay.

Were a lane to overflow, it would spoil its neighbour, and the contract would read something that the
model does not. So each image's logits are held to plain Python arithmetic, and false digits are claimed.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests import oracle
from tests.attack.forge import Forger, read, shipped_model
from tests.attack.judging import Judges
from tests.strategies import parameters

PIXEL = 255


@pytest.fixture(scope="module")
def layers() -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights and biases of both layers as floats in real terms: good enough to search with."""
    dense = [layer for layer in shipped_model().layers if hasattr(layer, "weights")]
    return [(layer.weights / 1e8, layer.biases / 1e8) for layer in dense]


def ink(signs: np.ndarray) -> np.ndarray:
    """Full ink where the sign is positive, paper elsewhere."""
    return np.where(signs > 0, PIXEL, 0).astype(np.uint8)


def worst_of_each_neuron(layers) -> list[np.ndarray]:
    """For each hidden neuron the images with the highest and the lowest sum that any image has."""
    return [ink(sign * column) for column in layers[0][0].T for sign in (1, -1)]


def worst_of_several(layers, count: int, seed: int) -> list[np.ndarray]:
    """For random sets of hidden neurons and directions, the image that pushes them furthest together.

    The sum is linear in each pixel, so the best image has each pixel at the end its weights point to.
    """
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        chosen = rng.choice(64, size=rng.integers(2, 64), replace=False)
        found.append(ink(layers[0][0][:, chosen] @ rng.choice([-1, 1], size=len(chosen))))
    return found


def ascend(layers, aim: np.ndarray, start: np.ndarray, steps: int = 400) -> np.ndarray:
    """Coordinate ascent of `aim` @ logits over images: flip the pixel that gains most, until none does."""
    (w1, b1), (w2, _) = layers
    pixels = start.astype(float) / PIXEL
    direction = w2 @ aim
    for _ in range(steps):
        sums = pixels @ w1 + b1
        flipped = np.maximum(sums + (1 - 2 * np.round(pixels))[:, None] * w1, 0) @ direction
        best = int(flipped.argmax())
        if flipped[best] <= np.maximum(sums, 0) @ direction + 1e-9:
            break
        pixels[best] = 1 - np.round(pixels[best])
    return ink(pixels - 0.5)


def worst_of_logits(layers, aims: list[np.ndarray]) -> list[np.ndarray]:
    """For each aim an image that the ascent cannot better: both ends of each logit, and gaps of two."""
    (w1, _), (w2, _) = layers
    return [ascend(layers, aim, ink(w1 @ (w2 @ aim))) for aim in aims]


def ends() -> list[np.ndarray]:
    return [sign * np.eye(10)[digit] for digit in range(10) for sign in (1, -1)]


def gaps() -> list[np.ndarray]:
    return [np.eye(10)[one] - np.eye(10)[two] for one, two in itertools.permutations(range(10), 2)]


def attack(name: str, images: list[np.ndarray], judges: Judges, forger: Forger, refused) -> None:
    """The Script's logits equal plain arithmetic; the claims of two false digits fail; the true ones pass."""
    pictures = [image.tobytes() for image in images]
    numbers = parameters(shipped_model())
    for picture, logits in zip(pictures, judges.logits(pictures), strict=True):
        assert list(logits) == oracle.per_sum(numbers, picture)
    forged = []
    for number, picture in enumerate(pictures):
        logits = shipped_model().read(np.frombuffer(picture, np.uint8)).logits
        second = sorted(range(10), key=lambda digit: logits[digit])[-2]
        other = (read(picture) + 1 + number % 9) % 10
        forged += [forger.attempt(f"{name} {number}", picture, digit) for digit in {second, other}]
    refused(name, forged, [forger.attempt("true", picture, read(picture)) for picture in pictures[::8]])


@pytest.mark.parametrize("every", [16, pytest.param(1, marks=pytest.mark.attack)])
def test_the_highest_and_lowest_sum_of_every_hidden_neuron(layers, every, judges, forger, refused):
    """The bounds of every neuron; the Script reads the images of every sixteenth, or of all."""
    images = worst_of_each_neuron(layers)
    reached = sums_of(images)
    proved = shipped_model().ranges[1]
    assert [max(reached[:, j]) for j in range(64)] == list(proved.high), (
        "the proof is exact: no smaller bound"
    )
    assert [min(reached[:, j]) for j in range(64)] == list(proved.low)
    attack(
        "lanes: each hidden neuron to its ends",
        (images[::2] + images[1:64:2])[::every],
        judges,
        forger,
        refused,
    )


@pytest.mark.parametrize("count", [4, pytest.param(24, marks=pytest.mark.attack)])
def test_sums_of_several_hidden_neurons_driven_together(layers, count, judges, forger, refused):
    images = worst_of_several(layers, count, seed=1)
    in_lanes(images)
    attack("lanes: several hidden neurons together", images, judges, forger, refused)


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.attack)])
def test_logits_driven_to_their_ends(layers, every, judges, forger, refused):
    images = worst_of_logits(layers, (ends() + gaps()[::9])[::every])
    in_lanes(images)
    attack("lanes: logits to their ends", images, judges, forger, refused)


@pytest.mark.attack
@pytest.mark.timeout(3600)
def test_a_long_search_over_both_layers(layers, judges, forger, refused):
    """Every gap of two logits, and random aims from random starts."""
    rng = np.random.default_rng(2)
    images = worst_of_logits(layers, gaps())
    images += [
        ascend(layers, rng.normal(size=10), rng.choice([0, PIXEL], size=784).astype(np.uint8))
        for _ in range(200)
    ]
    images += worst_of_several(layers, 400, seed=3)
    in_lanes(images)
    attack("lanes: long search", images, judges, forger, refused)


def sums_of(images: list[np.ndarray]) -> np.ndarray:
    """Exact sums of the hidden layer, as they stand in their lanes without the offset."""
    first = shipped_model().layers[0]
    pixels = np.stack(images).astype(np.int64)
    return pixels @ first.weights + PIXEL * first.biases


def in_lanes(images: list[np.ndarray]) -> None:
    """Hidden sums and logits, with their offsets, lie within their lanes."""
    model = shipped_model()
    program = Forger().contract.program
    exact = [sums_of(images), model.logits(np.stack(images))]
    for values, lanes, proved in zip(exact, program.lanes, model.ranges[1::2], strict=True):
        for j, (width, offset) in enumerate(zip(lanes.widths, lanes.offsets, strict=True)):
            filled = [int(value) + offset for value in values[:, j]]
            assert min(filled) >= 0
            assert max(filled) < 2**width
            assert max(filled) <= int(proved.high[j] - proved.low[j])
