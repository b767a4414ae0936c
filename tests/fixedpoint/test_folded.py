"""A folded float model: shapes that fit, and what it computes, next to plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BoundError, ModelError
from app.fixedpoint import floating
from app.fixedpoint.folded import (
    ActivationLayer,
    AffineLayer,
    AveragePoolLayer,
    ConvLayer,
    DenseLayer,
    DepthwiseLayer,
    FlattenLayer,
    FoldedModel,
    GlobalAverageLayer,
    GlobalMaxLayer,
    MaxPoolLayer,
    PixelMeaning,
    ZeroPadLayer,
    output_shape,
    same_padding,
)
from tests.sizes import examples

pads = st.tuples(*[st.integers(0, 1)] * 4)
steps = st.tuples(st.integers(1, 3), st.integers(1, 3))
windows = st.tuples(st.integers(2, 3), st.integers(2, 3))


def padded(values, padding, outside):
    """value(y, x, c) of a map (height, width, channels) as nested lists, `outside` beyond its edges."""
    top, _, left, _ = padding

    def value(y, x, c):
        inside = 0 <= y - top < len(values) and 0 <= x - left < len(values[0])
        return values[y - top][x - left][c] if inside else outside

    return value


@examples(20)
@given(st.data())
def test_maps_are_computed_as_plain_loops_do(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    shape = (*(data.draw(st.integers(3, 6)) for _ in range(2)), data.draw(st.integers(1, 3)))
    values = rng.normal(size=shape)
    padding, stride, size = data.draw(pads), data.draw(steps), data.draw(windows)
    kernel, bias = rng.normal(size=(*size, shape[2], 2)), rng.normal(size=2)
    deep_bias = rng.normal(size=2 * shape[2])
    made = {
        type(layer): floating.apply(layer, values[None])[0]
        for layer in (
            ConvLayer(kernel, bias, stride, padding),
            DepthwiseLayer(kernel, deep_bias, stride, padding),
            MaxPoolLayer(size, stride, padding),
            AveragePoolLayer(size, stride, padding),
        )
    }
    zero, nothing = (padded(values.tolist(), padding, outside) for outside in (0.0, None))
    rows, columns = made[ConvLayer].shape[:2]
    for y in range(rows):
        for x in range(columns):
            taps = [(i, j) for i in range(size[0]) for j in range(size[1])]
            at = {tap: (y * stride[0] + tap[0], x * stride[1] + tap[1]) for tap in taps}
            for c in range(shape[2]):
                known = [v for tap in taps if (v := nothing(*at[tap], c)) is not None]
                assert made[MaxPoolLayer][y, x, c] == max(known)
                assert made[AveragePoolLayer][y, x, c] == pytest.approx(sum(known) / len(known))
                for m in range(2):
                    total = sum(zero(*at[tap], c) * kernel[(*tap, c, m)] for tap in taps)
                    total += deep_bias[c * 2 + m]
                    assert made[DepthwiseLayer][y, x, c * 2 + m] == pytest.approx(total)
            for o in range(2):
                total = sum(zero(*at[tap], c) * kernel[(*tap, c, o)] for tap in taps for c in range(shape[2]))
                assert made[ConvLayer][y, x, o] == pytest.approx(total + bias[o])


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (AffineLayer(np.array([2.0]), np.array([1.0])), [[-3.0], [7.0], [9.0], [17.0]]),
        (ActivationLayer("relu"), [[0.0], [3.0], [4.0], [8.0]]),
        (ActivationLayer("relu6"), [[0.0], [3.0], [4.0], [6.0]]),
        (ActivationLayer("leaky", 0.25), [[-0.5], [3.0], [4.0], [8.0]]),
        (GlobalAverageLayer(), 3.25),
        (GlobalMaxLayer(), 8.0),
        (FlattenLayer(), [-2.0, 3.0, 4.0, 8.0]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_small_layers(layer, expected):
    values = np.array([[[-2.0], [3.0]], [[4.0], [8.0]]])
    made = floating.apply(layer, values[None])[0]
    assert made.ravel().tolist() == np.ravel(expected).tolist()
    assert made.shape == output_shape(layer, values.shape)


def test_padding_adds_zeros():
    made = floating.apply(ZeroPadLayer((1, 0, 0, 2)), np.ones((1, 1, 1, 1)))[0, ..., 0]
    assert made.tolist() == [[0, 0, 0], [1, 0, 0]]


def test_a_pixel_stands_for_what_it_means():
    one = DenseLayer(np.ones((784, 1)), np.zeros(1))
    image = np.full((1, 28, 28), 255, np.uint8)
    for meaning, worth in (
        (PixelMeaning(), 1),
        (PixelMeaning(2 / 255, -1), 1),
        (PixelMeaning(-1 / 255, 1), 0),
    ):
        model = FoldedModel([FlattenLayer(), one], meaning)
        assert floating.logits(model, image)[0, 0] == pytest.approx(784 * worth)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [
        ((28, 28), (3, 3), (1, 1), (1, 1, 1, 1)),
        ((28, 28), (5, 5), (2, 2), (1, 2, 1, 2)),
        ((28, 28), (2, 2), (1, 1), (0, 1, 0, 1)),
        ((7, 28), (2, 2), (2, 2), (0, 1, 0, 0)),
        ((28, 28), (1, 1), (2, 2), (0, 0, 0, 0)),
    ],
)
def test_same_padding_is_keras_s(size, kernel, stride, expected):
    assert same_padding(size, kernel, stride) == expected


def conv(*shape, **options):
    return ConvLayer(np.ones(shape), np.zeros(shape[-1]), **options)


def test_shapes_are_followed():
    layers = [
        conv(3, 3, 1, 4, padding=(1, 1, 1, 1)),
        MaxPoolLayer((2, 2), (2, 2)),
        DepthwiseLayer(np.ones((5, 5, 4, 2)), np.zeros(8), stride=(2, 2)),
        FlattenLayer(),
        DenseLayer(np.ones((200, 10)), np.zeros(10)),
    ]
    model = FoldedModel(layers)
    assert model.shapes == [(28, 28, 1), (28, 28, 4), (14, 14, 4), (5, 5, 8), (200,), (10,)]
    assert (model.classes, model.dense_only) == (10, False)


@pytest.mark.parametrize(
    "layers",
    [
        [DenseLayer(np.ones((784, 10)), np.zeros(10))],
        [FlattenLayer(), conv(3, 3, 1, 1)],
        [conv(3, 3, 2, 1)],
        [conv(29, 3, 1, 1)],
        [conv(3, 3, 1, 1, stride=(0, 1))],
        [conv(3, 3, 1, 1, padding=(-1, 0, 0, 0))],
        [conv(3, 3, 1, 1, padding=(40, 0, 0, 0))],
        [MaxPoolLayer((2, 2), (2, 2), (2, 0, 0, 0))],
        [conv(1, 1, 1, 2000)],
        [AffineLayer(np.ones(2), np.ones(1))],
        [ActivationLayer("leaky", 1.5)],
        [ConvLayer(np.ones((3, 3, 1, 2)), np.zeros(1))],
    ],
)
def test_layers_that_do_not_fit_are_refused(layers):
    with pytest.raises(ModelError):
        FoldedModel(layers)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_numbers_are_refused(value):
    with pytest.raises(BoundError):
        FoldedModel([FlattenLayer(), DenseLayer(np.full((784, 1), value), np.zeros(1))])


@pytest.mark.parametrize(("scale", "offset"), [(0.0, 1.0), (np.nan, 0.0), (1.0, np.inf)])
def test_pixels_that_mean_nothing_are_refused(scale, offset):
    with pytest.raises(ModelError):
        PixelMeaning(scale, offset)


def test_a_model_that_ends_with_a_map_has_no_classes():
    with pytest.raises(ModelError, match="row of numbers"):
        _ = FoldedModel([conv(3, 3, 1, 1)]).classes
