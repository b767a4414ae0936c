"""Models of few-bit weights are trained as the integers that they become."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.fixedpoint import Pool, few_bit_model
from app.floats.judge import FloatJudge
from app.picture import SIDE
from app.training import architecture, report
from app.training.augment import Augmentation
from app.training.corpus import Corpus
from app.training.data import Mnist
from app.training.distil import Teacher
from app.training.fewbit import few_bit_weights
from app.training.recipes import RECIPES
from app.training.train import Training, train

SMALL = replace(
    RECIPES["compact"],
    epochs=6,
    batch=32,
    copies=2,
    augmentation=Augmentation(untouched=0.5),
    teacher=Teacher(epochs=2, batch=32),
)


@pytest.fixture(scope="module")
def training(strokes: Mnist) -> Training:
    return train(SMALL, Corpus(strokes), seed=3)


def test_it_learns_and_its_seed_decides_the_integers(training: Training, strokes: Mnist) -> None:
    assert training.test_accuracy > 0.6
    again = few_bit_weights(train(SMALL, Corpus(strokes), seed=3).model)
    for one, same in zip(few_bit_weights(training.model), again, strict=True):
        assert np.array_equal(one.codes, same.codes) and one.step == same.step


def test_the_weights_are_integers_of_so_many_bits(training: Training) -> None:
    hidden, digits = few_bit_weights(training.model)
    assert (hidden.codes.shape, hidden.bits) == ((144, architecture.COMPACT_HIDDEN[0]), 4)
    assert (digits.codes.shape[1], digits.bits) == (10, architecture.COMPACT_DIGITS_BITS)
    for layer in (hidden, digits):
        assert layer.codes.min() >= -(2 ** (layer.bits - 1)) and layer.codes.max() < 2 ** (layer.bits - 1)
        assert len(np.unique(layer.codes)) > 4


def test_the_integers_compute_what_was_trained(training: Training, strokes: Mnist) -> None:
    layers = [(layer.codes, layer.bias, layer.step, layer.bits) for layer in few_bit_weights(training.model)]
    model = few_bit_model(layers, Pool(SIDE, *architecture.COMPACT_POOL))
    floating = FloatJudge(training.model).read_batch(strokes.x_test)
    worth = np.prod([layer.step for layer in few_bit_weights(training.model)]) / (4 * 255)
    logits = model.logits(strokes.x_test).astype(np.float64) * worth
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert np.abs(shares / shares.sum(axis=1, keepdims=True) - floating).max() < 1e-3


def test_its_folder_holds_no_float_model(training: Training, tmp_path: Path) -> None:
    figures = report.write(training, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"confusion.png", "curves.png", "report.json"}
    assert figures["weights"]["bits"] == [4, 6]


def test_a_model_of_floats_has_no_few_bit_layers() -> None:
    assert few_bit_weights(architecture.build()) == []
