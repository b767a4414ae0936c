"""What a small model learns from its teacher's answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.training.distil import distillation_loss
from tests.sizes import examples

ROWS = hnp.arrays(np.float32, (4, 10), elements=st.floats(-30, 30, width=32))


@examples(25)
@given(ROWS, ROWS, st.sampled_from([0.5, 1.0, 3.0]))
def test_the_loss_is_the_cross_entropy_with_no_digit_as_the_eleventh_class(
    logits: np.ndarray, likely: np.ndarray, temperature: float
) -> None:
    """Held to the definition, in float64: eleven logits of which the last is 0, eleven targets."""
    targets = np.exp(likely.astype(np.float64)) / np.exp(likely.astype(np.float64)).sum(axis=1, keepdims=True)
    targets[0] = 0.0  # a sign that is no digit
    eleven = np.concatenate([logits.astype(np.float64), np.zeros((4, 1))], axis=1) / temperature
    wanted = np.concatenate([targets, 1 - targets.sum(axis=1, keepdims=True)], axis=1)
    of_log = eleven - np.log(np.exp(eleven).sum(axis=1, keepdims=True))
    right = -(temperature**2) * (wanted * of_log).sum(axis=1)
    found = np.asarray(distillation_loss(temperature)(targets.astype(np.float32), logits))
    assert found == pytest.approx(right, rel=1e-3, abs=1e-3)
