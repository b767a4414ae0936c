"""What a recipe learns from: MNIST and, where there are pen files, real pens, all as 28x28 pictures.

Signs that are no digit are learned from too: a teacher shall say of them that all ten digits are alike, and a
model that it teaches that none of the ten is there.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.floats.judge import Floats
from app.picture import CLASSES, SIDE
from app.training.augment import Augmentation, augment
from app.training.cache import Cache
from app.training.data import Mnist
from app.training.fitting import ProgressCallback, TrainingProgress
from app.training.pens import PenSet, chosen, joined, load_pens
from app.training.penwork import AS_WRITTEN, Hand, Images, draw

NO_DIGIT = CLASSES
"""The label of a sign that is no digit."""
KINDS = ("pens", "signs")
DRAWING_SEED = 7
"""Drawings are part of the data: they are the same whatever the seed of the training."""
USUAL = Hand()
AFTER_DRAWING = Augmentation(untouched=0.2, rotation=12.0, aspect=0.2, shear=0.2, size=0.06, bend=1.2)
"""Less than what MNIST's pictures get: the strokes have been slanted and stretched before."""


@dataclass(frozen=True)
class PenRecipe:
    """How pen strokes become pictures.

    Every character is drawn `drawings` times; a copy of the training set holds `together` of its drawings,
    which `augmentation` deforms once more.
    """

    hand: Hand = USUAL
    drawings: int = 2
    together: int = 2
    augmentation: Augmentation = AFTER_DRAWING


@dataclass(frozen=True, eq=False)
class Corpus:
    """All data there is: MNIST, and sets of digits and of other signs written with pens."""

    mnist: Mnist
    digits: PenSet | None = None
    others: PenSet | None = None

    @property
    def lacking(self) -> str:
        """What is missing, in a sentence; empty if nothing is."""
        if self.digits is None:
            return (
                "Without pen files (--pens) the model learns MNIST's digits alone, "
                "and reads pens and mice less well."
            )
        if self.others is None:
            return "Without signs that are no digits (--others) the model learns no doubt."
        return ""

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, hexadecimal."""
        digest = hashlib.sha256()
        arrays: list[NDArray[Any]] = [self.mnist.x_train, self.mnist.y_train]
        for pens in (self.digits, self.others):
            if pens is not None:
                arrays += [pens.labels, pens.writer, pens.source, pens.digit_start, pens.stroke_start]
                arrays.append(pens.points)
        for array in arrays:
            digest.update(f"{array.dtype} {array.shape};".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def load_corpus(mnist: Mnist, pens: Iterable[Path] = (), others: Iterable[Path] = ()) -> Corpus:
    """MNIST with the pen files beside it. DataError if one of these is not what it should be."""
    digits = [load_pens(path, digits=True) for path in pens]
    signs = [load_pens(path, digits=False) for path in others]
    return Corpus(mnist, joined(digits) if digits else None, joined(signs) if signs else None)


@dataclass(frozen=True, eq=False)
class Lesson:
    """Augmented copies of the training pictures, used in turn, one per epoch.

    Row i of every copy (N, 28, 28), and of `plain`, which is not augmented, shows the same character:
    `labels` uint8 (N,), 0 to 9 or NO_DIGIT; `character` int64 (N,), which pen character it is (-1: MNIST's,
    or a sign), since a copy holds several drawings of each.
    """

    copies: list[Images]
    plain: Images
    labels: NDArray[np.uint8]
    character: NDArray[np.int64]

    def rows_of(self, epoch: int, kept: NDArray[np.int64], signs: int) -> NDArray[np.int64]:
        """The rows of `kept` that an epoch learns: all digits, and of the signs one in `signs`, in turn."""
        if signs == 1:
            return kept
        return kept[(self.labels[kept] != NO_DIGIT) | ((kept + epoch) % signs == 0)]

    def targets(self) -> Floats:
        """What is to be answered, float32 (N, 10): one digit, or all ten alike."""
        return one_hot(self.labels)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What is kept out of training, as written: MNIST's last training images, and pens of other writers."""

    mnist: Images
    mnist_labels: NDArray[np.uint8]
    pens: Images
    pen_labels: NDArray[np.uint8]
    signs: Images


def one_hot(labels: NDArray[np.uint8]) -> Floats:
    """Targets float32 (N, 10) of labels (N,): a one, or a tenth everywhere for NO_DIGIT."""
    rows = np.concatenate([np.eye(CLASSES), np.full((1, CLASSES), 1 / CLASSES)]).astype(np.float32)
    targets: Floats = rows[labels]
    return targets


def held_out(corpus: Corpus, validation: float, cache: Cache) -> HeldOut:
    """What training by a recipe with this share of `validation` never sees."""
    fitted = _fitted(corpus.mnist, validation)
    pens, signs = (
        None if found is None else chosen(found, found.held_out()) for found in (corpus.digits, corpus.others)
    )
    return HeldOut(
        corpus.mnist.x_train[fitted:],
        corpus.mnist.y_train[fitted:],
        _as_written(pens, "held-out-pens", corpus, cache),
        np.zeros(0, np.uint8) if pens is None else pens.labels,
        _as_written(signs, "held-out-signs", corpus, cache),
    )


def lesson(
    corpus: Corpus,
    *,
    validation: float,
    augmentation: Augmentation | None,
    pens: PenRecipe | None,
    copies: int,
    seed: np.random.SeedSequence,
    cache: Cache,
    progress: ProgressCallback,
) -> Lesson:
    """`copies` copies of all that is not held out, deformed by `augmentation` if there is one."""
    fitted = _fitted(corpus.mnist, validation)
    images, labels = corpus.mnist.x_train[:fitted], corpus.mnist.y_train[:fitted]
    if augmentation is None:
        return Lesson([images.copy()], images, labels, np.full(fitted, -1))
    sets = [(images, augmentation)]
    parts: list[list[tuple[Images, Augmentation]]] = [list(sets) for _ in range(copies)]
    all_labels, characters = [labels], [np.full(fitted, -1)]
    if pens is not None and corpus.digits is not None:
        digits = chosen(corpus.digits, ~corpus.digits.held_out())
        signs = None if corpus.others is None else chosen(corpus.others, ~corpus.others.held_out())
        drawn = _drawings(digits, "pens", corpus, pens, cache, progress)
        for copy, part in enumerate(parts):
            for turn in range(pens.together):
                # Each pair of drawings meets in one copy before one meets again.
                which = (copy + turn * (1 + copy // pens.drawings)) % pens.drawings
                part.append((drawn[which], pens.augmentation))
        all_labels += [digits.labels] * pens.together
        characters += [np.arange(len(digits))] * pens.together
        if signs is not None:
            drawn = _drawings(signs, "signs", corpus, pens, cache, progress)
            for copy, part in enumerate(parts):
                part.append((drawn[copy % pens.drawings], pens.augmentation))
            all_labels.append(np.full(len(signs), NO_DIGIT, np.uint8))
            characters.append(np.full(len(signs), -1))
    made = _deformed(parts, seed, progress)
    plain = np.concatenate([pictures for pictures, _ in parts[0]])
    return Lesson(made, plain, np.concatenate(all_labels), np.concatenate(characters))


def _deformed(
    parts: list[list[tuple[Images, Augmentation]]], seed: np.random.SeedSequence, progress: ProgressCallback
) -> list[Images]:
    """The copies, each part of each deformed from a seed of its own, on any thread."""

    def one(work: tuple[list[tuple[Images, Augmentation]], np.random.SeedSequence]) -> Images:
        part, own = work
        seeds = own.spawn(len(part))
        return np.concatenate(
            [
                augment(images, settings, np.random.default_rng(child))
                for (images, settings), child in zip(part, seeds, strict=True)
            ]
        )

    copies = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for copy in threads.map(one, zip(parts, seed.spawn(len(parts)), strict=True)):
            copies.append(copy)
            progress(TrainingProgress("augmenting", len(copies), len(parts), 1.0))
    return copies


def _drawings(
    pens: PenSet,
    name: str,
    corpus: Corpus,
    recipe: PenRecipe,
    cache: Cache,
    progress: ProgressCallback,
) -> list[Images]:
    drawn = []
    for number in range(recipe.drawings):
        seed = np.random.SeedSequence(DRAWING_SEED, spawn_key=(number, KINDS.index(name)))
        key = f"{corpus.digest} {recipe.hand} {seed.entropy} {seed.spawn_key}"
        drawn.append(cache.images(name, key, functools.partial(draw, pens, recipe.hand, seed)))
        progress(TrainingProgress(f"drawing {name}", number + 1, recipe.drawings, 1.0))
    return drawn


def _as_written(pens: PenSet | None, name: str, corpus: Corpus, cache: Cache) -> Images:
    if pens is None or not len(pens):
        return np.zeros((0, SIDE, SIDE), np.uint8)
    return cache.images(name, corpus.digest, lambda: draw(pens, AS_WRITTEN, np.random.SeedSequence(0)))


def _fitted(mnist: Mnist, validation: float) -> int:
    return len(mnist.x_train) - int(len(mnist.x_train) * validation)
