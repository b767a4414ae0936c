"""Quantising takes the nearest integer to value*S, and nothing that is not a finite number."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BoundError, ModelError
from app.fixedpoint import SCALE, quantise
from app.fixedpoint.quantise import nearest_integers


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9))
def test_the_integer_is_the_nearest_one(values):
    with localcontext() as context:
        context.prec = 1200  # a float64's decimal expansion in full
        for value, integer in zip(values, nearest_integers(np.array(values)), strict=True):
            assert abs(Decimal(value) * SCALE - int(integer)) <= Decimal("0.5")


@given(st.floats(-1000, 1000, width=32))
def test_float32_weights_are_read_as_they_are(value):
    single = nearest_integers(np.array([value], dtype=np.float32))
    assert single.tolist() == nearest_integers(np.array([value], dtype=np.float64)).tolist()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e9, -1e300])
def test_what_no_trained_model_holds_is_refused(value):
    with pytest.raises(BoundError):
        nearest_integers(np.array([0.5, value]))


def test_integers_are_not_weights():
    with pytest.raises(ModelError):
        nearest_integers(np.array([1, 2]))


def test_relu_stands_between_dense_layers_and_argmax_at_the_end():
    model = quantise([(np.ones((4, 3)), np.zeros(3)), (np.ones((3, 2)), np.zeros(2))])
    assert [layer.kind for layer in model.layers] == ["dense", "relu", "dense", "argmax"]
    assert model.layers[0].weights.tolist() == [[SCALE] * 3] * 4
