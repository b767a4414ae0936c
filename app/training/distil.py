"""A large model teaches the small one.

64 hidden units can hold more than they find by themselves from bare labels. A convolutional teacher, trained
on the same augmented images, gives each of them ten probabilities; the small model learns those (Hinton,
Vinyals, Dean: "Distilling the Knowledge in a Neural Network", 2015). The teacher is thrown away afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.floats.runtime import import_keras, import_tensorflow
from app.picture import CLASSES, SIDE
from app.training.fitting import EpochData, ProgressCallback, as_input, cosine_schedule, fit

LABEL_BATCH = 1000


@dataclass(frozen=True)
class Teacher:
    """How the teacher is trained, and how soft its answers are made."""

    epochs: int = 12
    batch: int = 128
    learning_rate: float = 2e-3
    dropout: float = 0.4
    temperature: float = 2.0


def train_teacher(
    teacher: Teacher, data: EpochData, images: int, *, rng: np.random.Generator, progress: ProgressCallback
) -> Any:
    """A trained Keras model: float32 (N, 28, 28) to 10 logits. `data` gives `images` images per epoch."""
    keras = import_keras()
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((SIDE, SIDE)),
            layers.Reshape((SIDE, SIDE, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(teacher.dropout),
            layers.Dense(CLASSES),
        ],
        name="teacher",
    )
    steps = teacher.epochs * -(-images // teacher.batch)
    model.compile(
        keras.optimizers.Adam(cosine_schedule(teacher.learning_rate, steps)),
        keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    fit(model, data, stage="teacher", epochs=teacher.epochs, batch=teacher.batch, rng=rng, progress=progress)
    return model


def soft_targets(model: Any, images: NDArray[np.uint8], temperature: float) -> NDArray[np.float32]:
    """The teacher's probabilities at `temperature`, float32 (N, 10)."""
    tensorflow = import_tensorflow()
    answer = tensorflow.function(
        lambda batch: tensorflow.nn.softmax(model(batch, training=False) / temperature),
        input_signature=[tensorflow.TensorSpec((None, SIDE, SIDE), tensorflow.float32)],
        autograph=False,  # nothing to rewrite, and a frozen program has no source to read
    )
    targets = np.empty((len(images), CLASSES), np.float32)
    for start in range(0, len(images), LABEL_BATCH):
        part = slice(start, start + LABEL_BATCH)
        targets[part] = answer(as_input(images[part])).numpy()
    return targets


def distillation_loss(temperature: float) -> Callable[[Any, Any], Any]:
    """Cross-entropy between the teacher's and the student's softened probabilities.

    The student answers probabilities p at temperature 1; softmax(log(p) / T) are the same at temperature T.
    The factor T**2 keeps the gradient's size independent of T, as the paper says.
    """
    ops = import_keras().ops

    def loss(targets: Any, probabilities: Any) -> Any:
        logits = ops.log(ops.maximum(probabilities, 1e-9)) / temperature
        return -(temperature**2) * ops.sum(targets * ops.log_softmax(logits, axis=-1), axis=-1)

    return loss
