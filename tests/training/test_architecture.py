from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.floats.judge import dense_weights
from app.training import architecture
from app.training.architecture import DenseWeights
from tests.sizes import examples


def random_weights(seed: int, sizes: tuple[int, ...]) -> DenseWeights:
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(size=(inputs, outputs)).astype(np.float32), rng.normal(size=outputs).astype(np.float32))
        for inputs, outputs in itertools.pairwise(sizes)
    ]


def run(weights: DenseWeights, inputs: np.ndarray) -> np.ndarray:
    values = inputs.astype(np.float64)
    for index, (kernel, bias) in enumerate(weights):
        values = values @ kernel.astype(np.float64) + bias.astype(np.float64)
        if index < len(weights) - 1:
            values = np.maximum(values, 0.0)
    return values


def test_the_default_model_is_784_64_10_and_answers_probabilities() -> None:
    model = architecture.build()
    shapes = [(kernel.shape, bias.shape) for kernel, bias in dense_weights(model)]
    assert shapes == [((784, 64), (64,)), ((64, 10), (10,))]
    answers = np.asarray(model(np.random.default_rng(0).random((3, 28, 28), np.float32)))
    assert answers.shape == (3, 10) and answers.sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_the_model_computes_what_its_weights_say() -> None:
    model = architecture.build()
    weights = [(0.1 * kernel, bias) for kernel, bias in random_weights(1, (784, 64, 10))]
    architecture.set_dense_weights(model, weights)
    images = np.random.default_rng(2).random((5, 28, 28), np.float32)
    logits = run(weights, images.reshape(5, -1))
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    assert np.asarray(model(images)) == pytest.approx(expected, abs=1e-4)


@given(st.integers(0, 1000), st.sampled_from([(6, 4, 3), (5, 8, 7, 2)]), st.floats(0.01, 50.0))
@examples(20)
def test_balancing_brings_every_hidden_norm_to_the_bound_and_changes_no_answer(
    seed: int, sizes: tuple[int, ...], norm: float
) -> None:
    weights = random_weights(seed, sizes)
    balanced = architecture.balance(weights, norm)
    for kernel, bias in balanced[:-1]:
        assert architecture.l1_norms(kernel, bias) == pytest.approx(norm, rel=1e-5)
    inputs = np.random.default_rng(seed).random((20, sizes[0]))
    assert run(balanced, inputs) == pytest.approx(run(weights, inputs), rel=1e-4, abs=1e-4)


def test_balancing_leaves_a_dead_neuron_dead() -> None:
    weights = random_weights(3, (4, 3, 2))
    weights[0][0][:, 1] = 0.0
    weights[0][1][1] = 0.0
    kernel, bias = architecture.balance(weights, 2.0)[0]
    assert not kernel[:, 1].any() and bias[1] == 0.0


def test_the_largest_norm_fits_its_lane_and_no_narrower_one() -> None:
    for bits in (32, 36, 42):
        worst = 255 * 10**8 * architecture.largest_l1(bits)
        assert 2 ** (bits - 2) < worst < 2 ** (bits - 1)


def test_pixels_inked_too_seldom_are_not_used() -> None:
    images = np.zeros((10, 28, 28), np.uint8)
    images[:3, 5, 7] = 1
    images[:4, 20, 1] = 255
    assert np.flatnonzero(architecture.used_pixels(images, 4)).tolist() == [20 * 28 + 1]
    assert architecture.used_pixels(images, 0).all()
