"""The float judge, rebuilt from what was read, answers what the file's own model answers."""

import numpy as np
import pytest

from app.fixedpoint.floating import logits
from app.fixedpoint.folded import (
    AveragePoolLayer,
    ConvLayer,
    DepthwiseLayer,
    FlattenLayer,
    FoldedModel,
    GlobalMaxLayer,
    MaxPoolLayer,
    PixelMeaning,
)
from app.floats.judge import FloatJudge
from app.importing.judge import build, save_judge
from app.importing.reading import read
from tests.importing.kinds import KINDS


def softmax(values):
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_saved_judge_answers_as_keras_did(saved, tmp_path, kind):
    folded = FoldedModel(read(saved.file("keras3", kind, "keras")).layers, PixelMeaning())
    save_judge(folded, tmp_path / "model.keras")
    judge = FloatJudge.load(tmp_path / "model.keras")
    wanted = softmax(saved.logits["keras3", kind])
    assert judge.read_batch(saved.pictures) == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("meaning", [PixelMeaning(), PixelMeaning(-2 / 255, 1.0), PixelMeaning(1.0, 0.0)])
def test_it_reads_pixels_by_their_meaning(keras, saved, meaning):
    """The judge takes p/255; what the file's first layer reads is scale * p + offset."""
    folded = FoldedModel(read(saved.file("keras3", "lenet", "keras")).layers, meaning)
    judge = build(folded, meaning)
    assert np.asarray(judge((saved.pictures / 255.0).astype(np.float32))) == pytest.approx(
        softmax(logits(folded, saved.pictures)), abs=1e-4
    )


def test_padding_that_keras_has_no_word_for_is_computed_all_the_same(keras, saved):
    """Uneven padding before a maximum of values below zero: the padding must never win."""
    random = np.random.default_rng(7)
    layers = [
        ConvLayer(random.normal(size=(3, 3, 1, 2)), np.full(2, -50.0), (1, 1), (2, 0, 0, 1)),
        MaxPoolLayer((3, 2), (2, 2), (2, 0, 1, 0)),
        DepthwiseLayer(random.normal(size=(3, 2, 2, 2)), random.normal(size=4), (2, 2), (0, 1, 1, 0)),
        AveragePoolLayer((2, 2), (2, 2), (0, 0, 0, 0)),
        MaxPoolLayer((3, 3), (2, 2), (1, 1, 1, 1)),
        FlattenLayer(),
    ]
    folded = FoldedModel(layers)
    assert np.asarray(build(folded)((saved.pictures / 255.0).astype(np.float32))) == pytest.approx(
        logits(folded, saved.pictures), rel=1e-4, abs=1e-4
    )
    glob = FoldedModel([*layers[:2], GlobalMaxLayer()])
    assert np.asarray(build(glob)((saved.pictures / 255.0).astype(np.float32))) == pytest.approx(
        logits(glob, saved.pictures), rel=1e-4
    )
