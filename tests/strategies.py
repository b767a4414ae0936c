"""Random models and images for Hypothesis, with the extremes that random draws miss."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import strategies as st

from app.fixedpoint import (
    Argmax,
    Conv2d,
    Dense,
    FewBit,
    IntegerModel,
    Layer,
    Relu,
    Requantise,
    convolutional,
)
from tests import oracle

TRAINED = 3 * 10**8
"""Trained weights stay within 3 in real terms."""


def weights(limit: int = TRAINED) -> st.SearchStrategy[int]:
    """Weights up to `limit` in magnitude; zero and both bounds come often."""
    return st.one_of(
        st.integers(-limit, limit), st.sampled_from([0, 1, -1, limit, -limit]), st.integers(-1000, 1000)
    )


@st.composite
def models(
    draw: st.DrawFn,
    *,
    pixels: int | None = None,
    depth: int = 3,
    width: int = 5,
    limit: int = TRAINED,
) -> IntegerModel:
    """A dense model of 1 to `depth` layers, each of 1 to `width` neurons."""
    inputs = pixels or draw(st.integers(1, 9))
    widths = [inputs, *draw(st.lists(st.integers(1, width), min_size=1, max_size=depth))]
    layers = []
    for fan_in, fan_out in itertools.pairwise(widths):
        if layers:
            layers.append(Relu())
        numbers = draw(st.lists(weights(limit), min_size=fan_in * fan_out, max_size=fan_in * fan_out))
        biases = draw(st.lists(weights(limit), min_size=fan_out, max_size=fan_out))
        layers.append(
            Dense(
                np.array(numbers, dtype=np.int64).reshape(fan_in, fan_out), np.array(biases, dtype=np.int64)
            )
        )
    return IntegerModel([*layers, Argmax()])


def images(pixels: int) -> st.SearchStrategy[bytes]:
    """Images of `pixels` bytes: any, all black, all white, a single lit pixel."""
    single = st.builds(
        lambda at, value: bytes(value if i == at else 0 for i in range(pixels)),
        st.integers(0, pixels - 1),
        st.integers(1, 255),
    )
    return st.one_of(
        st.binary(min_size=pixels, max_size=pixels),
        st.sampled_from([bytes(pixels), bytes([255]) * pixels, bytes([128]) * pixels]),
        single,
    )


def parameters(model: IntegerModel) -> list[tuple[list[list[int]], list[int]]]:
    """A model's numbers as plain Python integers, for the oracle."""
    return [
        (layer.weights.tolist(), layer.biases.tolist()) for layer in model.layers if isinstance(layer, Dense)
    ]


@st.composite
def few_bit_models(draw: st.DrawFn, *, depth: int = 3, width: int = 6) -> IntegerModel:
    """A few-bit model of 1 to `depth` layers."""
    layers: list[Layer] = []
    inputs = draw(st.integers(1, 9))
    widths = [inputs, *draw(st.lists(st.integers(1, width), min_size=1, max_size=depth))]
    for fan_in, fan_out in itertools.pairwise(widths):
        if layers:
            layers.append(Relu())
        bits = draw(st.integers(2, 9))
        end = 2 ** (bits - 1)
        codes = st.one_of(st.integers(-end, end - 1), st.sampled_from([-end, end - 1]))
        numbers = draw(st.lists(codes, min_size=fan_in * fan_out, max_size=fan_in * fan_out))
        biases = draw(st.lists(weights(10**6), min_size=fan_out, max_size=fan_out))
        table = np.array(numbers, dtype=np.int64).reshape(fan_in, fan_out)
        layers.append(FewBit(table, np.array(biases, dtype=np.int64), bits, draw(st.integers(1, 100))))
    return IntegerModel([*layers, Argmax()])


def few_bit_parameters(model: IntegerModel) -> list[tuple[list[list[int]], list[int]]]:
    """A few-bit model's numbers as plain Python integers, for the oracle."""
    return [
        (layer.weights.tolist(), layer.biases.tolist()) for layer in model.layers if isinstance(layer, FewBit)
    ]


@st.composite
def convolutional_models(
    draw: st.DrawFn, *, depth: int = 2, filters: int = 5, limit: int = 15, ceiling: int = 255
) -> IntegerModel:
    """1 to `depth` blocks of convolution, ReLU, pooling, requantisation; then a dense layer."""
    blocks = draw(st.integers(1, depth))
    kernels = [draw(st.integers(1, 3)) for _ in range(blocks)]
    side = draw(st.integers(1, 2))  # of the last map; backwards from there, an odd edge more or not
    for kernel in reversed(kernels):
        side = 2 * side + draw(st.integers(0, 1)) + kernel - 1
    first, channels, parameters, steps = side, 1, [], []
    for kernel in kernels:
        made = draw(st.integers(1, filters))
        parameters.append(_few_bits(draw, (kernel, kernel, channels, made), limit))
        # Steps up to the largest that a layer may have: they pass what its lane holds.
        shift = draw(st.one_of(st.integers(0, 9), st.integers(0, 62)))
        most = draw(st.one_of(st.integers(1, ceiling), st.integers(2**15 - 1, 2**31 - 1)))
        steps.append((shift, most, 1))
        side, channels = (side - kernel + 1) // 2, made
    parameters.append(_few_bits(draw, (side * side * channels, draw(st.integers(1, 4))), limit))
    return convolutional(parameters, steps, first)


def _few_bits(draw: st.DrawFn, shape: tuple[int, ...], limit: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Weights and biases of a layer, from a seed: there are too many to draw one by one."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    largest = draw(st.sampled_from([limit, 1, limit // 2 + 1]))
    extreme = draw(st.booleans())
    kernel = (
        rng.choice([-largest, 0, largest], shape) if extreme else rng.integers(-largest, largest + 1, shape)
    )
    return kernel.astype(np.int64), rng.integers(-300, 301, shape[-1]), 1


def blocks_of(model: IntegerModel) -> oracle.Blocks:
    """A convolutional model's numbers as plain Python integers, for the oracle."""
    convolutions = [layer for layer in model.layers if isinstance(layer, Conv2d)]
    steps = [(layer.shift, layer.ceiling) for layer in model.layers if isinstance(layer, Requantise)]
    return [
        (layer.height, layer.width, layer.weights.tolist(), layer.biases.tolist(), *step)
        for layer, step in zip(convolutions, steps, strict=True)
    ]
