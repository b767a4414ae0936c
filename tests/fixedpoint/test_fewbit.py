"""Few-bit layers compute what plain Python integers compute, and hold to what they prove."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BoundError, ModelError
from app.fixedpoint import (
    Argmax,
    Dense,
    FewBit,
    IntegerModel,
    Relu,
    Rescale,
    few_bit_model,
    load,
    rounded_to_bits,
    save,
)
from app.fixedpoint.arithmetic import exact_matmul
from tests import oracle
from tests.strategies import few_bit_models, few_bit_parameters, images


def few_bit(weights, biases, bits=4, scale=1):
    return FewBit(np.array(weights, dtype=np.int64), np.array(biases, dtype=np.int64), bits, scale)


def read_by_oracle(model: IntegerModel, pixels: bytes) -> list[int]:
    return oracle.few_bit(few_bit_parameters(model), list(pixels))


@given(data=st.data())
def test_logits_and_class_equal_the_oracle(data):
    model = data.draw(few_bit_models())
    pixels = data.draw(images(model.pixels))
    reading = model.read(np.frombuffer(pixels, dtype=np.uint8))
    expected = read_by_oracle(model, pixels)
    assert list(reading.logits) == expected
    assert reading.digit == oracle.argmax(expected)


@given(data=st.data())
def test_no_image_leaves_the_proved_range(data):
    model = data.draw(few_bit_models())
    logits = model.logits(np.frombuffer(data.draw(images(model.pixels)), dtype=np.uint8)[None])[0]
    proved = model.logit_range
    assert all(low <= int(v) <= high for low, v, high in zip(proved.low, logits, proved.high, strict=True))


@pytest.mark.parametrize("weight", [8, -9])
def test_a_weight_beyond_its_bits_is_refused(weight):
    assert few_bit([[7], [-8]], [0]).outputs == 1
    with pytest.raises(BoundError, match="does not fit 4 bits"):
        few_bit([[weight]], [0])


def test_layers_that_do_not_fit_each_other_are_refused():
    with pytest.raises(ModelError, match="do not fit each other"):
        IntegerModel([few_bit([[1]], [0]), Relu(), few_bit([[1], [1]], [0]), Argmax()])
    with pytest.raises(ModelError, match="do not fit each other"):
        few_bit([[1]], [0, 0])
    dense = Dense(np.ones((1, 1), dtype=np.int64), np.zeros(1, dtype=np.int64))
    with pytest.raises(ModelError, match="cannot follow at this place"):
        IntegerModel([few_bit([[1]], [0], scale=7), Relu(), dense, Argmax()])


def test_it_has_no_products_to_rescale():
    model = IntegerModel([few_bit([[1]], [0]), Argmax()])
    with pytest.raises(ModelError, match="packed form only"):
        model.with_rule(Rescale.PER_PRODUCT)


@given(model=few_bit_models())
def test_what_is_saved_comes_back(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("stored") / "integers.npz"
    save(model, path)
    assert load(path).sha256 == model.sha256
    assert load(path).description() == model.description()


def test_every_part_of_a_layer_is_part_of_the_identity():
    def identity(*layers):
        return IntegerModel([*layers, Argmax()]).sha256

    base = few_bit([[1], [2], [3], [4]], [5])
    others = [
        few_bit([[1], [2], [3], [4]], [6]),
        few_bit([[1], [2], [3], [5]], [5]),
        few_bit([[1], [2], [3], [4]], [5], bits=5),
        few_bit([[1], [2], [3], [4]], [5], scale=2),
    ]
    assert len({identity(base), *map(identity, others)}) == 5


def test_biases_are_rounded_at_the_scale_of_their_sums():
    codes = np.array([[3], [-2]], dtype=np.int64)
    model = few_bit_model([(codes, np.array([0.5]), 0.25, 4), (codes[:1], np.array([-1.0]), 0.5, 4)])
    first, last = model.layers[0], model.layers[2]
    assert first.biases.tolist() == [0.5 * 255 / 0.25]
    assert last.biases.tolist() == [-1.0 * 255 / 0.25 / 0.5]
    assert model.logit_range.denominator == 255 * 4 * 2


def test_rounding_to_bits_keeps_the_largest_weight_and_the_function():
    rng = np.random.default_rng(3)
    kernel, bias = rng.normal(size=(50, 10)).astype(np.float32), rng.normal(size=10).astype(np.float32)
    model = rounded_to_bits([(kernel, bias)], 8)
    assert abs(model.layers[0].weights).max() == 127
    pictures = rng.integers(0, 256, (200, 50), dtype=np.uint8)
    real = pictures / 255 @ kernel + bias
    worth = abs(kernel).max() / 127 / 255
    # Each weight is off by half a step at most, each pixel is 1 at most.
    assert abs(model.logits(pictures) * worth - real).max() <= 50 * abs(kernel).max() / 127 / 2 + 1e-3


@given(steps=st.lists(st.floats(1e-4, 0.4), min_size=1, max_size=4))
def test_a_logit_is_worth_what_it_says(steps):
    """Scales are whole numbers and steps are not: only the last layer's rounding may be left."""
    one = np.array([[1]], dtype=np.int64)
    model = few_bit_model([(one, np.zeros(1), step, 4) for step in steps])
    wanted = 255 / np.prod(steps)
    said = model.logit_range.denominator
    *_, last = (layer for layer in model.layers if isinstance(layer, FewBit))
    assert abs(said - wanted) <= said / last.scale / 2 * (1 + 1e-9)


@pytest.mark.parametrize("bits", [1, 0, 17])
def test_rounding_to_bits_that_no_layer_has_is_refused(bits):
    with pytest.raises(ModelError, match="2 to 16 bits"):
        rounded_to_bits([(np.ones((2, 2)), np.zeros(2))], bits)


def test_weights_too_small_for_any_whole_scale_are_refused():
    with pytest.raises(ModelError, match="too small"):
        rounded_to_bits([(np.full((2, 2), 1e-310), np.zeros(2))], 4)
    with pytest.raises(ModelError, match="too small"):
        few_bit_model([(np.array([[1]]), np.zeros(1), 1e-300, 4), (np.array([[1]]), np.ones(1), 0.5, 4)])


def test_weights_that_are_not_numbers_are_refused():
    with pytest.raises(BoundError):
        rounded_to_bits([(np.array([[np.nan]]), np.array([0.0]))], 8)
    with pytest.raises(BoundError):
        few_bit_model([(np.array([[1]]), np.array([np.inf]), 0.5, 4)])


@given(data=st.data(), bits=st.integers(1, 44))
def test_products_beyond_64_bits_are_exact_limb_by_limb(data, bits):
    entry = st.integers(-(2**80), 2**80)
    x = data.draw(st.lists(st.lists(entry, min_size=3, max_size=3), min_size=1, max_size=3))
    weight = st.integers(-(2**bits), 2**bits)
    w = data.draw(st.lists(st.lists(weight, min_size=2, max_size=2), min_size=3, max_size=3))
    product = exact_matmul(np.array(x, dtype=object), np.array(w, dtype=np.int64), 2**200)
    assert product.tolist() == [[sum(a * w[i][j] for i, a in enumerate(row)) for j in range(2)] for row in x]
