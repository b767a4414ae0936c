"""A data set of images that were paid for, in the layout that training reads."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.errors import DataError
from app.picture import SIDE
from app.training.data import Mnist

__all__ = ["archive_of", "data_set_of"]

_HELD_OUT = 7
"""One of seven images is kept for testing, as in MNIST."""


def data_set_of(images: Sequence[bytes], digits: Sequence[int], base: Mnist | None = None) -> Mnist:
    """Images of 784 bytes and their digits as a data set; with a `base`, added to its training images.

    DataError for a single image without a base: there would be nothing to test on.
    """
    if len(images) < (2 if base is None else 1):
        raise DataError(
            f"{len(images)} paid image{'s are' if len(images) != 1 else ' is'} no data set.",
            why="One part is trained on, another is kept for testing.",
            hint="Add them to MNIST with --data FILE, or collect when more are paid.",
        )
    x = np.frombuffer(b"".join(images), np.uint8).reshape(-1, SIDE, SIDE)
    y = np.array(digits, np.uint8)
    if base is not None:
        return Mnist(_joined(base.x_train, x), _joined(base.y_train, y), base.x_test, base.y_test)
    testing = np.arange(len(x)) % _HELD_OUT == min(_HELD_OUT, len(x)) - 1
    return Mnist(x[~testing], y[~testing], x[testing], y[testing])


def archive_of(data: Mnist) -> bytes:
    """The bytes of a NumPy archive (.npz) in Keras's layout of MNIST."""
    written = io.BytesIO()
    np.savez_compressed(
        written, x_train=data.x_train, y_train=data.y_train, x_test=data.x_test, y_test=data.y_test
    )
    return written.getvalue()


def _joined(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([one, other])
