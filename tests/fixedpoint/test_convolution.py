"""Convolution, pooling and requantisation equal plain loops over plain integers, and stay in their ranges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BoundError, ModelError
from app.fixedpoint import (
    Argmax,
    Conv2d,
    Dense,
    IntegerModel,
    MaxPool,
    Relu,
    Requantise,
    Rescale,
    convolutional,
    load,
    save,
)
from tests import oracle
from tests.sizes import examples
from tests.strategies import blocks_of, convolutional_models, few_bit_parameters, images


def conv(shape=(3, 3, 1, 2), side=6, weight=1, bias=0):
    return Conv2d(
        side, side, np.full(shape, weight, dtype=np.int64), np.full(shape[3], bias, dtype=np.int64), 1
    )


@examples(30)
@given(st.data())
def test_the_engine_equals_plain_loops(data):
    model = data.draw(convolutional_models())
    pictures = data.draw(st.lists(images(model.pixels), min_size=1, max_size=3))
    expected = [
        oracle.convolutional(blocks_of(model), few_bit_parameters(model), list(picture))
        for picture in pictures
    ]
    batch = np.stack([np.frombuffer(picture, np.uint8) for picture in pictures])
    assert model.logits(batch[:, None]).tolist() == expected
    assert model.classify(batch[:, None]).tolist() == [oracle.argmax(logits) for logits in expected]


@examples(20)
@given(st.data())
def test_every_value_lies_in_its_proved_range(data):
    model = data.draw(convolutional_models())
    picture = np.frombuffer(data.draw(images(model.pixels)), np.uint8)
    values = picture[None].astype(np.int64)
    for layer, read, proved in zip(model.layers[:-1], model.ranges, model.ranges[1:], strict=False):
        values = layer.apply(values, read, proved, model.rule)
        assert ((proved.low <= values[0]) & (values[0] <= proved.high)).all()
        assert abs(values).max() <= proved.magnitude


@examples(10)
@given(convolutional_models(depth=1))
def test_the_first_layers_range_is_reached(model):
    """Ink where a filter's weights are positive, and nowhere else, drives its sum to the bound."""
    layer, proved = model.layers[0], model.ranges[1]
    image = np.zeros((layer.height, layer.width), np.int64)
    kernel = layer.weights[:, :, 0, 0]
    image[: kernel.shape[0], : kernel.shape[1]] = np.where(kernel > 0, 255, 0)
    sums = layer.apply(image.reshape(1, -1), model.ranges[0], proved, model.rule)
    assert sums[0, 0] == proved.high[0]


def test_sums_beyond_64_bits_are_exact():
    wide = IntegerModel([conv((2, 2, 1, 1), 3, 2**52, 3), Relu(), conv((2, 2, 1, 1), 2, 2**52), Argmax()])
    (logit,) = wide.logits(np.full((1, 3, 3), 255, np.uint8))[0]
    assert logit == 4 * 2**52 * (4 * 255 * 2**52 + 3) > 2**63


def test_requantisation_truncates_and_stops_at_its_ceiling():
    model = IntegerModel([conv((1, 1, 1, 1), 2), Requantise(3, 15, 1), Argmax()])
    logits = model.logits(np.array([[[7, 8], [127, 255]]], np.uint8))
    assert logits.tolist() == [[0, 1, 15, 15]]


def test_pooling_leaves_out_an_odd_edge():
    model = IntegerModel([conv((1, 1, 1, 1), 3), MaxPool(3, 3, 1), Argmax()])
    assert model.logits(np.array([[[1, 2, 9], [4, 3, 9], [9, 9, 9]]], np.uint8)).tolist() == [[4]]


def test_what_may_be_negative_is_not_requantised():
    with pytest.raises(ModelError, match="cannot be negative"):
        IntegerModel([conv(weight=-1), Requantise(1, 15, 1), Argmax()])


def test_a_convolution_has_no_products_to_rescale():
    """Its sums would be taken for pixels by a dense layer behind it, which would leave 64 bits."""
    dense = Dense(np.array([[10**8]]), np.array([0]))
    model = IntegerModel([conv((1, 1, 1, 1), 1, 2**34), Relu(), dense, Argmax()])
    assert model.logits(np.array([[255]], np.uint8)).tolist() == [[255 * 2**34 * 10**8]]
    with pytest.raises(ModelError, match="packed form only"):
        model.with_rule(Rescale.PER_PRODUCT)


def test_layers_that_do_not_fit_each_other_are_refused():
    for following in (conv(), MaxPool(5, 5, 2)):
        with pytest.raises(ModelError, match="do not fit each other"):
            IntegerModel([conv(), Relu(), following, Argmax()])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Conv2d(6, 6, np.ones((3, 3, 1), np.int64), np.zeros(1, np.int64), 1),
        lambda: conv((7, 7, 1, 1)),
        lambda: conv(side=2000),
        lambda: Conv2d(6, 6, np.ones((3, 3, 1, 1)), np.zeros(1, np.int64), 1),
        lambda: MaxPool(1, 6, 1),
        lambda: Requantise(-1, 15, 1),
        lambda: Requantise(1, 0, 1),
    ],
)
def test_a_layer_that_cannot_be_is_refused(make):
    with pytest.raises(ModelError):
        make()


def test_a_weight_out_of_range_is_refused():
    with pytest.raises(BoundError, match="2\\*\\*53"):
        conv(weight=2**53)


def test_sums_that_do_not_fit_their_lanes_are_refused():
    parameters = [
        (np.full((3, 3, 1, 1), 15), np.zeros(1, np.int64), 1),
        (np.ones((4, 2), np.int64), np.zeros(2, np.int64), 1),
    ]
    assert convolutional(parameters, [(3, 15, 1)], 6, lane_bits=17).pixels == 36
    with pytest.raises(BoundError, match="17 bits; there are 16"):
        convolutional(parameters, [(3, 15, 1)], 6, lane_bits=16)


@examples(5)
@given(model=convolutional_models())
def test_what_is_saved_is_read_back(tmp_path_factory, model):
    path = tmp_path_factory.mktemp("saved") / "integers.npz"
    save(model, path)
    again = load(path)
    assert again.sha256 == model.sha256 and again.architecture == model.architecture
    assert again.description() == model.description()
    picture = np.arange(model.pixels, dtype=np.uint8)[None, None]
    assert again.logits(picture).tolist() == model.logits(picture).tolist()


def test_a_file_with_an_impossible_layer_is_refused(tmp_path):
    path = tmp_path / "integers.npz"
    save(IntegerModel([conv(), Relu(), MaxPool(4, 4, 2), Argmax()]), path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["header"] = np.frombuffer(
        arrays["header"].tobytes().replace(b'"height": 4', b'"height": 1'), np.uint8
    )
    np.savez(path, **arrays)
    with pytest.raises(ModelError):
        load(path)


def test_the_architecture_reads_like_the_recipe():
    model = IntegerModel([conv(), Relu(), MaxPool(4, 4, 2), conv((2, 2, 2, 10), 2), Argmax()])
    assert model.architecture == "36-2c3-p2-10"
