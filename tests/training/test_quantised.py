"""Training of few-bit integers: what is trained is what the integer engine computes, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.fixedpoint import IntegerModel, convolutional
from app.training import architecture
from app.training.corpus import Corpus, one_hot
from app.training.data import Mnist
from app.training.fitting import EpochData, TrainingProgress
from app.training.quantised import FewBits, QuantisedCnn, QuantisedRecipe, train_quantised
from app.training.recipes import RECIPES
from app.training.train import train

pytestmark = pytest.mark.slow

RECIPE = QuantisedRecipe(epochs=3, batch=25)


@pytest.fixture(scope="module")
def model(strokes: Mnist) -> Any:
    recipe = replace(RECIPES["cnn"], batch=32, augmentation=None, teacher=None)
    return train(recipe, Corpus(strokes), seed=1, epochs=3).model


def labelled(strokes: Mnist) -> EpochData:
    targets = one_hot(strokes.y_train)
    return lambda epoch: (strokes.x_train, targets, np.arange(len(targets)))


def engine(found: FewBits) -> IntegerModel:
    return convolutional(found.parameters, found.steps)


def test_the_recipe_is_the_third_source_s(model: Any) -> None:
    kinds = [type(layer).__name__ for layer in architecture.build("cnn").layers]
    assert kinds == [
        *("Reshape", "Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "Flatten", "Dropout", "Dense")
    ]
    assert [layer.kernel.shape[-1] for layer in model.layers if hasattr(layer, "kernel")] == [32, 64, 10]
    assert model.get_layer("dropout").rate == 0.25 and model.count_params() == 34_826


@pytest.mark.parametrize("recipe", [RECIPE, QuantisedRecipe((31, 15, 15), (31, 255), 24)], ids=["16", "24"])
def test_what_is_trained_is_what_the_engine_computes(
    model: Any, strokes: Mnist, recipe: QuantisedRecipe
) -> None:
    training = QuantisedCnn(model, strokes.x_train, recipe)
    logits = training.logits(strokes.x_test[..., None].astype(np.float32))
    model = engine(training.trained())
    exact = model.logits(strokes.x_test).astype(np.float64) / model.logit_range.denominator
    # Below 2**24 every integer is exact in float32; the one division at the end is rounded.
    assert np.allclose(logits, exact, rtol=1e-6, atol=0)


def test_the_trained_integers_are_within_their_bits_and_read_the_images(model: Any, strokes: Mnist) -> None:
    heard: list[TrainingProgress] = []
    found = train_quantised(model, labelled(strokes), RECIPE, temperature=1.0, seed=2, progress=heard.append)
    for (kernel, biases, _), limit in zip(found.parameters, RECIPE.weights, strict=True):
        assert kernel.dtype == biases.dtype == np.int64 and 0 < abs(kernel).max() <= limit
    assert [step[1] for step in found.steps] == list(RECIPE.ceilings)
    assert (engine(found).classify(strokes.x_test) == strokes.y_test).mean() > 0.8
    ended = [step for step in heard if step.fraction == 1.0]
    assert [step.epoch for step in ended] == [1, 2, 3]
    assert ended[-1].metrics["loss"] < ended[0].metrics["loss"]


@pytest.mark.exhaustive
def test_the_same_seed_gives_the_same_integers(model: Any, strokes: Mnist) -> None:
    short = replace(RECIPE, epochs=1)
    one, same, other = (
        engine(train_quantised(model, labelled(strokes), short, temperature=1.0, seed=seed)).sha256
        for seed in (3, 3, 4)
    )
    assert one == same != other


def test_sums_too_wide_for_their_lanes_cost_and_sums_that_fit_do_not(model: Any, strokes: Mnist) -> None:
    for bits, fits in ((12, False), (24, True)):
        training = QuantisedCnn(model, strokes.x_train, replace(RECIPE, lane_bits=bits))
        widest = max(proved.magnitude for proved in engine(training.trained()).ranges[1:-1])
        assert (widest < 2 ** (bits - 1)) is fits
        assert (float(training.excess()) == 0.0) is fits
