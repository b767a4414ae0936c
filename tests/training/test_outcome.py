"""What a training leaves behind: files that belong together, and a good model's files where it went wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.errors import BoundError
from app.fixedpoint import load, load_sureness, quantise, rounded_to_bits
from app.floats.judge import FloatJudge
from app.training import architecture
from app.training.corpus import Corpus
from app.training.data import Mnist
from app.training.outcome import leave
from app.training.recipes import RECIPES
from app.training.train import Training
from tests.training.pens import straight

pytestmark = pytest.mark.slow

FILES = ["confusion.png", "curves.png", "integers.npz", "model.keras", "report.json"]


@pytest.fixture(scope="module")
def training() -> Training:
    """A model that reads everything as a three, as if it had been trained."""
    model = architecture.build("784-64-10")
    hidden, (kernel, bias) = FloatJudge(model).weights()
    architecture.set_dense_weights(model, [hidden, (kernel * 0, np.eye(10, dtype=bias.dtype)[3])])
    figures = {"train_loss": [1.0], "train_accuracy": [0.1], "val_loss": [1.0], "val_accuracy": [0.1]}
    return Training(
        model=model,
        recipe=RECIPES["source"],
        seed=1,
        epochs=1,
        history=figures,
        test_accuracy=0.1,
        confusion=np.eye(10, dtype=np.int64),
        teacher_accuracy=None,
        pen_accuracy=None,
        left_out=0,
        seconds=1.0,
        epoch_data=lambda _epoch: pytest.fail("no integers are trained by this recipe"),
    )


def test_model_integers_and_report_are_of_the_same_weights(
    training: Training, strokes: Mnist, tmp_path: Path
) -> None:
    left = leave(training, Corpus(strokes), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
    assert load(tmp_path / "integers.npz").sha256 == left.integers.sha256
    weights = FloatJudge.load(tmp_path / "model.keras").weights()
    assert quantise(weights).sha256 == left.integers.sha256
    read = left.integers.classify(strokes.x_test)
    assert left.accuracy == left.figures["integer_test_accuracy"] == (read == strokes.y_test).mean()


def test_mlp_leaves_its_weights_in_8_bits_as_well(training: Training, strokes: Mnist, tmp_path: Path) -> None:
    leave(replace(training, recipe=RECIPES["mlp"]), Corpus(strokes), tmp_path)
    weights = FloatJudge.load(tmp_path / "model.keras").weights()
    assert load(tmp_path / "integers-8bit.npz").sha256 == rounded_to_bits(weights, 8).sha256


def test_with_pens_of_both_kinds_the_sureness_threshold_is_written(
    training: Training, strokes: Mnist, tmp_path: Path
) -> None:
    digits, signs = straight(160), straight(80, digits=False)
    left = leave(training, Corpus(strokes, digits, signs), tmp_path)
    sureness = load_sureness(tmp_path / "sureness.json", left.integers.sha256)
    assert sureness is not None and sureness.found["digits"] == digits.held_out().sum()
    # A threshold of an earlier model is not left beside one that has none.
    leave(training, Corpus(strokes), tmp_path)
    assert not (tmp_path / "sureness.json").exists()


def test_a_model_that_reads_no_digit_rightly_is_left_without_a_threshold(
    training: Training, strokes: Mnist, tmp_path: Path
) -> None:
    digits, signs = straight(160), straight(80, digits=False)
    without_threes = replace(digits, labels=(digits.labels % 3).astype(np.uint8))
    leave(training, Corpus(strokes, without_threes, signs), tmp_path)
    assert (tmp_path / "integers.npz").is_file()
    assert not (tmp_path / "sureness.json").exists()


def test_weights_that_cannot_be_integers_replace_nothing(
    training: Training, strokes: Mnist, tmp_path: Path
) -> None:
    leave(training, Corpus(strokes), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    broken = architecture.build("784-64-10")
    architecture.set_dense_weights(broken, [(k * np.nan, b) for k, b in FloatJudge(broken).weights()])
    with pytest.raises(BoundError):
        leave(replace(training, model=broken), Corpus(strokes), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
