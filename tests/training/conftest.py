"""What the tests of this room share: a small data set of bars."""

from __future__ import annotations

import numpy as np
import pytest

from app.training.data import Mnist


@pytest.fixture(scope="session")
def strokes() -> Mnist:
    """400 + 100 images of ten classes that any model can tell apart: a bar in ten places, and noise."""
    rng = np.random.default_rng(5)
    labels = np.arange(500) % 10
    images = rng.integers(0, 40, (500, 28, 28)).astype(np.uint8)
    images[:, :4] = images[:, -4:] = images[:, :, :3] = images[:, :, -3:] = 0
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label), 5)
        image[6 + 9 * row : 13 + 9 * row, 4 + 4 * column : 7 + 4 * column] = 255
    digits = labels.astype(np.uint8)
    return Mnist(images[:400], digits[:400], images[400:], digits[400:])
