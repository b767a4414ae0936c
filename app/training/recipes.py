"""The recipes, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from app.training import architecture
from app.training.augment import Augmentation
from app.training.corpus import PenRecipe
from app.training.distil import Teacher
from app.training.quantised import QuantisedRecipe


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
    validation: float = 0.1  # share of MNIST's training images, the last ones, kept out of the fitting
    augmentation: Augmentation | None = None
    copies: int = 1  # augmented copies of the training set, used in turn, one per epoch
    pens: PenRecipe | None = None  # how pen files are learned from, where there are any
    teacher: Teacher | None = None
    temperature: float = 2.0  # how soft the teacher's answers are made
    plain: int = 0  # after so many epochs on copies, one on the pictures as they are; 0: none
    signs: int = 1  # of the signs that are no digit, one in so many is learned from in each epoch, in turn
    rarest_inked: float = 0.0  # pixels inked in a smaller share of the training pictures get no weights
    lane_bits: int | None = None  # lanes in Script that the first layer's sums shall fit
    quantised: QuantisedRecipe | None = None  # how its few-bit integers are trained, where it has such


VALIDATION = 0.05
COPIES = 6

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="handwriting",
            summary="what ships: MNIST and pens of many widths, taught by a convolutional model",
            epochs=160,
            batch=512,
            optimizer="AdamW",
            learning_rate=6e-3,
            weight_decay=0.0,
            cosine=True,
            validation=VALIDATION,
            augmentation=Augmentation(),
            copies=COPIES,
            pens=PenRecipe(),
            teacher=Teacher(),
            temperature=0.85,
            plain=1,
            signs=6,
            rarest_inked=0.008,
            lane_bits=36,
        ),
        Recipe(name="source", summary="the source's own: RMSprop, 50 epochs, batches of 469, MNIST as it is"),
        Recipe(
            name="compact",
            summary="a small convolutional model of 3-bit integers, taught like handwriting",
            architecture="compact",
            epochs=30,
            batch=256,
            optimizer="AdamW",
            learning_rate=4e-3,
            weight_decay=0.01,
            cosine=True,
            validation=VALIDATION,
            augmentation=Augmentation(),
            copies=COPIES,
            temperature=0.85,
            plain=1,
            signs=4,
            pens=PenRecipe(),
            teacher=Teacher(),
            quantised=QuantisedRecipe(weights=(7, 3, 3), epochs=60, learning_rate=2e-3, dropout=0.0),
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
            summary="a full convolutional model, and few-bit integers trained from it",
            architecture="cnn",
            epochs=24,
            batch=256,
            optimizer="AdamW",
            learning_rate=2e-3,
            weight_decay=0.01,
            cosine=True,
            validation=VALIDATION,
            augmentation=Augmentation(),
            copies=COPIES,
            pens=PenRecipe(),
            teacher=Teacher(),
            temperature=1.0,
            plain=1,
            signs=4,
            quantised=QuantisedRecipe(epochs=36, dropout=0.05),
        ),
    )
}
DEFAULT = "handwriting"
