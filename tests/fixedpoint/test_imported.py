"""A folded float model becomes integers that agree with it, with as few bits as that takes."""

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ModelError
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
    same_padding,
)
from app.fixedpoint.imported import AGREEMENT, LEAST_AGREEMENT, Calibration, quantise_folded
from app.fixedpoint.rounding import Width, leaky_relu, rounded, statistics_of
from app.fixedpoint.units import Linear, outputs, units_of
from tests.sizes import examples


def blobs(count, seed):
    """Smooth random pictures: sums over windows of noise, as digits are smoother than noise."""
    noise = np.random.default_rng(seed).normal(size=(count, 34, 34))
    return np.lib.stride_tricks.sliding_window_view(noise, (7, 7), axis=(1, 2)).mean(axis=(3, 4)) * 900


CLASSES = np.arange(120) % 10
PICTURES = np.clip(blobs(10, 5)[CLASSES] + 0.3 * blobs(120, 7), 0, 255).astype(np.uint8)
"""Ten classes of pictures, each like one of ten."""


class Net:
    """Random weights of the usual size, layer by layer, from a seed."""

    def __init__(self, seed=1):
        self.rng = np.random.default_rng(seed)

    def conv(self, rows, columns, channels, filters, stride=(1, 1), padding=(0, 0, 0, 0)):
        size = (rows, columns, channels, filters)
        kernel = self.rng.normal(size=size) * np.sqrt(2 / (rows * columns * channels))
        return ConvLayer(kernel, self.rng.normal(size=filters) * 0.1, stride, padding)

    def deep(self, rows, columns, channels, multiplier=1, stride=(1, 1), padding=(0, 0, 0, 0)):
        kernel = self.rng.normal(size=(rows, columns, channels, multiplier)) * np.sqrt(2 / (rows * columns))
        return DepthwiseLayer(kernel, self.rng.normal(size=channels * multiplier) * 0.1, stride, padding)

    def dense(self, inputs, outputs):
        return DenseLayer(
            self.rng.normal(size=(inputs, outputs)) * np.sqrt(2 / inputs), self.rng.normal(size=outputs) * 0.1
        )

    def norm(self, channels, turned=False):
        scale = self.rng.uniform(0.5, 2, channels) * (self.rng.choice([-1, 1], channels) if turned else 1)
        return AffineLayer(scale, self.rng.normal(size=channels))


RELU = ActivationLayer("relu")
HALF = MaxPoolLayer((2, 2), (2, 2))
SAME = (1, 1, 1, 1)


def models():
    """Models of the kinds that people make, with random weights."""
    n = Net()
    return {
        "dense": [FlattenLayer(), n.dense(784, 12), RELU, n.dense(12, 10)],
        "dense, leaky": [FlattenLayer(), n.dense(784, 12), ActivationLayer("leaky", 0.1), n.dense(12, 10)],
        "wide": [FlattenLayer(), n.dense(784, 210), ActivationLayer("leaky", 0.3), n.dense(210, 10)],
        "linear": [FlattenLayer(), n.dense(784, 9), n.dense(9, 10)],
        "lenet": [
            *(n.conv(5, 5, 1, 4, padding=(2, 2, 2, 2)), RELU, AveragePoolLayer((2, 2), (2, 2))),
            *(n.conv(5, 5, 4, 6), RELU, AveragePoolLayer((2, 2), (2, 2)), FlattenLayer()),
            *(n.dense(150, 20), RELU, n.dense(20, 10)),
        ],
        "norm before relu": [
            *(n.conv(3, 3, 1, 4, padding=SAME), n.norm(4, turned=True), RELU, HALF),
            *(n.conv(3, 3, 4, 6, (2, 2), SAME), n.norm(6), RELU, FlattenLayer(), n.dense(294, 10)),
        ],
        "norm after relu": [
            *(n.conv(3, 3, 1, 4, (2, 2)), RELU, n.norm(4, turned=True)),
            *(n.conv(3, 3, 4, 5, padding=SAME), RELU, n.norm(5, turned=True), HALF),
            *(n.deep(3, 3, 5, padding=SAME), RELU, FlattenLayer(), n.dense(180, 10)),
        ],
        "separable": [
            *(n.conv(3, 3, 1, 4, (2, 2), SAME), ActivationLayer("leaky", 0.2)),
            *(n.deep(3, 3, 4, padding=SAME), n.conv(1, 1, 4, 6), ActivationLayer("leaky", 0.2), HALF),
            *(n.deep(3, 3, 6), n.conv(1, 1, 6, 8), ActivationLayer("leaky", 0.2)),
            *(GlobalAverageLayer(), n.dense(8, 10)),
        ],
        "relu6": [
            *(n.conv(3, 3, 1, 4, (2, 2)), ActivationLayer("relu6"), n.deep(3, 3, 4, 2, (2, 2))),
            *(
                ActivationLayer("relu6"),
                FlattenLayer(),
                n.dense(288, 12),
                ActivationLayer("relu6"),
                n.dense(12, 10),
            ),
        ],
        "pool before relu": [
            *(n.conv(3, 3, 1, 4), MaxPoolLayer((3, 3), (2, 2), same_padding((26, 26), (3, 3), (2, 2)))),
            *(n.norm(4), RELU, n.conv(5, 5, 4, 6, (3, 3)), GlobalMaxLayer(), n.dense(6, 10)),
        ],
        "all convolutions": [
            *(n.conv(5, 5, 1, 5, (3, 3)), RELU, ZeroPadLayer((1, 0, 0, 1)), n.conv(3, 3, 5, 10, (2, 2))),
            *(GlobalAverageLayer(),),
        ],
        "padded and averaged": [
            *(n.conv(3, 3, 1, 3, (2, 2)), ActivationLayer("leaky", 0.1), ZeroPadLayer((1, 1, 1, 1))),
            *(AveragePoolLayer((3, 3), (2, 2), SAME), n.conv(3, 3, 3, 4, padding=SAME), RELU),
            *(FlattenLayer(), n.dense(256, 10)),
        ],
        "a dense layer on a map": [
            *(
                n.conv(4, 4, 1, 3, (4, 4)),
                RELU,
                n.dense(3, 5),
                RELU,
                n.conv(7, 7, 5, 8),
                RELU,
                FlattenLayer(),
            ),
            n.dense(8, 10),
        ],
    }


MODELS = models()
MEANINGS = {"0..1": PixelMeaning(), "-1..1": PixelMeaning(2 / 255, -1), "paper": PixelMeaning(-1 / 255, 1)}
RIDGE = 1e-3


@functools.cache
def trained(name, meaning="0..1"):
    """The model with its last dense layer fitted to the classes: random features tell them apart as well."""
    *layers, last = MODELS[name]
    if not isinstance(last, DenseLayer):
        return FoldedModel(MODELS[name], MEANINGS[meaning])
    features = FoldedModel(layers, MEANINGS[meaning])
    rows = floating.logits(features, PICTURES)
    mean, spread = rows.mean(axis=0), rows.std() or 1.0
    rows = (rows - mean) / spread
    wanted = 10 * np.eye(10)[CLASSES] - 1
    kernel = (
        np.linalg.solve(rows.T @ rows + RIDGE * len(rows) * np.eye(rows.shape[1]), rows.T @ wanted) / spread
    )
    return FoldedModel([*layers, DenseLayer(kernel, wanted.mean(axis=0) - mean @ kernel)], MEANINGS[meaning])


def calibration(model):
    return Calibration(PICTURES, floating.logits(model, PICTURES).argmax(axis=1))


@pytest.mark.parametrize("meaning", MEANINGS)
@pytest.mark.parametrize("name", MODELS)
def test_the_units_compute_what_the_model_computes(name, meaning):
    model = trained(name, meaning)
    values = PICTURES[:3, ..., None] * model.meaning.scale + model.meaning.offset
    *_, (_, last) = outputs(units_of(model), values)
    assert last == pytest.approx(floating.logits(model, PICTURES[:3]), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("meaning", MEANINGS)
@pytest.mark.parametrize("name", MODELS)
def test_integers_of_many_bits_come_close_to_the_float_logits(name, meaning):
    """What is left is the slope of a leaky ReLU, of 5 bits, and one value in a thousand that is cut off."""
    folded = FoldedModel(MODELS[name], MEANINGS[meaning])
    units = units_of(folded)
    model = rounded(folded, units, statistics_of(folded, units, PICTURES), PICTURES, Width(16, 14))
    wanted = floating.logits(folded, PICTURES)
    made = model.logits(PICTURES).astype(np.float64)
    scale = (made * wanted).sum() / (wanted * wanted).sum()
    # A logit's denominator is the whole number nearest to its scale.
    assert model.logit_range.denominator == pytest.approx(scale, rel=0.05)
    assert abs(made / scale - wanted).mean() < 0.025 * wanted.std()


def test_a_dense_model_keeps_eight_decimals_where_that_fits():
    model = trained("dense", "-1..1")
    found = quantise_folded(model, calibration(model), fits=lambda _: True)
    assert (found.bits, found.agreement) == (None, 1.0)
    made = found.model.logits(PICTURES) / found.model.logit_range.denominator
    assert made == pytest.approx(floating.logits(model, PICTURES), abs=1e-5)


def test_a_dense_model_that_does_not_fit_gets_few_bits():
    model = trained("dense")
    found = quantise_folded(model, calibration(model), fits=lambda made: made.layers[0].kind == "few-bit")
    assert found.bits is not None and found.agreement >= AGREEMENT


@pytest.mark.parametrize("name", ["padded and averaged", "dense, leaky"])
def test_the_fewest_bits_that_agree_are_taken(name):
    model = trained(name)
    given = calibration(model)
    found = quantise_folded(model, given, fits=lambda _: True)
    assert found.agreement == given.agreement(found.model) >= AGREEMENT
    fewer = quantise_folded(model, given, fits=lambda _: True, bits=found.bits - 1)
    assert fewer.agreement < AGREEMENT


def test_fewer_bits_are_taken_where_a_node_takes_no_more():
    model = trained("pool before relu")
    given = calibration(model)
    best = quantise_folded(model, given, fits=lambda _: True)
    tight = quantise_folded(model, given, fits=lambda made: made.layers[-2].bits < best.bits)
    assert tight.bits < best.bits and LEAST_AGREEMENT <= tight.agreement < AGREEMENT
    never = quantise_folded(model, given, fits=lambda _: False)
    assert never.bits == best.bits


@examples(20)
@given(st.floats(1e-6, 0.999))
def test_the_slope_of_a_leaky_relu_is_near(slope):
    layer = leaky_relu(slope, 0)
    assert layer.numerator / 2 ** (layer.drop + layer.shift) == pytest.approx(slope, rel=1 / 31)


@pytest.mark.parametrize("bits", [1, 17])
def test_bits_that_no_weight_has_are_refused(bits):
    model = trained("dense")
    with pytest.raises(ModelError, match="2 to 16 bits"):
        quantise_folded(model, calibration(model), fits=lambda _: True, bits=bits)


def test_calibration_takes_images():
    with pytest.raises(ModelError, match="at least one image"):
        Calibration(PICTURES[:0], np.zeros(0, np.int64))


def test_every_linear_unit_has_its_activation():
    units = units_of(trained("norm before relu"))
    assert sum(isinstance(unit, Linear) for unit in units) == 3
    assert not any(isinstance(unit, AffineLayer) for unit in units)
