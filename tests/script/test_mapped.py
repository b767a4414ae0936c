"""The generator for layers of maps leaves, in a Script interpreter, exactly the engine's logits."""

import numpy as np
import pytest
from bitcoinx import Script
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import ScriptError
from app.fixedpoint import (
    Argmax,
    Conv2d,
    Depthwise,
    FewBit,
    IntegerModel,
    LeakyRelu,
    MaxPool,
    Pad,
    Relu,
    Requantise,
    SumPool,
)
from app.script import Kind, mapped, run_program
from tests.chains import chains
from tests.fixedpoint.test_maps import extreme_images
from tests.sizes import examples

slot_counts = st.sampled_from([None, 1, 2, 3, 4])


def ones(*shape):
    return np.ones(shape, np.int64)


def dense(inputs, outputs=2):
    return FewBit(ones(inputs, outputs), ones(outputs), 3, 1)


def assert_same(model, image, slots=None):
    by_engine = model.read(np.frombuffer(image, np.uint8))
    by_script = run_program(mapped(model, slots), image)
    assert by_script.logits == by_engine.logits
    assert by_script.digit == by_engine.digit


@examples(40)
@given(st.data())
def test_every_logit_and_the_class_equal_the_engine_s(data):
    model = data.draw(chains())
    slots = data.draw(slot_counts)
    for image in data.draw(st.lists(extreme_images(model.pixels), min_size=1, max_size=2)):
        assert_same(model, image, slots)


@pytest.mark.exhaustive
@settings(max_examples=5000)
@given(st.data())
def test_many_more_models(data):
    model = data.draw(chains(depth=3, filters=9, bits=data.draw(st.integers(2, 12))))
    assert_same(model, data.draw(extreme_images(model.pixels)), data.draw(slot_counts))


@examples(12)
@given(st.data())
def test_sums_of_many_filters_and_channels_share_their_strings(data):
    """From one plane of weights in a lane to as many as there are rows and channels."""
    model = data.draw(chains(depth=2, filters=12, bits=data.draw(st.integers(2, 10))))
    assert_same(model, data.draw(extreme_images(model.pixels)), data.draw(slot_counts))


def drives_the_first_filter(layer, sign):
    """Ink exactly where the first filter's weights have one sign, all over the image."""
    tile = np.where(sign * layer.weights[:, :, 0, 0] > 0, 255, 0).astype(np.uint8)
    repeats = max(layer.height, layer.width) // min(tile.shape) + 1
    return np.tile(tile, (repeats, repeats))[: layer.height, : layer.width]


@examples(12)
@given(st.data(), st.integers(3, 5), st.sampled_from([1, 4, 1000]), st.sampled_from([(1, 1), (2, 1)]))
def test_the_worst_image_of_a_filter_keeps_its_lanes(data, side, most, stride):
    seed = data.draw(st.integers(0, 2**32))
    weights = np.random.default_rng(seed).integers(-most, most + 1, (2, 3, 1, 3))
    first = Conv2d(side, side, weights, ones(3) * most, 1, stride)
    made = first.output_height * first.output_width
    model = IntegerModel([first, Relu(), Requantise(3, 255, 1), dense(3 * made), Argmax()])
    for sign in (1, -1):
        assert_same(model, drives_the_first_filter(first, sign).tobytes())


def small(*middle, side=4, outputs=32):
    first = Conv2d(side, side, ones(1, 1, 1, 2), ones(2), 1)
    return IntegerModel([first, *middle, dense(outputs), Argmax()])


@pytest.mark.parametrize("length", [0, 15, 17, 1000])
def test_an_image_of_another_size_fails(length):
    with pytest.raises(ScriptError, match="failed"):
        run_program(mapped(small(Relu())), bytes(length))


def test_the_program_says_what_it_is():
    program = mapped(small(Relu()))
    opcodes = sum(1 for op, _ in Script(program.code).ops_and_items() if op > 0x60)
    assert (program.kind, program.classes, program.opcodes) == (Kind.PACKED, 2, opcodes)
    assert [lanes.each for lanes in program.lanes] == ["channel of a pixel", "input"]


@pytest.mark.parametrize(
    "middle",
    [
        [MaxPool(4, 4, 2, (3, 3), (1, 1)), Relu()],
        [LeakyRelu(1, 3, 0, 0)],
        [],
        [Relu(), Relu()],
        [Relu(), LeakyRelu(1, 3, 0, 0)],
        [Requantise(1, 3, 1)],
    ],
    ids=["pool first", "may be negative", "no relu", "relu twice", "leaky last", "no relu before"],
)
def test_orders_that_have_no_script_are_refused(middle):
    made = middle[0].outputs if middle and isinstance(middle[0], MaxPool) else 32
    with pytest.raises(ScriptError):
        mapped(small(*middle, outputs=made))


@pytest.mark.parametrize(
    "middle",
    [
        [Relu(), MaxPool(4, 4, 2, (3, 3), (1, 1)), Requantise(0, 9, 1), MaxPool(2, 2, 2)],
        [Relu(), Pad(4, 4, 2, (1, 0, 0, 1)), MaxPool(5, 5, 2, (2, 3), (3, 2))],
        [Relu(), Requantise(0, 200, 1), SumPool(4, 4, 2, (3, 3), (2, 2), (1, 1, 0, 1))],
        [Relu(), Depthwise(4, 4, ones(2, 2, 2, 3), -ones(6), 1, (3, 3)), Relu()],
        [
            Relu(),
            Pad(4, 4, 2, (2, 2, 2, 2), 3, 5),
            Conv2d(8, 8, ones(5, 5, 3, 1), ones(1), 1, (2, 3)),
            Relu(),
        ],
        [Relu(), SumPool(4, 4, 2, (4, 4), (4, 4))],
    ],
    ids=["three poolings", "pooling over padding", "means at edges", "depthwise", "padding", "global mean"],
)
@pytest.mark.parametrize("slots", [None, 1, 2, 3])
def test_layers_in_a_row(middle, slots):
    outputs = IntegerModel([Conv2d(4, 4, ones(1, 1, 1, 2), ones(2), 1), *middle, Argmax()]).classes
    model = small(*middle, outputs=outputs)
    for image in (bytes(range(16)), b"\xff" * 16, bytes(16), bytes([255, 0, 3] * 5 + [9])):
        assert_same(model, image, slots)


def test_the_image_may_be_pooled_before_anything_else():
    layers = [SumPool(6, 6, 1, (2, 2), (2, 2)), Conv2d(3, 3, ones(2, 2, 1, 3), ones(3), 1), Relu(), dense(12)]
    assert_same(IntegerModel([*layers, Argmax()]), bytes(range(36)))


def test_a_map_that_does_not_fit_one_number_is_refused():
    wide = Conv2d(100, 100, ones(3, 3, 1, 1), ones(1), 1)
    model = IntegerModel([wide, Relu(), MaxPool(98, 98, 1, (49, 49), (49, 49)), dense(4), Argmax()])
    with pytest.raises(ScriptError, match="does not fit in one number"):
        mapped(model)
