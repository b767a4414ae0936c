"""What is promised of the models that ship with the program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import paths
from app.drawing import load_drawings, pictures_of
from app.floats.judge import FloatJudge
from app.training import architecture
from app.training.data import Mnist
from app.training.train import RECIPES


def stored_report(name: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(
        (paths.model_folder(name) / "report.json").read_text(encoding="utf-8")
    )
    return report


@pytest.mark.parametrize("name", ["handwriting", "source"])
def test_the_report_repeats_on_the_test_images(name: str, mnist: Mnist) -> None:
    judge = FloatJudge.load(paths.model_folder(name) / "model.keras")
    read = judge.read_batch(mnist.x_test).argmax(axis=1)
    assert (read == mnist.y_test).mean() == pytest.approx(stored_report(name)["test_accuracy"], abs=1e-9)


@pytest.mark.parametrize("name", ["handwriting", "source"])
def test_the_report_belongs_to_its_recipe(name: str) -> None:
    report, recipe = stored_report(name), RECIPES[name]
    assert report["recipe"] == name and report["epochs"] == recipe.epochs
    assert report["architecture"] == recipe.architecture == "784-64-10"


def test_the_shipped_model_reads_985_of_1000_test_images(mnist: Mnist, shipped: FloatJudge) -> None:
    assert (shipped.read_batch(mnist.x_test).argmax(axis=1) == mnist.y_test).mean() >= 0.985


def test_the_shipped_model_s_sums_fit_their_lanes(shipped: FloatJudge) -> None:
    lane_bits = RECIPES["handwriting"].lane_bits
    assert lane_bits is not None and lane_bits <= 40
    norms = architecture.l1_norms(*shipped.weights()[0])
    assert norms.max() <= architecture.largest_l1(lane_bits) * (1 + 1e-5)


def test_the_shipped_model_has_no_weights_where_nobody_draws(shipped: FloatJudge) -> None:
    kernel = shipped.weights()[0][0]
    zero_rows = (kernel == 0).all(axis=1)
    assert zero_rows.sum() >= 100
    assert zero_rows.sum() == stored_report("handwriting")["weights"]["zero_rows"]
    # The four corners of the picture are far from any digit.
    assert zero_rows.reshape(28, 28)[[0, 0, -1, -1], [0, -1, 0, -1]].all()


def test_no_pixel_with_weights_is_one_that_mnist_never_inks(mnist: Mnist, shipped: FloatJudge) -> None:
    never = ~architecture.used_pixels(mnist.x_train, 1)
    assert never.sum() == 67
    assert not np.any(shipped.weights()[0][0][never])


def test_the_shipped_model_reads_97_of_100_drawn_digits(shipped: FloatJudge) -> None:
    drawings = load_drawings(Path(__file__).resolve().parents[1] / "data" / "drawn.json")
    images, digits = pictures_of(drawings)
    assert len(digits) >= 300 and len(set(digits.tolist())) == 10
    assert (shipped.read_batch(images).argmax(axis=1) == digits).mean() >= 0.97
