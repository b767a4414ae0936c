"""A model of a shape that a person names, trained on MNIST or on data in its layout.

Nothing is tuned: Adam, batches of 128, pixels as p/255, the last twentieth of the images held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.errors import DataError
from app.floats.runtime import import_for_training
from app.picture import CLASSES, PIXELS, SIDE
from app.progress import Progress
from app.training.data import Mnist

__all__ = ["EPOCHS", "filters_of", "train_own", "widths_of"]

EPOCHS = 5
BATCH = 128
HELD_OUT = 0.05

_WIDEST, _MOST_HIDDEN, _MOST_FILTERS, _MOST_CONVOLUTIONS = 1024, 5, 128, 2


def widths_of(text: str) -> tuple[int, ...]:
    """The hidden widths in `784-32-10`: pixels first, digits last. DataError for anything else."""
    parts = text.split("-")
    numbers = [int(part) if part.isascii() and part.isdigit() and len(part) < 6 else 0 for part in parts]
    hidden = tuple(numbers[1:-1])
    fits = len(numbers) >= 2 and numbers[0] == PIXELS and numbers[-1] == CLASSES
    if not fits or len(hidden) > _MOST_HIDDEN or not all(1 <= width <= _WIDEST for width in hidden):
        raise DataError(
            f"{text[:40]!r} is no row of layers.",
            why=f"It begins with {PIXELS} pixels and ends with {CLASSES} digits; between them stand up to "
            f"{_MOST_HIDDEN} widths from 1 to {_WIDEST}.",
            hint="For example: --layers 784-32-10",
        )
    return hidden


def filters_of(text: str) -> tuple[int, ...]:
    """The filters in `16,32`, one number for each convolution. DataError for anything else."""
    parts = text.split(",")
    filters = tuple(int(part) if part.isascii() and part.isdigit() and len(part) < 6 else 0 for part in parts)
    if len(filters) > _MOST_CONVOLUTIONS or not all(1 <= count <= _MOST_FILTERS for count in filters):
        raise DataError(
            f"{text[:40]!r} are no convolutions.",
            why=f"There are up to {_MOST_CONVOLUTIONS}, of 1 to {_MOST_FILTERS} filters each.",
            hint="For example: --conv 16,32",
        )
    return filters


def train_own(
    hidden: Sequence[int], filters: Sequence[int], data: Mnist, *, seed: int, epochs: int, progress: Progress
) -> Any:
    """A trained Keras model: convolutions of 3x3 with 2x2 pooling behind each, then dense layers with ReLU.

    It takes p/255 as (N, 28, 28) and answers a probability for each digit. The same seed gives the same
    model.
    """
    keras = import_for_training(seed)
    layers = keras.layers
    row = [layers.Input((SIDE, SIDE))]
    if filters:
        row.append(layers.Reshape((SIDE, SIDE, 1)))
    for count in filters:
        row += [layers.Conv2D(count, 3, activation="relu"), layers.MaxPooling2D(2)]
    row.append(layers.Flatten())
    row += [layers.Dense(width, activation="relu") for width in hidden]
    model = keras.Sequential([*row, layers.Dense(CLASSES, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    told = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: progress(
            f"epoch {epoch + 1} of {epochs}  held out {logs['val_accuracy']:.4f}", (epoch + 1) / epochs
        )
    )
    model.fit(
        data.x_train.astype(np.float32) / np.float32(255),
        data.y_train,
        batch_size=BATCH,
        epochs=epochs,
        validation_split=HELD_OUT,
        verbose=0,
        callbacks=[told],
    )
    return model
