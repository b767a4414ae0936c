"""The one function that follows a recipe."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import DataError
from app.floats.judge import FloatJudge, Floats, dense_weights
from app.floats.runtime import import_for_training, import_keras
from app.training import architecture
from app.training.cache import Cache
from app.training.corpus import Corpus, Lesson, held_out, lesson
from app.training.distil import (
    Taught,
    distillation_loss,
    kept_teacher,
    taught_targets,
    train_teacher,
)
from app.training.figures import Measure, accuracy, confusion_matrix
from app.training.fitting import (
    EpochData,
    ProgressCallback,
    batches,
    compile_model,
    cosine_schedule,
    fit,
    no_progress,
)
from app.training.recipes import Recipe

Images = NDArray[np.uint8]
NO_CACHE = Cache()


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
    recipe = _for_epochs(recipe, epochs)
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
    measure = Measure(corpus, held_out(corpus, recipe.validation, cache))
    course = _Course(recipe, corpus, material, seed, measure, progress)
    taught = course.teacher(cache)
    data, loss = course.taught_data(taught)
    model, history = course.fitted(data, loss, fitting)
    test = corpus.mnist.x_test, corpus.mnist.y_test
    confusion = confusion_matrix(FloatJudge(model), *test)
    return Training(
        model=model,
        recipe=recipe,
        seed=seed,
        epochs=recipe.epochs,
        history=history,
        test_accuracy=float(np.trace(confusion) / confusion.sum()),
        confusion=confusion,
        teacher_accuracy=None if taught is None else accuracy(FloatJudge(taught.model), *test),
        pen_accuracy=measure.pens(model),
        left_out=0 if taught is None else int((~taught.kept).sum()),
        seconds=time.perf_counter() - started,
        epoch_data=data,
    )


def copy_of(epoch: int, copies: int, plain: int) -> int:
    """Which of `copies` copies an epoch takes: each in turn, and after every `plain` of them the number
    `copies`, which stands for the pictures as they are; 0: never those.
    """
    if not plain:
        return epoch % copies
    turn, place = divmod(epoch, plain + 1)
    return copies if place == plain else (turn * plain + place) % copies


def _for_epochs(recipe: Recipe, epochs: int | None) -> Recipe:
    """The recipe with another number of epochs, if one is given. DataError if it is less than 1."""
    if epochs is None:
        return recipe
    if epochs < 1:
        raise DataError("Training takes at least one epoch.", hint="Give --epochs a number from 1.")
    return replace(recipe, epochs=epochs)


@dataclass(frozen=True)
class _Course:
    """One training by a recipe: what is learned, from which seed, and who measures it and gets progress."""

    recipe: Recipe
    corpus: Corpus
    material: Lesson
    seed: int
    measure: Measure
    progress: ProgressCallback

    def teacher(self, cache: Cache) -> Taught | None:
        """The recipe's teacher, if it has one: from the cache if it has been trained on the same before."""
        recipe, teacher = self.recipe, self.recipe.teacher
        if teacher is None:
            return None
        drawn = f"{recipe.validation} {recipe.augmentation} {recipe.pens} {recipe.copies}"

        def train_it() -> Taught:
            return train_teacher(
                teacher, self.material, seed=self.seed, measure=self.measure, progress=self.progress
            )

        key = f"{self.corpus.digest} {drawn} {self.seed}"
        return kept_teacher(teacher, self.material, key, cache, train_it)

    def taught_data(self, taught: Taught | None) -> tuple[EpochData, Any]:
        """What each epoch learns, and the loss that measures it: the labels, or a teacher's answers."""
        material, recipe = self.material, self.recipe
        pictures = [*material.copies, *([material.plain] if recipe.plain else [])]
        if taught is None:
            loss: Any = "categorical_crossentropy"
            targets, kept = [material.targets()] * len(pictures), np.arange(len(material.labels))
        else:
            targets = self._answers(taught, pictures)
            kept, loss = np.flatnonzero(taught.kept), distillation_loss(recipe.temperature)

        def data(epoch: int) -> tuple[Images, Floats, NDArray[np.int64]]:
            place = copy_of(epoch, len(material.copies), recipe.plain)
            return pictures[place], targets[place], material.rows_of(epoch, kept, recipe.signs)

        return data, loss

    def fitted(
        self, data: EpochData, loss: Any, shuffling: np.random.SeedSequence
    ) -> tuple[Any, dict[str, list[float]]]:
        """A model of the recipe's architecture that has learned `data`, and its figures after each epoch."""
        recipe, material = self.recipe, self.material
        import_for_training(self.seed)
        first = material.copies[0]
        used = architecture.used_pixels(first, math.ceil(recipe.rarest_inked * len(first)))
        for pictures in [*material.copies, *([material.plain] if recipe.plain else [])]:
            pictures.reshape(len(pictures), -1)[:, ~used] = 0
        model = _compiled(recipe, loss, used, steps=recipe.epochs * batches(len(data(0)[2]), recipe.batch))
        measured = architecture.build(recipe.architecture)
        history: dict[str, list[float]] = {}

        def after_epoch() -> dict[str, float]:
            measured.set_weights(model.get_weights())
            figures = self.measure(measured)
            for name, value in figures.items():
                history.setdefault(name, []).append(value)
            return figures

        fit(
            model,
            data,
            stage="model",
            epochs=recipe.epochs,
            batch=recipe.batch,
            rng=np.random.default_rng(shuffling),
            progress=self.progress,
            after_epoch=after_epoch,
            whole=recipe.teacher is not None,
        )
        return _finished(model, recipe), history

    def _answers(self, taught: Taught, pictures: list[Images]) -> list[Floats]:
        """What the teacher says of each copy of the pictures, float32 (N, 10)."""
        labels = self.material.labels
        return taught_targets(taught.model, pictures, labels, self.recipe.temperature, self.progress)


def _compiled(recipe: Recipe, loss: Any, used: NDArray[np.bool_], steps: int) -> Any:
    """A fresh model, ready to be fitted in `steps` steps.

    It starts without weights for unused pixels. Those are blank in all fitted images, so they get none later.
    """
    model = architecture.build(recipe.architecture)
    if recipe.teacher is not None:
        model = architecture.answering_logits(model)
    if not used.all():
        (kernel, bias), *rest = dense_weights(model)
        architecture.set_dense_weights(model, [(kernel * used[:, None], bias), *rest])
    rate = cosine_schedule(recipe.learning_rate, steps) if recipe.cosine else recipe.learning_rate
    optimizer = getattr(import_keras().optimizers, recipe.optimizer)(rate, weight_decay=recipe.weight_decay)
    compile_model(model, optimizer, loss)
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
