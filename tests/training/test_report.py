from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.errors import InkproofError
from app.floats.judge import FloatJudge
from app.training import report
from app.training.corpus import Corpus
from app.training.data import Mnist
from app.training.recipes import RECIPES
from app.training.train import Training, train

FILES = ["confusion.png", "curves.png", "model.keras", "report.json"]


@pytest.fixture(scope="module")
def training(strokes: Mnist) -> Training:
    return train(RECIPES["source"], Corpus(strokes), seed=1, epochs=3)


@pytest.fixture(scope="module")
def folder(training: Training, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report that was written twice, the second time over the first."""
    folder = tmp_path_factory.mktemp("report") / "deep" / "new"
    for _ in range(2):
        report.write(training, folder)
    return folder


def test_the_folder_holds_the_four_files_and_nothing_else(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == FILES


def test_the_report_says_what_was_measured(training: Training, tmp_path: Path) -> None:
    returned = report.write(training, tmp_path)
    stored = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert stored == returned
    assert stored["recipe"] == "source" and stored["seed"] == 1 and stored["epochs"] == 3
    assert stored["test_accuracy"] == training.test_accuracy
    assert np.trace(stored["confusion"]) / 100 == training.test_accuracy
    assert stored["class_accuracy"][2] == training.confusion[2, 2] / 10
    assert len(stored["history"]["val_accuracy"]) == 3
    assert stored["weights"]["parameters"] == 50_890
    assert {"python", "keras", "tensorflow", "numpy"} <= set(stored["versions"])


def test_the_written_model_reads_as_the_trained_one(training: Training, folder: Path, strokes: Mnist) -> None:
    judge = FloatJudge.load(folder / "model.keras")
    assert (
        judge.read_batch(strokes.x_test).argmax(axis=1) == strokes.y_test
    ).mean() == training.test_accuracy


def test_the_pictures_are_pictures_with_something_on_them(folder: Path) -> None:
    for name in ("curves.png", "confusion.png"):
        with Image.open(folder / name) as picture:
            assert min(picture.size) > 500
            assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 50


def test_a_missing_matplotlib_says_how_to_get_it(
    training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_import = builtins.__import__

    def without_matplotlib(name: str, *rest: Any, **named: Any) -> Any:
        if name.split(".")[0] == "matplotlib":
            raise ImportError("No module named 'matplotlib'")
        return really_import(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_matplotlib)
    with pytest.raises(InkproofError) as caught:
        report.write(training, tmp_path)
    assert caught.value.hint == "pip install 'inkproof[train]'"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_says_so(training: Training, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InkproofError, match="cannot be written"):
        report.write(training, tmp_path / "file")
