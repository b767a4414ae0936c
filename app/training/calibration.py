"""Finds the lead from which a model's readings are sure, on pens of writers whom no training has seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import DataError
from app.fixedpoint import IntegerModel, Sureness
from app.fixedpoint.sureness import lead

SURE_OF_RIGHT = 0.97
"""The share of rightly read digits that are to be sure."""

Images = NDArray[np.uint8]
Floats = NDArray[np.float64]
_STEPS = 50
_CHUNK = 1000


def leads(model: IntegerModel, images: Images, none_is_zero: bool) -> tuple[NDArray[np.int64], list[int]]:
    """What a model reads in images (N, 28, 28), the classes (N,), and each reading's lead, whole numbers."""
    digits: list[int] = []
    found: list[int] = []
    for start in range(0, len(images), _CHUNK):
        logits = model.logits(images[start : start + _CHUNK])
        found += [lead(row, none_is_zero) for row in logits.tolist()]
        digits += [row.index(max(row)) for row in logits.tolist()]
    return np.array(digits, np.int64), found


def calibrate(
    model: IntegerModel, digits: Images, labels: NDArray[np.uint8], signs: Images, about: Mapping[str, Any]
) -> Sureness:
    """The threshold that SURE_OF_RIGHT of the rightly read `digits` reach, and a logistic curve.

    Of the two leads the one under which fewer `signs` are sure is taken. The curve tells rightly read digits
    from `signs` that are no digit and digits read wrongly, both kinds having the same weight. `about`: where
    the pictures come from, for people. DataError without digits or signs, or if no digit is read rightly.
    """
    if not len(digits) or not len(signs):
        raise DataError(
            "Sureness is found on digits and on other signs.",
            hint="Give pen files of both, with --pens and --others.",
        )
    both = [_calibrated(model, digits, labels, signs, about, zero) for zero in (False, True)]
    return min(both, key=lambda sureness: float(sureness.found["sure_signs"]))


def _calibrated(
    model: IntegerModel,
    digits: Images,
    labels: NDArray[np.uint8],
    signs: Images,
    about: Mapping[str, Any],
    none_is_zero: bool,
) -> Sureness:
    """The same with one of the two leads."""
    read, of_digits = leads(model, digits, none_is_zero)
    _, of_signs = leads(model, signs, none_is_zero)
    good = (read == labels).tolist()
    right = sorted(lead for lead, is_right in zip(of_digits, good, strict=True) if is_right)
    wrong = [lead for lead, is_right in zip(of_digits, good, strict=True) if not is_right]
    if not right:
        raise DataError(
            "The model reads none of the digits rightly, so it cannot be sure of any.",
            hint="Train it for longer.",
        )
    threshold = right[int((1 - SURE_OF_RIGHT) * len(right))]
    # Fitted in logits, whatever integers a logit is worth.
    worth = len(model.logit_range.low) * model.logit_range.denominator
    middle, width = _logistic(
        *(np.array([v / worth for v in found]) for found in (right, [*of_signs, *wrong]))
    )
    return Sureness(
        model.sha256,
        threshold,
        round(middle * worth),
        max(1, round(width * worth)),
        none_is_zero,
        {
            **about,
            "rule": f"{SURE_OF_RIGHT:.0%} of the rightly read digits are sure",
            "digits": len(digits),
            "rightly_read": len(right),
            "signs": len(signs),
            "sure_signs": sum(lead >= threshold for lead in of_signs) / len(signs),
            "threshold_in_logits": threshold / worth,
        },
    )


def _logistic(positive: Floats, negative: Floats) -> tuple[float, float]:
    """Middle and width of the curve 1 / (1 + exp(-(x - middle) / width)) that fits both kinds best.

    Each kind weighs one half. Newton's method on the likelihood (iteratively reweighted least squares), with
    a small penalty on the slope, so that kinds that do not overlap have a curve as well.
    """
    x = np.concatenate([positive, negative])
    centre, spread = float(x.mean()), float(x.std()) or 1.0
    columns = np.stack([np.ones_like(x), (x - centre) / spread], axis=1)
    wanted = np.concatenate([np.ones_like(positive), np.zeros_like(negative)])
    weight = np.concatenate(
        [np.full_like(positive, 0.5 / len(positive)), np.full_like(negative, 0.5 / max(1, len(negative)))]
    )
    penalty = np.diag([1e-9, 1e-4])
    found = np.zeros(2)
    for _ in range(_STEPS):
        share = 1.0 / (1.0 + np.exp(-np.clip(columns @ found, -30, 30)))
        gradient = columns.T @ (weight * (wanted - share)) - penalty @ found
        curvature = (columns * (weight * share * (1 - share))[:, None]).T @ columns + penalty
        found = found + np.linalg.solve(curvature, gradient)
    slope = max(float(found[1]), 1e-6) / spread
    return centre - float(found[0]) / slope, 1.0 / slope
