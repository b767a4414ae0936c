"""The recipes, as plain data, and the one function that follows them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import DataError
from app.floats.judge import FloatJudge, Floats, dense_weights
from app.floats.runtime import import_for_training, import_keras
from app.picture import CLASSES
from app.training import architecture
from app.training.augment import Augmentation, augment
from app.training.data import Mnist
from app.training.distil import Teacher, distillation_loss, soft_targets, train_teacher
from app.training.fitting import (
    EpochData,
    ProgressCallback,
    TrainingProgress,
    cosine_schedule,
    fit,
    no_progress,
)
from app.training.quantised import QuantisedRecipe

Images = NDArray[np.uint8]
AUGMENTING_THREADS = 2


@dataclass(frozen=True)
class Recipe:
    """How a model is trained: everything that shapes the result, apart from the data and the seed."""

    name: str
    summary: str
    architecture: str = architecture.DEFAULT
    epochs: int = 50
    batch: int = 469
    optimizer: str = "RMSprop"
    learning_rate: float = 1e-3
    weight_decay: float | None = None  # per step, times the learning rate
    cosine: bool = False  # let the learning rate follow a cosine down to zero
    validation: float = 0.1  # share of the training images, the last ones, kept out of the fitting
    augmentation: Augmentation | None = None
    copies: int = 1  # augmented copies of the training set, used in turn, one per epoch
    teacher: Teacher | None = None
    fewest_inked: int = 0  # pixels inked in fewer training images than this get no weights
    lane_bits: int | None = None  # lanes in Script that the first layer's sums shall fit
    quantised: QuantisedRecipe | None = None  # how its few-bit integers are trained, where it has such


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="handwriting",
            summary="what ships: augmented images, taught by a convolutional model, for narrow lanes",
            epochs=200,
            batch=128,
            optimizer="AdamW",
            learning_rate=4e-3,
            weight_decay=0.05,
            cosine=True,
            validation=0.05,
            augmentation=Augmentation(),
            copies=16,
            teacher=Teacher(),
            fewest_inked=13,
            lane_bits=36,
        ),
        Recipe(name="source", summary="the source's own: RMSprop, 50 epochs, batches of 469, MNIST as it is"),
        Recipe(
            name="compact",
            summary="weights of 4 and 6 bits on 2x2 means, trained as such and taught like handwriting",
            architecture="compact",
            epochs=300,
            batch=256,
            optimizer="Adam",
            learning_rate=4e-3,
            cosine=True,
            validation=0.05,
            augmentation=Augmentation(),
            copies=12,
            teacher=Teacher(epochs=8),
        ),
        Recipe(
            name="mlp",
            summary="the second source's own: Adam, 10 epochs, batches of 32, MNIST as it is",
            architecture="784-128-256-512-10",
            epochs=10,
            batch=32,
            optimizer="Adam",
            validation=0.0,
        ),
        Recipe(
            name="cnn",
            summary="a full convolutional model: Adam, 5 epochs, a quarter of MNIST held out",
            architecture="cnn",
            epochs=5,
            batch=32,
            optimizer="Adam",
            validation=0.25,
            quantised=QuantisedRecipe(),
        ),
    )
}
DEFAULT = "handwriting"


@dataclass(frozen=True)
class Training:
    """A trained model and what is known about it.

    `history` holds train_loss, train_accuracy, val_loss and val_accuracy after each epoch, measured on the
    images as they are, not augmented. `confusion[i, j]` counts test images of digit i that were read as j.
    """

    model: Any
    recipe: Recipe
    seed: int
    epochs: int
    history: dict[str, list[float]]
    test_accuracy: float
    confusion: NDArray[np.int64]
    teacher_accuracy: float | None
    seconds: float


def train(
    recipe: Recipe,
    data: Mnist,
    *,
    seed: int = 1,
    epochs: int | None = None,
    progress: ProgressCallback = no_progress,
) -> Training:
    """Train by `recipe`, for `epochs` instead of the recipe's own number if given.

    The test images are looked at once, at the end. The same seed gives the same model, on one machine with
    one set of library versions. DataError if `epochs` is less than 1.
    """
    started = time.perf_counter()
    epochs = recipe.epochs if epochs is None else epochs
    if epochs < 1:
        raise DataError("Training takes at least one epoch.", hint="Give --epochs a number from 1.")
    import_for_training(seed)
    augmenting, teaching, fitting = np.random.SeedSequence(seed).spawn(3)

    fitted = len(data.x_train) - int(len(data.x_train) * recipe.validation)
    images, labels = data.x_train[:fitted], data.y_train[:fitted]
    copies = _augmented_copies(images, recipe, min(recipe.copies, epochs), augmenting, progress)
    targets = [np.eye(CLASSES, dtype=np.float32)[labels]] * len(copies)
    loss: Any = "categorical_crossentropy"
    teacher_accuracy = None
    if recipe.teacher is not None:
        rng = np.random.default_rng(teaching)
        teacher = train_teacher(
            recipe.teacher, _in_turn(copies, targets), len(images), rng=rng, progress=progress
        )
        teacher_accuracy = _teacher_accuracy(teacher, data)
        targets = _teach(teacher, copies, recipe.teacher.temperature, progress)
        loss = distillation_loss(recipe.teacher.temperature)

    used = architecture.used_pixels(data.x_train, recipe.fewest_inked)
    for copy in copies:
        copy.reshape(len(copy), -1)[:, ~used] = 0
    model = _compiled(recipe, loss, used, steps=epochs * -(-fitted // recipe.batch))
    judge = FloatJudge(model)
    history: dict[str, list[float]] = {}

    def measure() -> dict[str, float]:
        figures = _figures("train", judge, images, labels)
        figures |= _figures("val", judge, data.x_train[fitted:], data.y_train[fitted:])
        for key, value in figures.items():
            history.setdefault(key, []).append(value)
        return figures

    fit(
        model,
        _in_turn(copies, targets),
        stage="model",
        epochs=epochs,
        batch=recipe.batch,
        rng=np.random.default_rng(fitting),
        progress=progress,
        after_epoch=measure,
    )
    model = _finished(model, recipe)
    confusion = confusion_matrix(FloatJudge(model), data.x_test, data.y_test)
    return Training(
        model=model,
        recipe=recipe,
        seed=seed,
        epochs=epochs,
        history=history,
        test_accuracy=float(np.trace(confusion) / confusion.sum()),
        confusion=confusion,
        teacher_accuracy=teacher_accuracy,
        seconds=time.perf_counter() - started,
    )


def confusion_matrix(judge: FloatJudge, images: Images, labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Counts int64 (10, 10): row the digit written, column the digit read."""
    counts = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(counts, (labels, judge.read_batch(images).argmax(axis=1)), 1)
    return counts


def _augmented_copies(
    images: Images, recipe: Recipe, count: int, seed: np.random.SeedSequence, progress: ProgressCallback
) -> list[Images]:
    """`count` augmented copies of the training images, each from a seed of its own, on any thread."""
    settings = recipe.augmentation
    if settings is None:
        return [images.copy()]
    generators = [np.random.default_rng(child) for child in seed.spawn(count)]
    copies = []
    with ThreadPoolExecutor(AUGMENTING_THREADS) as threads:
        for copy in threads.map(lambda rng: augment(images, settings, rng), generators):
            copies.append(copy)
            progress(TrainingProgress("augmenting", len(copies), count, 1.0))
    return copies


def _teach(
    teacher: Any, copies: list[Images], temperature: float, progress: ProgressCallback
) -> list[Floats]:
    targets = []
    for copy in copies:
        targets.append(soft_targets(teacher, copy, temperature))
        progress(TrainingProgress("teaching", len(targets), len(copies), 1.0))
    return targets


def _teacher_accuracy(teacher: Any, data: Mnist) -> float:
    read = soft_targets(teacher, data.x_test, 1.0).argmax(axis=1)
    return float((read == data.y_test).mean())


def _in_turn(copies: list[Images], targets: list[Floats]) -> EpochData:
    return lambda epoch: (copies[epoch % len(copies)], targets[epoch % len(copies)])


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
