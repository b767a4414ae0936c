"""Layers of maps of every kind equal plain loops over plain integers, and stay in their proved ranges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ModelError
from app.fixedpoint import (
    Argmax,
    Conv2d,
    Depthwise,
    IntegerModel,
    LeakyRelu,
    MaxPool,
    Pad,
    Relu,
    SumPool,
    load,
    save,
)
from tests import oracle
from tests.chains import chains, steps_of
from tests.sizes import examples
from tests.strategies import images


def ones(*shape):
    return np.ones(shape, np.int64)


def extreme_images(pixels: int) -> st.SearchStrategy[bytes]:
    """Each pixel black or white: what drives sums to their ends."""
    pixel = st.sampled_from([0, 255])
    return st.one_of(images(pixels), st.lists(pixel, min_size=pixels, max_size=pixels).map(bytes))


@examples(50)
@given(st.data())
def test_the_engine_equals_plain_loops(data):
    model = data.draw(chains())
    pictures = data.draw(st.lists(extreme_images(model.pixels), min_size=1, max_size=2))
    expected = [oracle.chain(steps_of(model), list(picture)) for picture in pictures]
    batch = np.stack([np.frombuffer(picture, np.uint8) for picture in pictures])
    assert model.logits(batch).tolist() == expected


@examples(30)
@given(st.data())
def test_every_value_lies_in_its_proved_range(data):
    model = data.draw(chains())
    picture = np.frombuffer(data.draw(extreme_images(model.pixels)), np.uint8)
    values = picture[None].astype(np.int64)
    for layer, read, proved in zip(model.layers[:-1], model.ranges, model.ranges[1:], strict=False):
        values = layer.apply(values, read, proved, model.rule)
        assert ((proved.low <= values[0]) & (values[0] <= proved.high)).all()
        assert abs(values).max() <= proved.magnitude


@examples(10)
@given(model=chains())
def test_what_is_saved_is_read_back(tmp_path_factory, model):
    path = tmp_path_factory.mktemp("saved") / "integers.npz"
    save(model, path)
    again = load(path)
    assert (again.sha256, again.architecture) == (model.sha256, model.architecture)
    assert again.description() == model.description()
    picture = np.arange(model.pixels, dtype=np.uint8)[None]
    assert again.logits(picture).tolist() == model.logits(picture).tolist()


@pytest.mark.parametrize("layer", [Conv2d, Depthwise])
def test_the_range_of_a_first_convolution_is_reached(layer):
    weights = np.array([[3, -5], [-7, 11]], np.int64)[:, :, None, None]
    model = IntegerModel([layer(2, 2, weights, np.array([4]), 1), Argmax()])
    for sign, end in ((1, model.logit_range.high), (-1, model.logit_range.low)):
        picture = np.where(sign * weights[..., 0, 0] > 0, 255, 0).astype(np.uint8)
        assert model.logits(picture[None]).tolist() == [list(end)]


@pytest.mark.parametrize("layer", [Conv2d, Depthwise])
def test_sums_beyond_64_bits_are_exact(layer):
    wide = 2**52
    first = layer(2, 2, ones(1, 1, 1, 1) * wide, np.array([-5]), 1)
    model = IntegerModel([first, layer(2, 2, ones(2, 2, 1, 1) * wide, np.array([3]), 1), Argmax()])
    assert model.logits(np.full((1, 4), 255, np.uint8)).tolist() == [[4 * wide * (255 * wide - 5) + 3]]


def test_a_mean_beside_the_edge_counts_only_what_is_there():
    """Two by two with a row and a column of padding: windows of 1, 2, 2 and 4 values, times 4, 2, 2 and 1."""
    model = IntegerModel([SumPool(3, 3, 1, (2, 2), (2, 2), (1, 0, 1, 0)), Argmax()])
    picture = np.arange(1, 10, dtype=np.uint8)[None]
    assert model.logits(picture).tolist() == [[4 * 1, 2 * (2 + 3), 2 * (4 + 7), 5 + 6 + 8 + 9]]
    assert model.logit_range.denominator == 4 * 255


def test_a_slope_below_zero_is_rounded_toward_zero_twice():
    model = IntegerModel(
        [Conv2d(1, 1, -ones(1, 1, 1, 1), np.zeros(1, np.int64), 1), LeakyRelu(3, 1, 2, 10), Argmax()]
    )
    values = {pixel: model.logits(np.array([[pixel]], np.uint8))[0, 0] for pixel in (0, 1, 2, 3, 255)}
    assert values == {0: 10, 1: 10, 2: 10, 3: 10, 255: 10 - 127 * 3 // 4}


def test_padding_may_tell_inside_from_outside():
    model = IntegerModel([Pad(1, 1, 1, (0, 0, 1, 1), value=7, constant=9), Argmax()])
    assert model.logits(np.array([[5]], np.uint8)).tolist() == [[7, 0, 5, 9, 7, 0]]


def test_the_architecture_tells_layers_apart():
    layers = [
        Pad(4, 4, 1, (1, 1, 1, 1)),
        Conv2d(6, 6, ones(3, 3, 1, 2), ones(2), 1, (1, 1)),
        Depthwise(4, 4, ones(1, 3, 2, 1), ones(2), 1),
        Relu(),
        MaxPool(4, 2, 2, (3, 2), (1, 1)),
        SumPool(2, 1, 2, (1, 1), (1, 1)),
        Conv2d(2, 1, ones(1, 1, 2, 3), ones(3), 1, (2, 1)),
        Argmax(),
    ]
    assert IntegerModel(layers).architecture == "16-2c3-d1x3-p3x2-a1-3"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Depthwise(3, 3, ones(3, 3, 1), ones(1), 1),
        lambda: Depthwise(3, 3, ones(3, 3, 2, 2), ones(2), 1),
        lambda: Depthwise(3, 3, ones(4, 3, 1, 1), ones(1), 1),
        lambda: Conv2d(3, 3, ones(1, 1, 1, 1), ones(1), 1, (0, 1)),
        lambda: Conv2d(1024, 1024, ones(500, 500, 1, 1), ones(1), 1),
        lambda: Conv2d(64, 64, ones(1, 1, 900, 900), ones(900), 1),
        lambda: MaxPool(3, 3, 1, (4, 1), (1, 1)),
        lambda: Depthwise(64, 64, ones(1, 1, 1, 2000), ones(2000), 1),
        lambda: MaxPool(1024, 1024, 100),
        lambda: MaxPool(800, 800, 1, (20, 20), (1, 1)),
        lambda: SumPool(3, 3, 1, (2, 2), (1, 1), (2, 0, 0, 0)),
        lambda: SumPool(40, 40, 1, (40, 40), (1, 1), (39, 39, 39, 39)),
        lambda: Pad(3, 3, 1, (-1, 0, 0, 0)),
        lambda: Pad(3, 3, 1, (2000, 0, 0, 0)),
        lambda: Pad(3, 3, 1, (0, 0, 0, 0), value=-1),
        lambda: LeakyRelu(8, 3, 0, 0),
        lambda: LeakyRelu(1, 64, 0, 0),
        lambda: LeakyRelu(1, 3, 0, -1),
    ],
)
def test_a_layer_that_cannot_be_is_refused(make):
    with pytest.raises(ModelError):
        make()
