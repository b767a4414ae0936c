"""The generator for few-bit models computes, in an interpreter, what the integer engine computes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ScriptError
from app.fixedpoint import Argmax, Dense, FewBit, IntegerModel, Relu
from app.script import planes, run_program
from tests.sizes import examples
from tests.strategies import few_bit_models, images


def few_bit(inputs, outputs, bits, seed=1):
    rng = np.random.default_rng(seed)
    end = 2 ** (bits - 1)
    weights = rng.integers(-end, end, (inputs, outputs))
    return FewBit(weights, rng.integers(-(10**5), 10**5, outputs), bits, 10)


def assert_same(model: IntegerModel, image: bytes) -> None:
    by_engine = model.read(np.frombuffer(image, dtype=np.uint8))
    by_script = run_program(planes(model), image)
    assert by_script.logits == by_engine.logits
    assert by_script.digit == by_engine.digit


@examples(80)
@given(data=st.data())
def test_random_models_and_images(data):
    model = data.draw(few_bit_models())
    assert_same(model, data.draw(images(model.pixels)))


@pytest.mark.parametrize("bits", range(2, 17))
def test_every_number_of_bits_with_every_weight_at_either_end(bits):
    end = 2 ** (bits - 1)
    columns = [[-end, end - 1], [end - 1, -end], [end - 1] * 2, [-end] * 2]
    weights = np.array(columns, dtype=np.int64).T
    model = IntegerModel([FewBit(weights, np.zeros(4, dtype=np.int64), bits, 1), Argmax()])
    for image in (b"\xff\xff", b"\0\0", b"\xff\0", b"\0\xff", b"\x80\x7f"):
        assert_same(model, image)


@pytest.mark.parametrize("neurons", [1, 7, 8, 9, 16, 17])
def test_layers_that_fill_their_planes_or_do_not(neurons):
    model = IntegerModel([few_bit(12, neurons, 4), Relu(), few_bit(neurons, 3, 8), Argmax()])
    assert_same(model, bytes(range(0, 240, 20)))


def test_the_program_says_that_each_input_has_a_lane():
    model = IntegerModel([few_bit(144, 48, 4), Relu(), few_bit(48, 10, 4), Argmax()])
    lanes = planes(model).lanes
    assert [(len(layer.widths), layer.each) for layer in lanes] == [(144, "input"), (48, "input")]
    for layer, proved in zip(lanes, (model.ranges[0], model.ranges[2]), strict=True):
        assert proved.high.max() < 2 ** min(layer.widths)


def test_weights_take_their_bits_and_no_more():
    """784 x 64 weights of 4 bits are 25,088 bytes; the program around them stays small."""
    program = planes(IntegerModel([few_bit(784, 64, 4), Relu(), few_bit(64, 10, 4), Argmax()]))
    assert 784 * 64 // 2 < len(program.code) < 784 * 64 // 2 + 4_000


@pytest.mark.parametrize("size", [0, 1, 783, 785, 1568, 100_000])
def test_an_image_of_any_other_size_fails(size):
    model = IntegerModel([few_bit(784, 3, 4), Argmax()])
    assert_same(model, b"\x11" * 784)
    with pytest.raises(ScriptError, match="NUMEQUALVERIFY"):
        run_program(planes(model), b"\x11" * size)


def test_what_no_lane_can_hold_is_refused():
    dense = Dense(np.ones((4, 2), dtype=np.int64), np.zeros(2, dtype=np.int64))
    with pytest.raises(ScriptError, match="no Script for a dense layer"):
        planes(IntegerModel([dense, Argmax()]))
    with pytest.raises(ScriptError, match="ReLU layer must come before"):
        planes(IntegerModel([few_bit(4, 4, 4), few_bit(4, 2, 4), Argmax()]))
    with pytest.raises(ScriptError, match="do not fit their lanes"):
        planes(IntegerModel([few_bit(784, 2, 16), Argmax()]))
    with pytest.raises(ScriptError, match="does not fit in one number"):
        planes(IntegerModel([few_bit(1400, 2, 4), Argmax()]))
