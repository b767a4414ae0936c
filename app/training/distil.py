"""A convolutional model teaches the small ones.

64 hidden units can hold more than they find by themselves from bare labels. A convolutional teacher, trained
on the same augmented pictures, gives each of them ten probabilities; the small model learns those (Hinton,
Vinyals, Dean: "Distilling the Knowledge in a Neural Network", 2015). One teacher serves three recipes.

The small model also learns an eleventh class, "no digit", whose logit is always 0: the ten logits of a sign
that is no digit shall all be below it. The class costs no weights, and is read from the same ten integers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.floats.runtime import answering, import_for_training, import_keras
from app.picture import CLASSES
from app.training import architecture
from app.training.cache import Cache
from app.training.corpus import NO_DIGIT, Lesson
from app.training.fitting import (
    ProgressCallback,
    TrainingProgress,
    as_input,
    batches,
    compile_model,
    cosine_schedule,
    fit,
)

LABEL_BATCH = 1000


@dataclass(frozen=True)
class Teacher:
    """How the teacher is trained.

    `cleaning`: after so many epochs pen characters are left out to whose label the teacher gives less than
    `doubtful`: about one of a hundred labels in collections is wrong.
    """

    architecture: str = "teacher"
    epochs: int = 14
    batch: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    cleaning: int = 4
    doubtful: float = 0.02


@dataclass(frozen=True)
class Taught:
    """A trained teacher, the figures after each of its epochs, and which rows of the lesson it kept (N,)."""

    model: Any
    history: dict[str, list[float]]
    kept: NDArray[np.bool_]


def train_teacher(
    teacher: Teacher,
    lesson: Lesson,
    *,
    seed: int,
    measure: Callable[[Any], dict[str, float]],
    progress: ProgressCallback,
) -> Taught:
    """A teacher that has learned `lesson`; `measure` gives the figures of the model after an epoch."""
    keras = import_for_training(seed)
    model = architecture.build(teacher.architecture)
    steps = teacher.epochs * batches(len(lesson.labels), teacher.batch)
    rate = cosine_schedule(teacher.learning_rate, steps)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=teacher.weight_decay)
    compile_model(model, optimizer, "categorical_crossentropy")
    history: dict[str, list[float]] = {}
    kept = np.ones(len(lesson.labels), np.bool_)
    targets = lesson.targets()

    def after_epoch() -> dict[str, float]:
        figures = measure(model)
        for key, value in figures.items():
            history.setdefault(key, []).append(value)
        if len(history["val_loss"]) == teacher.cleaning:
            kept[:] = believable(answers_at(model, 1.0)(lesson.copies[0]), lesson, teacher.doubtful)
        return figures

    def data(epoch: int) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
        return lesson.copies[epoch % len(lesson.copies)], targets, np.flatnonzero(kept)

    rng = np.random.default_rng(seed)
    fit(
        model,
        data,
        stage="teacher",
        epochs=teacher.epochs,
        batch=teacher.batch,
        rng=rng,
        progress=progress,
        after_epoch=after_epoch,
    )
    return Taught(model, history, kept)


def believable(probabilities: NDArray[np.float32], lesson: Lesson, doubtful: float) -> NDArray[np.bool_]:
    """Rows (N,) whose label may be right: all but those of pen characters to whose label less than `doubtful`
    of the probability (N, 10) goes, as a mean over a character's drawings.
    """
    written = np.flatnonzero(lesson.character >= 0)
    kept = np.ones(len(lesson.labels), np.bool_)
    if len(written):
        who = lesson.character[written]
        of_label = probabilities[written, lesson.labels[written]]
        means = np.bincount(who, of_label) / np.bincount(who)
        kept[written] = means[who] >= doubtful
    return kept


def kept_teacher(
    teacher: Teacher, lesson: Lesson, key: str, cache: Cache, train: Callable[[], Taught]
) -> Taught:
    """The teacher that the cache has for `key`; where it has none, the one that `train` gives is kept."""
    path = cache.path("teacher", f"{key} {teacher}", ".weights.h5")
    if path is None:
        return train()
    figures = path.with_suffix(".json")
    if path.is_file() and figures.is_file():
        model = architecture.build(teacher.architecture)
        model.load_weights(path)
        found = json.loads(figures.read_text(encoding="utf-8"))
        kept = np.ones(len(lesson.labels), np.bool_)
        kept[found["left_out"]] = False
        return Taught(model, found["history"], kept)
    taught = train()
    taught.model.save_weights(path)
    left_out = np.flatnonzero(~taught.kept).tolist()
    figures.write_text(json.dumps({"history": taught.history, "left_out": left_out}), encoding="utf-8")
    return taught


def taught_targets(
    model: Any,
    copies: list[NDArray[np.uint8]],
    labels: NDArray[np.uint8],
    temperature: float,
    progress: ProgressCallback,
) -> list[NDArray[np.float32]]:
    """What the teacher answers to each copy, float32 (N, 10); for a sign that is no digit, ten zeros."""
    answer = answers_at(model, temperature)
    targets = []
    for number, copy in enumerate(copies):
        targets.append(answer(copy))
        targets[-1][labels == NO_DIGIT] = 0.0
        progress(TrainingProgress("teaching", number + 1, len(copies), 1.0))
    return targets


def answers_at(model: Any, temperature: float) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """A function from images uint8 (N, 28, 28) to a model's probabilities at `temperature`, float32 (N, 10).

    The model answers probabilities p at temperature 1; softmax(log(p) / T) are the same at temperature T.
    """
    ops = import_keras().ops
    answer = answering(
        lambda batch: ops.softmax(ops.log(ops.maximum(model(batch, training=False), 1e-12)) / temperature)
    )

    def answers(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        found = np.empty((len(images), CLASSES), np.float32)
        for start in range(0, len(images), LABEL_BATCH):
            part = slice(start, start + LABEL_BATCH)
            found[part] = answer(as_input(images[part]))
        return found

    return answers


def distillation_loss(temperature: float) -> Callable[[Any, Any], Any]:
    """Cross-entropy between softened targets (N, 10) and logits (N, 10), a number per row.

    "No digit" is the eleventh class: its logit is 0, its target what the ten targets leave of 1. The factor
    T**2 keeps the gradient's size independent of T, as the paper says.
    """
    ops = import_keras().ops

    def loss(targets: Any, logits: Any) -> Any:
        softened = logits / temperature
        everything = ops.concatenate([softened, ops.zeros_like(softened[:, :1])], axis=-1)
        return temperature**2 * (ops.logsumexp(everything, axis=-1) - ops.sum(targets * softened, axis=-1))

    return loss
