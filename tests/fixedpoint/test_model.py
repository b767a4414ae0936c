"""The integer engine computes exactly what plain Python integers compute, whatever the numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BoundError, ImageError, ModelError
from app.fixedpoint import Argmax, Dense, IntegerModel, Relu, Rescale
from tests import oracle
from tests.strategies import images, models, parameters

WIDEST = 2**53 - 1


def dense(weights, biases):
    return Dense(np.array(weights, dtype=np.int64), np.array(biases, dtype=np.int64))


def batch(*rows: bytes) -> np.ndarray:
    return np.array([list(row) for row in rows], dtype=np.uint8)


@given(data=st.data(), limit=st.sampled_from([3, 10**5, 3 * 10**8, WIDEST]))
def test_logits_and_class_equal_the_oracle_under_both_rules(data, limit):
    model = data.draw(models(limit=limit))
    rows = data.draw(st.lists(images(model.pixels), min_size=1, max_size=4))
    for rule, formula in ((Rescale.PER_SUM, oracle.per_sum), (Rescale.PER_PRODUCT, oracle.per_product)):
        ruled = model.with_rule(rule)
        expected = [formula(parameters(model), row) for row in rows]
        assert ruled.logits(batch(*rows)).tolist() == expected
        assert ruled.classify(batch(*rows)).tolist() == [oracle.argmax(logits) for logits in expected]


@given(data=st.data(), limit=st.sampled_from([3 * 10**8, WIDEST]), rule=st.sampled_from(list(Rescale)))
def test_no_image_leaves_the_proved_range(data, limit, rule):
    model = data.draw(models(limit=limit)).with_rule(rule)
    logits = model.logits(batch(data.draw(images(model.pixels))))[0]
    proved = model.logit_range
    assert all(low <= int(v) <= high for low, v, high in zip(proved.low, logits, proved.high, strict=True))


@given(data=st.data())
def test_the_proved_range_of_the_first_layer_is_reached(data):
    """The worst image for a neuron lights the pixels of one sign only: the bound is exact, not loose."""
    model = data.draw(models(depth=1))
    weights = model.layers[0].weights
    for neuron in range(model.classes):
        for sign, bound in ((1, model.logit_range.high), (-1, model.logit_range.low)):
            worst = np.where(weights[:, neuron] * sign > 0, 255, 0).astype(np.uint8)
            assert model.logits(worst[None])[0, neuron] == bound[neuron]


def test_sums_past_64_bits_are_exact():
    """Two layers of large weights pass 2**63: the engine goes over to Python's integers by itself."""
    model = IntegerModel([dense([[WIDEST]] * 3, [0]), Relu(), dense([[WIDEST, -WIDEST]], [1, -1]), Argmax()])
    hidden = 3 * 255 * WIDEST // 255
    logits = model.logits(batch(bytes([255] * 3)))[0].tolist()
    assert logits == [hidden * WIDEST + 10**8, -hidden * WIDEST - 10**8]
    assert logits[0] > 2**63


def test_division_truncates_toward_zero_not_down():
    """-1 * w/S with w = S/2 is -0.5: toward zero that is 0, floored it would be -1."""
    model = IntegerModel([dense([[-1]], [0]), dense([[5 * 10**7]], [0]), Argmax()])
    assert model.with_rule(Rescale.PER_PRODUCT).logits(batch(bytes([255]))).tolist() == [[0]]


def test_among_equal_logits_the_lowest_class_wins():
    model = IntegerModel([dense([[1, 7, 7, 7]], [0, 0, 0, 0]), Argmax()])
    assert model.classify(batch(b"\x01", b"\x00")).tolist() == [1, 0]


def test_one_image_reads_as_in_a_batch():
    rng = np.random.default_rng(5)
    layers = [
        Dense(rng.integers(-(10**8), 10**8, shape), rng.integers(-(10**8), 10**8, shape[1]))
        for shape in ((784, 16), (16, 10))
    ]
    model = IntegerModel([layers[0], Relu(), layers[1], Argmax()])
    pictures = rng.integers(0, 256, (20, 28, 28), dtype=np.uint8)
    logits = model.logits(pictures)
    for picture, row, digit in zip(pictures, logits, model.classify(pictures), strict=True):
        reading = model.read(picture)
        assert (reading.digit, list(reading.logits)) == (digit, row.tolist())
        assert reading.denominator == 255 * 10**8 // 255 * 10**8


def test_the_identity_follows_every_number_and_not_the_rule():
    one = IntegerModel([dense([[1, 2]], [3, 4]), Argmax()])
    other = IntegerModel([dense([[1, 2]], [3, 5]), Argmax()])
    assert one.sha256 != other.sha256
    assert one.sha256 == one.with_rule(Rescale.PER_PRODUCT).sha256
    assert one.architecture == "1-2"


@pytest.mark.parametrize(
    "pictures",
    [
        np.zeros((1, 783), np.uint8),
        np.zeros((1, 785), np.uint8),
        np.zeros((1, 784), np.int64),
        np.zeros(784, np.uint8),
        np.zeros((0, 784), np.uint8),
        np.zeros((0, 28, 28), np.uint8),
    ],
    ids=["783 bytes", "785 bytes", "not bytes", "no batch", "no image", "no picture"],
)
def test_anything_but_an_image_of_the_right_size_is_refused(pictures):
    model = IntegerModel([dense([[1]] * 784, [0]), Argmax()])
    with pytest.raises(ImageError):
        model.logits(pictures)


@pytest.mark.parametrize(
    "layers",
    [
        [],
        [Argmax()],
        [dense([[1]], [0])],
        [Relu(), dense([[1]], [0]), Argmax()],
        [dense([[1]], [0]), Argmax(), Argmax()],
        [dense([[1, 1]], [0, 0]), Relu(), dense([[1]], [0]), Argmax()],
    ],
    ids=["nothing", "argmax alone", "no argmax", "relu first", "two argmax", "widths that do not fit"],
)
def test_layers_that_do_not_fit_are_refused(layers):
    with pytest.raises(ModelError):
        IntegerModel(layers)


def test_a_weight_of_two_to_the_53_is_refused():
    with pytest.raises(BoundError):
        dense([[2**53]], [0])
