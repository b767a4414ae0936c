"""Both generators compute, in a Script interpreter, exactly what the integer engine computes."""

import dataclasses

import numpy as np
import pytest
from bitcoinx import Ops
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ScriptError
from app.fixedpoint import Argmax, Dense, IntegerModel, Relu, Rescale
from app.script import LOGIT_BYTES, Kind, Program, packed, run_program, unrolled
from app.script.assembler import NUMBER_LIMIT
from app.script.packed import lanes_of
from app.script.run import logits_from_bytes
from tests.sizes import examples
from tests.strategies import images, models

GENERATORS = {Kind.PACKED: (packed, Rescale.PER_SUM), Kind.UNROLLED: (unrolled, Rescale.PER_PRODUCT)}
both = pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.value)


def generate(kind: Kind, model: IntegerModel) -> tuple[Program, IntegerModel]:
    generator, rule = GENERATORS[kind]
    return generator(model.with_rule(rule)), model.with_rule(rule)


def dense(weights, biases):
    return Dense(np.array(weights, dtype=np.int64), np.array(biases, dtype=np.int64))


def assert_same(program: Program, model: IntegerModel, image: bytes) -> None:
    by_engine = model.read(np.frombuffer(image, dtype=np.uint8))
    by_script = run_program(program, image)
    assert by_script.logits == by_engine.logits
    assert by_script.digit == by_engine.digit


@both
@examples(60)
@given(data=st.data(), limit=st.sampled_from([1, 1000, 3 * 10**8, 2**35]))
def test_random_models_and_images(kind, data, limit):
    program, model = generate(kind, data.draw(models(limit=limit)))
    for image in data.draw(st.lists(images(model.pixels), min_size=1, max_size=3)):
        assert_same(program, model, image)


@both
@examples(25)
@given(data=st.data())
def test_the_worst_image_for_each_neuron(kind, data):
    """The image that lights just the pixels of one sign drives a lane to its very end."""
    program, model = generate(kind, data.draw(models(pixels=6, limit=3 * 10**8)))
    for neuron in range(model.layers[0].outputs):
        for sign in (1, -1):
            worst = np.where(model.layers[0].weights[:, neuron] * sign > 0, 255, 0)
            assert_same(program, model, worst.astype(np.uint8).tobytes())


@both
@pytest.mark.parametrize("sign", [1, -1])
def test_every_weight_at_its_bound(kind, sign):
    bound = sign * 3 * 10**8
    layers = [dense([[bound, -bound]] * 8, [bound, -bound]), Relu(), dense([[bound], [-bound]], [-bound])]
    program, model = generate(kind, IntegerModel([*layers, Argmax()]))
    for image in (bytes(8), b"\xff" * 8, b"\x7f\x80" * 4, b"\0\xff" * 4, b"\x80" * 8):
        assert_same(program, model, image)


@both
def test_every_value_of_one_pixel(kind):
    """Bytes from 128 on would be negative numbers if they were taken as they are."""
    program, model = generate(kind, IntegerModel([dense([[7, -7]], [0, 0]), Argmax()]))
    for value in range(256):
        assert_same(program, model, bytes([value]))


@both
@pytest.mark.parametrize("size", [0, 1, 783, 785, 1568, 100_000])
def test_an_image_of_any_other_size_fails(kind, size):
    program, model = generate(kind, IntegerModel([dense([[5, -5]] * 784, [0, 0]), Argmax()]))
    assert_same(program, model, b"\x11" * 784)
    with pytest.raises(ScriptError, match="NUMEQUALVERIFY"):
        run_program(program, b"\x11" * size)


@both
def test_a_model_without_any_weight_answers_its_biases(kind):
    program, model = generate(kind, IntegerModel([dense([[0, 0]] * 4, [-3, 3]), Argmax()]))
    assert_same(program, model, b"\x09" * 4)


@both
def test_equal_logits_give_the_lowest_class(kind):
    program, _ = generate(kind, IntegerModel([dense([[10**8, 4 * 10**8, 4 * 10**8]], [0, 0, 0]), Argmax()]))
    assert run_program(program, b"\x09").digit == 1


def test_rows_without_weights_are_left_out():
    weights = np.zeros((784, 3), dtype=np.int64)
    weights[[0, 100, 101, 783]] = 10**8
    full = IntegerModel([Dense(np.full((784, 3), 10**8), np.zeros(3, dtype=np.int64)), Argmax()])
    sparse = IntegerModel([Dense(weights, np.zeros(3, dtype=np.int64)), Argmax()])
    assert packed(sparse).rows == 4
    assert len(packed(sparse).code) < len(packed(full).code) / 50
    assert_same(packed(sparse), sparse, bytes(range(256)) * 3 + bytes(16))


@given(data=st.data())
def test_lanes_are_as_wide_as_the_worst_case_and_no_wider(data):
    model = data.draw(models(depth=1, limit=3 * 10**8))
    lanes = lanes_of(model.ranges[1])
    for j, width in enumerate(lanes.widths):
        weights = model.layers[0].weights[:, j]
        spread = 255 * int(abs(weights.astype(object)).sum())
        assert 2 ** (width - 1) <= max(spread, 1) < 2**width


def test_each_generator_takes_its_own_rule_only():
    model = IntegerModel([dense([[1]], [0]), Argmax()])
    with pytest.raises(ScriptError, match="per-product"):
        packed(model.with_rule(Rescale.PER_PRODUCT))
    with pytest.raises(ScriptError, match="per sum"):
        unrolled(model)


@both
def test_logits_that_outgrow_their_bytes_are_refused(kind):
    layers = []
    for _ in range(4):
        layers += [dense([[2**52]], [0]), Relu()]
    with pytest.raises(ScriptError, match="do not fit"):
        generate(kind, IntegerModel([*layers[:-1], Argmax()]))


def test_a_layer_too_wide_for_a_default_nodes_numbers_is_refused():
    wide = IntegerModel([dense([[10**8] * 2400], [0] * 2400), Argmax()])
    with pytest.raises(ScriptError, match="does not fit in one number"):
        packed(wide)


@pytest.mark.parametrize(("neurons", "accepted"), [(1310, True), (1311, False)])
def test_products_count_too_where_they_are_longer_than_the_lanes(neurons, accepted):
    """Hidden values that never come near zero: the spread that a lane holds is far below the product."""
    largest = 2**52
    hidden = dense([[255, 255]], [largest, largest])
    output = dense([[largest] * neurons, [-largest] * neurons], [0] * neurons)
    model = IntegerModel([hidden, Relu(), output, Argmax()])
    spread = model.logit_range.high - model.logit_range.low
    assert sum(int(width).bit_length() for width in spread) < 8 * NUMBER_LIMIT - 8
    if accepted:
        assert_same(packed(model), model, b"\xff")
    else:
        with pytest.raises(ScriptError, match="does not fit in one number"):
            packed(model)


@pytest.mark.parametrize(("extra", "accepted"), [(0, True), (1, False)])
def test_a_default_node_takes_half_a_million_bytes_and_no_more(extra, accepted):
    model = IntegerModel([dense([[1]], [0]), Argmax()])
    program = packed(model)
    nops = bytes([Ops.OP_NOP]) * (500_000 + extra - len(program.code))
    padded = dataclasses.replace(program, code=program.code + nops)
    if accepted:
        assert run_program(padded, b"\x01").logits == (1,)
    else:
        with pytest.raises(ScriptError, match="500,000"):
            run_program(padded, b"\x01")


def test_anything_but_whole_logits_is_refused():
    assert logits_from_bytes(bytes(LOGIT_BYTES - 1) + b"\x80" + b"\x05" + bytes(LOGIT_BYTES - 1), 2) == (0, 5)
    with pytest.raises(ScriptError):
        logits_from_bytes(bytes(LOGIT_BYTES + 1), 1)
