"""The float judge: the trained Keras model, loaded once and asked one image at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import ImageError, ModelError
from app.floats.runtime import answering, import_keras
from app.picture import CLASSES, SIDE

BATCH = 2000

Floats = NDArray[np.float32]
DenseWeights = list[tuple[Floats, Floats]]


@dataclass(frozen=True)
class FloatReading:
    """What the model reads in one image: a digit, ten probabilities that sum to 1, and the time it took."""

    digit: int
    probabilities: tuple[float, ...]
    milliseconds: float


class FloatJudge:
    """A loaded model. `load` takes seconds (TensorFlow), `read` well under 5 ms."""

    def __init__(self, model: Any) -> None:
        """Wrap a Keras model that takes (N, 28, 28) and answers (N, 10); ModelError for any other."""
        if tuple(model.input_shape) != (None, SIDE, SIDE) or tuple(model.output_shape) != (None, CLASSES):
            raise ModelError(
                "The model has the wrong shape.",
                why=f"It takes {model.input_shape} and answers {model.output_shape}; "
                f"needed are (N, {SIDE}, {SIDE}) and (N, {CLASSES}).",
                hint="Train one with `inkproof train`.",
            )
        self._model = model
        self._answer = answering(lambda images: model(images, training=False))
        self._answer(np.zeros((1, SIDE, SIDE), np.float32))

    @classmethod
    def load(cls, path: Path) -> FloatJudge:
        """The model in a `.keras` file, warm. ModelError if it is missing, damaged or of another shape."""
        if not path.is_file():
            raise ModelError(
                f"There is no trained model at {path}.",
                hint="Train one with `inkproof train`, or reinstall.",
            )
        keras = import_keras()
        try:
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
        # A damaged file can fail anywhere in zip, JSON, HDF5 or Keras; it means the same to the person.
        except Exception as error:
            raise ModelError(
                f"The trained model {path} cannot be loaded.",
                why=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'damaged'}",
                hint="Restore the file or train again with `inkproof train`.",
            ) from error
        return cls(model)

    def read(self, image: NDArray[np.uint8]) -> FloatReading:
        """The digit in one image, uint8 (28, 28), 0 paper to 255 ink."""
        started = time.perf_counter()
        probabilities = self.read_batch(image[np.newaxis])[0]
        milliseconds = (time.perf_counter() - started) * 1000.0
        # np.argmax takes the lowest index among equals, as the other judges do.
        digit = int(np.argmax(probabilities))
        return FloatReading(digit, tuple(float(value) for value in probabilities), milliseconds)

    def read_batch(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities float32 (N, 10) of images uint8 (N, 28, 28)."""
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
            raise ImageError(
                "The model reads 28x28 pictures only.", why=f"It was given {images.dtype} {images.shape}."
            )
        answers = np.empty((len(images), CLASSES), np.float32)
        for start in range(0, len(images), BATCH):
            part = images[start : start + BATCH].astype(np.float32) / np.float32(255.0)
            answers[start : start + BATCH] = self._answer(part)
        return answers

    def weights(self) -> DenseWeights:
        """Kernel (in, out) and bias (out,) of each dense layer, float32, first layer first."""
        return dense_weights(self._model)


def dense_weights(model: Any) -> DenseWeights:
    """Kernel (in, out) and bias (out,) of every dense layer, float32, first layer first."""
    return [
        (np.asarray(layer.kernel, np.float32), np.asarray(layer.bias, np.float32))
        for layer in model.layers
        if type(layer).__name__ == "Dense"
    ]
