"""Random models of layers of maps, for Hypothesis, and the same layers as plain numbers for the oracle."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from app.fixedpoint import (
    Argmax,
    Conv2d,
    Depthwise,
    FewBit,
    IntegerModel,
    Layer,
    LeakyRelu,
    MaxPool,
    Pad,
    Relu,
    Requantise,
    SumPool,
)


@st.composite
def chains(draw: st.DrawFn, *, depth: int = 2, filters: int = 4, bits: int = 6) -> IntegerModel:
    """1 to `depth` blocks of a convolution of any kind and what may follow it, then 1 or 2 dense layers.

    A block: padding or none, a convolution, ReLU or leaky ReLU, pooling or none, requantisation, pooling or
    none.
    """
    shape = draw(st.integers(2, 7)), draw(st.integers(2, 7)), 1
    layers: list[Layer] = []
    for _ in range(draw(st.integers(1, depth))):
        block, shape = _block(draw, shape, filters, bits)
        layers += block
    inputs = shape[0] * shape[1] * shape[2]
    for outputs in draw(st.lists(st.integers(1, 4), min_size=1, max_size=2)):
        if isinstance(layers[-1], FewBit):
            layers += draw(st.sampled_from([[Relu()], [Relu(), Requantise(2, 500, 1)]]))
        width = draw(st.integers(2, bits))
        weights = _integers(draw, (inputs, outputs), 2 ** (width - 1))
        layers.append(FewBit(weights, _integers(draw, (outputs,), 300), width, 1))
        inputs = outputs
    return IntegerModel([*layers, Argmax()])


def _block(draw, shape, filters, bits):
    height, width, channels = shape
    layers: list[Layer] = []
    if draw(st.booleans()):
        padding = draw(st.tuples(*[st.integers(0, 2)] * 4))
        pad = Pad(*shape, padding, draw(st.sampled_from([0, 3, 255])), draw(st.sampled_from([0, 1, 9])))
        layers.append(pad)
        height, width, channels = pad.output_height, pad.output_width, pad.output_channels
    kernel = draw(st.integers(1, min(3, height))), draw(st.integers(1, min(3, width)))
    stride = draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (1, 2), (3, 1)]))
    deep = draw(st.booleans())
    made = draw(st.integers(1, 2 if deep else filters))
    weights = _integers(draw, (*kernel, channels, made), 2 ** (bits - 1))
    made *= channels if deep else 1
    biases = _integers(draw, (made,), 300)
    conv = (Depthwise if deep else Conv2d)(height, width, weights, biases, 1, stride)
    layers.append(conv)
    offset = draw(st.sampled_from([0, 64]))
    leaky = LeakyRelu(draw(st.integers(1, 7)), 3, draw(st.integers(0, 3)), offset)
    layers += draw(st.sampled_from([[Relu()], [leaky, Relu()]]))
    shape = conv.output_height, conv.output_width, made
    largest, shape = _pool(draw, shape, st.sampled_from([None, MaxPool]))
    layers += largest
    layers.append(Requantise(draw(st.integers(0, 9)), draw(st.integers(1, 255)), 1))
    after, shape = _pool(draw, shape, st.sampled_from([None, MaxPool, SumPool]))
    return [*layers, *after], shape


def _pool(draw, shape, kinds):
    kind = draw(kinds)
    if kind is None:
        return [], shape
    size = draw(st.integers(1, min(3, shape[0]))), draw(st.integers(1, min(3, shape[1])))
    stride = draw(st.sampled_from([size, (1, 1), (2, 2)]))
    if kind is SumPool:
        padding = tuple(draw(st.integers(0, min(1, size[side // 2] - 1))) for side in range(4))
        pool = SumPool(*shape, size, stride, padding)
    else:
        pool = MaxPool(*shape, size, stride)
    return [pool], (pool.output_height, pool.output_width, shape[2])


def _integers(draw, shape, limit):
    """Numbers in -limit .. limit - 1, from a seed: there are too many to draw one by one."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    if draw(st.booleans()):
        return rng.choice([-limit, 0, limit - 1], shape).astype(np.int64)
    return rng.integers(-limit, limit, shape)


def steps_of(model: IntegerModel) -> list[tuple]:
    """The layers as plain numbers, as `oracle.chain` reads them."""
    steps: list[tuple] = []
    for layer in model.layers[:-1]:
        if isinstance(layer, Conv2d | Depthwise | Pad | MaxPool | SumPool):
            steps.append(("shape", layer.height, layer.width, layer.channels))
        match layer:
            case Pad():
                steps.append((layer.kind, layer.padding, layer.value, layer.constant))
            case Conv2d() | Depthwise():
                steps.append((layer.kind, layer.weights.tolist(), layer.biases.tolist(), layer.stride))
            case MaxPool():
                steps.append((layer.kind, layer.size, layer.stride))
            case SumPool():
                steps.append((layer.kind, layer.size, layer.stride, layer.padding))
            case LeakyRelu():
                steps.append((layer.kind, layer.numerator, layer.drop, layer.shift, layer.offset))
            case Requantise():
                steps.append((layer.kind, layer.shift, layer.ceiling))
            case FewBit():
                steps.append((layer.kind, layer.weights.tolist(), layer.biases.tolist()))
            case _:
                steps.append((layer.kind,))
    return steps
