"""The convolutional generator computes, in a Script interpreter, exactly what the integer engine computes."""

import numpy as np
import pytest
from bitcoinx import InterpreterState, Script
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import ScriptError
from app.fixedpoint import Argmax, Conv2d, IntegerModel, MaxPool, Relu, Requantise, convolutional
from app.script import Kind, convolved, packed, run_program
from app.script.maps import MapLayout, Maps
from app.script.run import policy_limits
from tests.strategies import convolutional_models, images

slot_counts = st.sampled_from([None, 1, 2, 4, 3])


def ones(*shape):
    return np.ones(shape, np.int64)


def small(outputs=2, weight=1):
    """One block of two 3x3 filters over 6x6 pixels, and a layer of `outputs` sums."""
    parameters = [(weight * ones(3, 3, 1, 2), ones(2), 1), (ones(8, outputs), ones(outputs), 1)]
    return convolutional(parameters, [(3, 15, 1)], 6)


def run(maps: Maps) -> list[bytes]:
    state = InterpreterState(policy_limits())
    state.evaluate_script(Script(maps.code))
    return list(state.stack)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_every_logit_and_the_class_equal_the_engine_s(data):
    model = data.draw(convolutional_models())
    program = convolved(model, data.draw(slot_counts))
    for image in data.draw(st.lists(images(model.pixels), min_size=1, max_size=3)):
        by_engine = model.read(np.frombuffer(image, np.uint8))
        by_script = run_program(program, image)
        assert by_script.logits == by_engine.logits
        assert by_script.digit == by_engine.digit


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_wider_sums_get_wider_lanes(data):
    model = data.draw(convolutional_models(depth=1, filters=2, limit=2000))
    image = data.draw(images(model.pixels))
    expected = model.read(np.frombuffer(image, np.uint8)).logits
    assert run_program(convolved(model), image).logits == expected


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_the_worst_image_of_a_filter_keeps_its_lanes(data):
    """Ink exactly where a filter's weights have one sign drives its sums to an end of their lane."""
    model = data.draw(convolutional_models(depth=1))
    layer = model.layers[0]
    program = convolved(model)
    for sign in (1, -1):
        tile = np.where(sign * layer.weights[:, :, 0, 0] > 0, 255, 0).astype(np.uint8)
        repeats = layer.height // tile.shape[0] + 1
        picture = np.tile(tile, (repeats, repeats))[: layer.height, : layer.width]
        assert run_program(program, picture.tobytes()).logits == model.read(picture).logits


@pytest.mark.parametrize("length", [0, 35, 37])
def test_an_image_of_another_size_fails(length):
    with pytest.raises(ScriptError, match="failed"):
        run_program(convolved(small()), bytes(length))


def test_the_program_says_what_it_is():
    program = convolved(small(3))
    opcodes = sum(1 for op, _ in Script(program.code).ops_and_items() if op > 0x60)
    assert (program.kind, program.classes, program.opcodes) == (Kind.PACKED, 3, opcodes)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_program_says_which_lanes_a_map_has_and_every_sum_fits_them(data):
    model = data.draw(convolutional_models())
    slots = data.draw(st.sampled_from([1, 2, 4]))
    sums = [
        (layer, proved)
        for layer, proved in zip(model.layers[:-1], model.ranges[1:], strict=False)
        if isinstance(layer, Conv2d)
    ]
    for index, ((layer, proved), lanes) in enumerate(zip(sums, convolved(model, slots).lanes, strict=True)):
        assert len(lanes.widths) == layer.height * layer.width * slots * 2**index
        (width,), (offset,) = set(lanes.widths), set(lanes.offsets)
        assert 0 <= proved.low.min() + offset <= proved.high.max() + offset < 2**width


def test_weights_of_zero_cost_no_multiplication():
    assert len(convolved(small(weight=0)).code) < len(convolved(small()).code)


@pytest.mark.parametrize(
    "layers",
    [
        [Conv2d(4, 4, ones(4, 4, 1, 2), ones(2), 1), Argmax()],
        [Conv2d(4, 4, ones(3, 3, 1, 2), ones(2), 1), Relu(), MaxPool(2, 2, 2), Argmax()],
        [
            *(Conv2d(5, 5, ones(2, 2, 1, 2), ones(2), 1), Relu(), MaxPool(4, 4, 2), Requantise(1, 9, 1)),
            *(Conv2d(2, 2, ones(1, 1, 2, 2), ones(2), 1), Argmax()),
        ],
        [
            *(Conv2d(4, 4, ones(1, 1, 2, 2), ones(2), 1), Relu(), MaxPool(4, 4, 2), Requantise(1, 9, 1)),
            *(Conv2d(2, 2, ones(2, 2, 2, 2), ones(2), 1), Argmax()),
        ],
    ],
    ids=["no block", "no requantisation", "an open end", "two channels"],
)
def test_models_built_otherwise_are_refused(layers):
    with pytest.raises(ScriptError):
        convolved(IntegerModel(layers))


def test_the_generator_of_dense_layers_has_no_convolutions():
    with pytest.raises(ScriptError, match="conv2d"):
        packed(small())


def test_a_map_that_does_not_fit_one_number_is_refused():
    parameters = [(ones(3, 3, 1, 1), ones(1), 1), (ones(49 * 49, 2), ones(2), 1)]
    with pytest.raises(ScriptError, match="does not fit in one number"):
        convolved(convolutional(parameters, [(3, 15, 1)], 100))


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=4), st.integers(1, 300))
def test_a_pattern_is_repeated_by_doubling(pattern, count):
    assert run(Maps().repeat(pattern, count)) == [pattern * count]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_an_image_is_spread_over_its_lanes(data):
    shape = (data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9)))
    layout = MapLayout(*shape, data.draw(st.integers(1, 4)), data.draw(st.integers(2, 3)))
    image = data.draw(images(layout.pixels))
    maps = Maps()
    (number,) = run(maps.push(image).spread(layout)) or [b""]
    expected = sum(value << (8 * layout.pixel_bytes * pixel) for pixel, value in enumerate(image))
    assert int.from_bytes(number, "little") == expected


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_lanes_are_treated_one_by_one(data):
    """ReLU, the larger of two, division and ceiling, on random lanes, next to plain Python."""
    layout = MapLayout(1, data.draw(st.integers(2, 6)), data.draw(st.integers(1, 3)), 2)
    count = layout.pixels * layout.slots
    values = data.draw(st.lists(st.integers(-layout.top + 1, layout.top - 1), min_size=count, max_size=count))
    shift, ceiling = data.draw(st.integers(0, 14)), data.draw(st.integers(1, 200))
    maps = Maps()
    maps.uniform(layout, layout.every_slot(layout.top), layout.pixels).name("tops")
    maps.uniform(layout, layout.every_slot(2**16 - 2**shift), layout.pixels).name("cleared")
    maps.uniform(layout, layout.every_slot(ceiling), layout.pixels).name("ceilings")
    maps.number(layout.lanes([value + layout.top for value in values]))
    maps.relu(layout, "tops", 0).larger(layout, layout.slots, "tops", 0)
    maps.requantise(layout, shift, "tops", "cleared", "ceilings").name("x").drop_below(1, 3)
    (number,) = run(maps)
    positive = [max(value, 0) for value in values] + [0] * layout.slots
    larger = [max(positive[lane], positive[lane + layout.slots]) for lane in range(count)]
    expected = layout.lanes([min(value >> shift, ceiling) for value in larger])
    assert int.from_bytes(number, "little") == expected


def test_a_name_that_is_not_on_the_stack_is_an_error():
    with pytest.raises(ScriptError, match="no ink"):
        Maps().pick("ink")
