"""What is counted of a model in training: accuracy, loss, and which digits it confuses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.floats.judge import FloatJudge
from app.picture import CLASSES
from app.training.corpus import Corpus, HeldOut

Images = NDArray[np.uint8]
SAMPLE = 5000
"""Training images that are read after every epoch."""


def confusion_matrix(judge: FloatJudge, images: Images, labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Counts int64 (10, 10): row the digit written, column the digit read."""
    counts = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(counts, (labels, judge.read_batch(images).argmax(axis=1)), 1)
    return counts


class Measure:
    """The figures of a model after an epoch."""

    def __init__(self, corpus: Corpus, kept_out: HeldOut) -> None:
        fitted = len(corpus.mnist.x_train) - len(kept_out.mnist)
        # A sample shows overfitting as well as all training images do.
        sample = min(fitted, SAMPLE)
        self._images, self._labels = corpus.mnist.x_train[:sample], corpus.mnist.y_train[:sample]
        self._held_out = kept_out
        self._judge: tuple[Any, FloatJudge] | None = None

    def __call__(self, model: Any) -> dict[str, float]:
        # Setting a judge up takes a second, and a model is measured after every epoch.
        if self._judge is None or self._judge[0] is not model:
            self._judge = (model, FloatJudge(model))
        judge = self._judge[1]
        figures = _figures("train", judge, self._images, self._labels)
        figures |= _figures("val", judge, self._held_out.mnist, self._held_out.mnist_labels)
        if len(self._held_out.pens):
            figures["pen_accuracy"] = accuracy(judge, self._held_out.pens, self._held_out.pen_labels)
        return figures

    def pens(self, model: Any) -> float | None:
        """The share of held-out pen digits that a model reads, if there are any."""
        if not len(self._held_out.pens):
            return None
        return accuracy(FloatJudge(model), self._held_out.pens, self._held_out.pen_labels)


def _figures(name: str, judge: FloatJudge, images: Images, labels: NDArray[np.uint8]) -> dict[str, float]:
    """Loss and accuracy under `name`_loss and `name`_accuracy; nothing where there are no images."""
    if not len(images):
        return {}
    probabilities = judge.read_batch(images)
    right = probabilities[np.arange(len(labels)), labels]
    return {
        f"{name}_loss": float(-np.log(np.maximum(right, 1e-9)).mean()),
        f"{name}_accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
    }


def accuracy(judge: FloatJudge, images: Images, labels: NDArray[np.uint8]) -> float:
    """The share of images that a model reads as they are labelled."""
    return float((judge.read_batch(images).argmax(axis=1) == labels).mean())
