"""The one function that follows a recipe."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import DataError
from app.floats.judge import FloatJudge, Floats, dense_weights
from app.floats.runtime import import_for_training, import_keras
from app.picture import CLASSES
from app.training import architecture
from app.training.cache import Cache
from app.training.corpus import Corpus, HeldOut, Lesson, held_out, lesson
from app.training.distil import (
    Taught,
    Teacher,
    distillation_loss,
    kept_teacher,
    taught_targets,
    train_teacher,
)
from app.training.fitting import (
    EpochData,
    ProgressCallback,
    cosine_schedule,
    fit,
    no_progress,
)
from app.training.recipes import Recipe

Images = NDArray[np.uint8]
NO_CACHE = Cache()
SAMPLE = 5000  # training images that are read after every epoch


@dataclass(frozen=True)
class Training:
    """A trained model and what is known about it.

    `history` holds after each epoch train_loss, train_accuracy, val_loss and val_accuracy, measured on MNIST
    as it is, and where there are pens pen_accuracy, of the writers held out. `confusion[i, j]` counts
    test images of digit i that were read as j. `pen_accuracy`: of the held-out pens, None without any.
    `left_out`: rows of pens whose label the teacher did not believe. `epoch_data`: what few-bit integers are
    trained on.
    """

    model: Any
    recipe: Recipe
    seed: int
    epochs: int
    history: dict[str, list[float]]
    test_accuracy: float
    confusion: NDArray[np.int64]
    teacher_accuracy: float | None
    pen_accuracy: float | None
    left_out: int
    seconds: float
    epoch_data: EpochData


def train(
    recipe: Recipe,
    corpus: Corpus,
    *,
    seed: int = 1,
    epochs: int | None = None,
    cache: Cache = NO_CACHE,
    progress: ProgressCallback = no_progress,
) -> Training:
    """Train by `recipe`, for `epochs` instead of the recipe's own number if given.

    MNIST's test images are looked at once, at the end. The same seed gives the same model, on one machine
    with one set of library versions, with or without what `cache` has kept. DataError if `epochs` is less
    than 1.
    """
    started = time.perf_counter()
    if epochs is not None:
        if epochs < 1:
            raise DataError("Training takes at least one epoch.", hint="Give --epochs a number from 1.")
        recipe = replace(recipe, epochs=epochs)
    import_for_training(seed)
    preparing, fitting = np.random.SeedSequence(seed).spawn(2)
    material = lesson(
        corpus,
        validation=recipe.validation,
        augmentation=recipe.augmentation,
        pens=recipe.pens,
        copies=recipe.copies,
        seed=preparing,
        cache=cache,
        progress=progress,
    )
    measure = _Measure(corpus, held_out(corpus, recipe.validation, cache))
    taught = None
    if recipe.teacher is not None:
        taught = _teacher(recipe, recipe.teacher, corpus, material, seed, measure, cache, progress)
    data, loss = _taught_data(recipe, material, taught, progress)
    history: dict[str, list[float]] = {}
    model = _fitted(recipe, material, data, loss, seed, fitting, _recorded(measure, history), progress)
    model = _finished(model, recipe)
    if recipe.finishing and recipe.teacher is not None and taught is not None:
        model = finish(
            model, recipe, recipe.teacher, taught, material, seed=seed, measure=measure, progress=progress
        )
    confusion = confusion_matrix(FloatJudge(model), corpus.mnist.x_test, corpus.mnist.y_test)
    teacher_accuracy = None
    if taught is not None:
        teacher_accuracy = _accuracy(FloatJudge(taught.model), corpus.mnist.x_test, corpus.mnist.y_test)
    return Training(
        model=model,
        recipe=recipe,
        seed=seed,
        epochs=recipe.epochs,
        history=history,
        test_accuracy=float(np.trace(confusion) / confusion.sum()),
        confusion=confusion,
        teacher_accuracy=teacher_accuracy,
        pen_accuracy=measure.pens(model),
        left_out=0 if taught is None else int((~taught.kept).sum()),
        seconds=time.perf_counter() - started,
        epoch_data=data,
    )


def finish(
    model: Any,
    recipe: Recipe,
    teacher: Teacher,
    taught: Taught,
    material: Lesson,
    *,
    seed: int,
    measure: Callable[[Any], dict[str, float]] = lambda _: {},
    progress: ProgressCallback = no_progress,
) -> Any:
    """A dense model trained on, for `recipe.finishing` epochs, on the pictures as they are.

    A small model cannot hold all that augmentation asks for; what it is to read is not augmented.
    """
    import_for_training(seed)
    weights = dense_weights(model)
    used = np.asarray(weights[0][0].any(axis=1), np.bool_)
    plain = material.plain.copy()
    plain.reshape(len(plain), -1)[:, ~used] = 0
    (targets,) = taught_targets(
        taught.model, [material.plain], material.labels, teacher.temperature, progress
    )
    kept = np.flatnonzero(taught.kept)
    steps = recipe.finishing * -(-len(kept) // recipe.batch)
    gentle = replace(recipe, learning_rate=recipe.learning_rate / 4)
    further = _compiled(gentle, distillation_loss(teacher.temperature), used, steps)
    architecture.set_dense_weights(further, architecture.evened(weights))
    fit(
        further,
        lambda _: (plain, targets, kept),
        stage="finishing",
        epochs=recipe.finishing,
        batch=recipe.batch,
        rng=np.random.default_rng(seed),
        progress=progress,
        after_epoch=lambda: measure(further),
    )
    return _finished(further, recipe)


def confusion_matrix(judge: FloatJudge, images: Images, labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Counts int64 (10, 10): row the digit written, column the digit read."""
    counts = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(counts, (labels, judge.read_batch(images).argmax(axis=1)), 1)
    return counts


class _Measure:
    """The figures of a model after an epoch."""

    def __init__(self, corpus: Corpus, kept_out: HeldOut) -> None:
        fitted = len(corpus.mnist.x_train) - len(kept_out.mnist)
        # A sample says as much about learning by heart as all of them.
        self._images, self._labels = (
            corpus.mnist.x_train[:fitted][:SAMPLE],
            corpus.mnist.y_train[:fitted][:SAMPLE],
        )
        self._held_out = kept_out
        self._judge: tuple[Any, FloatJudge] | None = None

    def __call__(self, model: Any) -> dict[str, float]:
        # Setting a judge up takes a second; it is asked after every epoch.
        if self._judge is None or self._judge[0] is not model:
            self._judge = (model, FloatJudge(model))
        judge = self._judge[1]
        figures = _figures("train", judge, self._images, self._labels)
        figures |= _figures("val", judge, self._held_out.mnist, self._held_out.mnist_labels)
        if len(self._held_out.pens):
            figures["pen_accuracy"] = _accuracy(judge, self._held_out.pens, self._held_out.pen_labels)
        return figures

    def pens(self, model: Any) -> float | None:
        """The share of held-out pen digits that a model reads, if there are any."""
        if not len(self._held_out.pens):
            return None
        return _accuracy(FloatJudge(model), self._held_out.pens, self._held_out.pen_labels)


def _teacher(
    recipe: Recipe,
    teacher: Teacher,
    corpus: Corpus,
    material: Lesson,
    seed: int,
    measure: _Measure,
    cache: Cache,
    progress: ProgressCallback,
) -> Taught:
    """The recipe's teacher, from the cache if it has been trained on the same before."""
    key = f"{corpus.digest} {recipe.validation} {recipe.augmentation} {recipe.pens} {recipe.copies} {seed}"

    def train_it() -> Taught:
        return train_teacher(teacher, material, seed=seed, measure=measure, progress=progress)

    return kept_teacher(teacher, material, key, cache, train_it)


def _taught_data(
    recipe: Recipe, material: Lesson, taught: Taught | None, progress: ProgressCallback
) -> tuple[EpochData, Any]:
    """What each epoch learns, and the loss that measures it: the labels, or a teacher's answers."""
    pictures = [*material.copies, *([material.plain] if recipe.plain else [])]
    if recipe.teacher is None or taught is None:
        loss: Any = "categorical_crossentropy"
        targets, kept = [material.targets()] * len(pictures), np.arange(len(material.labels))
    else:
        temperature = recipe.teacher.temperature
        targets = taught_targets(taught.model, pictures, material.labels, temperature, progress)
        kept, loss = np.flatnonzero(taught.kept), distillation_loss(temperature)
    order = list(range(len(material.copies)))
    if recipe.plain:
        order = [place for copy in order for place in (copy, len(order))]

    def data(epoch: int) -> tuple[Images, Floats, NDArray[np.int64]]:
        place = order[epoch % len(order)]
        return pictures[place], targets[place], kept

    return data, loss


def _recorded(
    measure: Callable[[Any], dict[str, float]], history: dict[str, list[float]]
) -> Callable[[Any], dict[str, float]]:
    """`measure`, its figures also kept in `history`."""

    def measured(model: Any) -> dict[str, float]:
        figures = measure(model)
        for key, value in figures.items():
            history.setdefault(key, []).append(value)
        return figures

    return measured


def _fitted(
    recipe: Recipe,
    material: Lesson,
    data: EpochData,
    loss: Any,
    seed: int,
    fitting: np.random.SeedSequence,
    measure: Callable[[Any], dict[str, float]],
    progress: ProgressCallback,
) -> Any:
    """A model of the recipe's architecture that has learned `data`."""
    import_for_training(seed)
    first = material.copies[0]
    used = architecture.used_pixels(first, math.ceil(recipe.rarest_inked * len(first)))
    plain = [material.plain] if recipe.plain else []
    for copy in [*material.copies, *plain]:
        copy.reshape(len(copy), -1)[:, ~used] = 0
    model = _compiled(recipe, loss, used, steps=recipe.epochs * -(-len(data(0)[2]) // recipe.batch))
    fit(
        model,
        data,
        stage="model",
        epochs=recipe.epochs,
        batch=recipe.batch,
        rng=np.random.default_rng(fitting),
        progress=progress,
        after_epoch=lambda: measure(model),
    )
    return model


def _compiled(recipe: Recipe, loss: Any, used: NDArray[np.bool_], steps: int) -> Any:
    """A fresh model, ready to be fitted in `steps` steps.

    It starts without weights for unused pixels. Those are blank in all fitted images, so they get none later.
    """
    model = architecture.build(recipe.architecture)
    if not used.all():
        (kernel, bias), *rest = dense_weights(model)
        architecture.set_dense_weights(model, [(kernel * used[:, None], bias), *rest])
    rate = cosine_schedule(recipe.learning_rate, steps) if recipe.cosine else recipe.learning_rate
    optimizer = getattr(import_keras().optimizers, recipe.optimizer)(rate, weight_decay=recipe.weight_decay)
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    return model


def _finished(model: Any, recipe: Recipe) -> Any:
    """The trained weights, balanced for Script, in a model without optimizer or loss."""
    finished = architecture.build(recipe.architecture)
    finished.set_weights(model.get_weights())
    if recipe.lane_bits is not None:
        norm = architecture.largest_l1(recipe.lane_bits)
        balanced = architecture.balance(dense_weights(model), norm)
        architecture.set_dense_weights(finished, balanced)
    return finished


def _figures(name: str, judge: FloatJudge, images: Images, labels: NDArray[np.uint8]) -> dict[str, float]:
    if not len(images):
        return {}
    probabilities = judge.read_batch(images)
    right = probabilities[np.arange(len(labels)), labels]
    return {
        f"{name}_loss": float(-np.log(np.maximum(right, 1e-9)).mean()),
        f"{name}_accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
    }


def _accuracy(judge: FloatJudge, images: Images, labels: NDArray[np.uint8]) -> float:
    return float((judge.read_batch(images).argmax(axis=1) == labels).mean())
