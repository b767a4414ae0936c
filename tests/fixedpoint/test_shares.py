"""Integer logits as shares."""

import numpy as np
import pytest

from app.fixedpoint.shares import is_sure, softmax


def test_shares_are_exact_where_floats_would_lose_the_difference():
    base = 10**40
    shares = softmax([base, base + 10**16, *[0] * 8], 10**16)
    assert shares[1] / shares[0] == pytest.approx(np.e)
    assert sum(shares) == pytest.approx(1)
    assert softmax([-(10**18)] * 10, 10**16) == pytest.approx([0.1] * 10)


@pytest.mark.parametrize(("shares", "sure"), [((0.8, 0.2), True), ((0.69, 0.31), False), ((0.1, 0.9), True)])
def test_a_model_is_sure_where_the_best_share_is_well_ahead(shares, sure):
    assert is_sure(shares) is sure
