"""The threshold of sureness is where it is documented to be, and the curve separates digits from signs."""

from __future__ import annotations

import numpy as np
import pytest

from app.errors import DataError
from app.fixedpoint import IntegerModel, quantise
from app.training.calibration import calibrate, leads


def model() -> IntegerModel:
    """Ten classes, each with one pixel of its own: a picture's logits are its first ten pixels."""
    kernel = np.zeros((784, 10))
    kernel[np.arange(10), np.arange(10)] = 1.0
    return quantise([(kernel, np.zeros(10))])


def pictures(strengths: list[int]) -> np.ndarray:
    """Picture i has this much ink on the pixel of class i modulo 10."""
    made = np.zeros((len(strengths), 784), np.uint8)
    made[np.arange(len(strengths)), np.arange(len(strengths)) % 10] = strengths
    return made.reshape(-1, 28, 28)


def test_97_of_100_rightly_read_digits_are_sure() -> None:
    digits, labels = pictures(list(range(50, 250))), (np.arange(200) % 10).astype(np.uint8)
    labels[:20] = (labels[:20] + 1) % 10  # read wrongly: their leads do not count
    found = calibrate(model(), digits, labels, pictures([30] * 40), {"on": "ink"})
    _, values = leads(model(), digits[20:], found.none_is_zero)
    assert sum(value >= found.threshold for value in values) / 180 == pytest.approx(0.97, abs=0.006)
    assert found.sha256 == model().sha256
    assert (
        found.found["rightly_read"] == 180 and found.found["sure_signs"] == 0 and found.found["on"] == "ink"
    )


def test_the_curve_separates_digits_from_signs() -> None:
    rng = np.random.default_rng(1)
    digits = pictures(rng.integers(100, 250, 300).tolist())
    signs = pictures(rng.integers(0, 150, 300).tolist())
    reader = model()
    found = calibrate(reader, digits, (np.arange(300) % 10).astype(np.uint8), signs, {})

    def sureness(strength: int) -> float:
        return found.sureness(reader.logits(pictures([strength]))[0].tolist())

    assert sureness(20) < 0.1 < 0.9 < sureness(230)
    assert sureness(125) == pytest.approx(0.5, abs=0.15)


def test_the_lead_that_keeps_more_signs_out_is_taken() -> None:
    """Digits have one logit of 100 to 250 and the others 0; signs have ten alike, or all below zero."""
    digits, labels = pictures(list(range(100, 250))), (np.arange(150) % 10).astype(np.uint8)
    signs = np.full((20, 784), 250, np.uint8).reshape(-1, 28, 28)
    assert calibrate(model(), digits, labels, signs, {}).none_is_zero is False
    kernel = np.zeros((784, 10))
    kernel[np.arange(10), np.arange(10)] = 1.0
    # The pixel that only the signs have takes all ten logits down, and one of them less than the others.
    kernel[20, :], kernel[20, 0] = -3.0, -2.0
    signs = np.zeros((20, 784), np.uint8)
    signs[:, 20] = 250
    found = calibrate(quantise([(kernel, np.zeros(10))]), digits, labels, signs.reshape(-1, 28, 28), {})
    assert found.none_is_zero is True
    assert found.found["sure_signs"] == 0


def test_a_model_that_reads_no_digit_rightly_has_no_threshold() -> None:
    wrong = (np.arange(20) % 10 + 1).astype(np.uint8) % 10
    with pytest.raises(DataError, match="none of the digits rightly"):
        calibrate(model(), pictures(list(range(50, 70))), wrong, pictures([30] * 5), {})


def test_it_takes_digits_and_signs() -> None:
    nothing = np.zeros((0, 28, 28), np.uint8)
    with pytest.raises(DataError, match="digits and on other signs"):
        calibrate(model(), nothing, np.zeros(0, np.uint8), pictures([3]), {})
    with pytest.raises(DataError, match="digits and on other signs"):
        calibrate(model(), pictures([3]), np.zeros(1, np.uint8), nothing, {})
