"""Evidence, compared with the same sums in plain Python integers."""

import numpy as np
import pytest

from app import fixedpoint, models
from app.errors import ModelError
from app.fixedpoint import Argmax, Dense, FewBit, IntegerModel, Relu
from app.fixedpoint.evidence import PATCH, evidence, hidden_layer, is_exact

SCALE = 10**8


@pytest.fixture
def image():
    random = np.random.default_rng(7)
    drawn = random.integers(0, 256, (28, 28), dtype=np.uint8)
    drawn[random.random((28, 28)) < 0.8] = 0
    return drawn


def dense(random, inputs, outputs):
    return Dense(random.integers(-SCALE, SCALE, (inputs, outputs)), random.integers(-SCALE, SCALE, outputs))


def by_paths(image, first, second, digit):
    """What each pixel adds, over all neurons that are on: the definition, in Python integers."""
    pixels = [int(pixel) for pixel in image.reshape(-1)]
    sums = [
        sum(p * int(w) for p, w in zip(pixels, first.weights[:, j], strict=True)) + 255 * int(first.biases[j])
        for j in range(first.outputs)
    ]
    on = [j for j, total in enumerate(sums) if total > 0]
    return [
        p * sum(int(first.weights[i, j]) * int(second.weights[j, digit]) for j in on)
        for i, p in enumerate(pixels)
    ]


@pytest.mark.parametrize("digit", [0, 3, 9])
def test_the_evidence_of_a_dense_model_is_the_sum_over_its_active_neurons(image, digit):
    random = np.random.default_rng(1)
    first, second = dense(random, 784, 12), dense(random, 12, 10)
    found = evidence(IntegerModel([first, Relu(), second, Argmax()]), image, digit)
    assert found.exact
    assert list(found.parts) == by_paths(image, first, second, digit)


@pytest.mark.parametrize("name", ["handwriting", "source", "mlp"])
def test_the_parts_and_the_biases_add_up_to_the_logit(image, name):
    """Blank paper has the biases' part; what is truncated between layers is far less than any pixel adds."""
    model = fixedpoint.load(models.named(name).integers_path)
    digit = int(model.classify(image[None])[0])
    found = evidence(model, image, digit)
    linear = model.layers[0]
    shifted = IntegerModel([Dense(linear.weights, linear.biases), *model.layers[1:]])
    logit = int(model.logits(image[None])[0][digit])
    assert model.sha256 == shifted.sha256
    scale = 255 * SCALE ** (sum(isinstance(layer, Dense) for layer in model.layers) - 2)
    biases = logit - round(sum(found.parts) / scale)
    assert _by_floats(model, image, digit, biases_only=True) == pytest.approx(biases / SCALE**2, abs=1e-4)


def _by_floats(model, image, digit, *, biases_only):
    """The biases' part of a logit, in floats: the same paths, with the pixels' part of each sum left out."""
    values, part = image.reshape(-1) / 255, np.zeros(784)
    for layer in model.layers[:-1]:
        if isinstance(layer, Dense):
            weights, biases = layer.weights / SCALE, layer.biases / SCALE
            values, part = values @ weights + biases, part @ weights + biases
        else:
            part = np.where(values > 0, part, 0)
            values = np.maximum(values, 0)
    return part[digit] if biases_only else values[digit]


def test_a_few_bit_model_s_parts_add_up_to_its_logit_exactly(image):
    random = np.random.default_rng(3)
    first = FewBit(random.integers(-4, 4, (784, 9)), np.zeros(9, np.int64), 3, 4)
    second = FewBit(random.integers(-4, 4, (9, 10)), np.zeros(10, np.int64), 3, 4)
    model = IntegerModel([first, Relu(), second, Argmax()])
    for digit in range(10):
        found = evidence(model, image, digit)
        assert sum(found.parts) == int(model.logits(image[None])[0][digit])


def test_the_shipped_models_of_dense_layers_are_exact_and_the_convolutional_ones_are_measured():
    exact = {name: is_exact(fixedpoint.load(model.integers_path)) for name, model in models.MODELS.items()}
    assert exact.pop("cnn") is exact.pop("compact") is False
    assert all(exact.values())


def test_occlusion_is_the_fall_of_the_logit_over_the_patches_that_hold_a_pixel(image):
    model = fixedpoint.load(models.named("cnn").integers_path)
    image[:, :20] = 0
    found = evidence(model, image, 4)
    whole = int(model.logits(image[None])[0][4])
    y, x = (int(n) for n in np.argwhere(image)[0])
    falls = []
    for top in range(0, 28 - PATCH + 1, 2):
        for left in range(0, 28 - PATCH + 1, 2):
            if top <= y < top + PATCH and left <= x < left + PATCH:
                blanked = image.copy()
                blanked[top : top + PATCH, left : left + PATCH] = 0
                falls.append((whole - int(model.logits(blanked[None])[0][4])) / model.logit_range.denominator)
    assert found.parts[28 * y + x] == pytest.approx(sum(falls) / len(falls))
    assert all(part == 0 for part, pixel in zip(found.parts, image.reshape(-1), strict=True) if not pixel)


def test_blank_paper_has_no_evidence():
    blank = np.zeros((28, 28), np.uint8)
    for name in ("compact", "cnn"):
        found = evidence(fixedpoint.load(models.named(name).integers_path), blank, 0)
        assert set(found.shares) == {0.0}


def test_the_hidden_layer_is_shown_as_large_as_its_strongest_value(image):
    random = np.random.default_rng(5)
    first = dense(random, 784, 16)
    found = hidden_layer(IntegerModel([first, Relu(), dense(random, 16, 10), Argmax()]), image)
    sums = image.reshape(-1).astype(object) @ first.weights.astype(object) + 255 * first.biases.astype(object)
    most = max(sums)
    assert (found.count, found.side) == (16, 1)
    assert list(found.values) == [max(0, total) * 255 // most for total in sums]


def test_the_maps_of_a_convolution_are_as_they_are_computed(image):
    model = fixedpoint.load(models.named("cnn").integers_path)
    found = hidden_layer(model, image)
    layer = model.layers[0]
    assert (found.count, found.side) == (32, 26)
    sums = [
        [
            int(
                (image[y : y + 3, x : x + 3].astype(int) * layer.weights[:, :, 0, number]).sum()
                + layer.biases[number]
            )
            for y in range(26)
            for x in range(26)
        ]
        for number in range(32)
    ]
    most = max(max(values) for values in sums)
    assert list(found.values) == [max(0, total) * 255 // most for values in sums for total in values]


def test_evidence_is_of_a_digit_and_a_picture():
    model = fixedpoint.load(models.named("compact").integers_path)
    for image, digit in ((np.zeros((28, 27), np.uint8), 1), (np.zeros((28, 28), np.uint8), 10)):
        with pytest.raises(ModelError):
            evidence(model, image, digit)
