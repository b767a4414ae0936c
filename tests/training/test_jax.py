"""Training on JAX, as on a GPU, in a process of its own; what it leaves is read on TensorFlow."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.fixedpoint import load
from app.floats.judge import FloatJudge
from app.training.data import Mnist
from app.training.outcome import INTEGERS
from app.training.report import MODEL, REPORT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed"),
]

ROOT = Path(__file__).resolve().parents[2]
TRAIN = """
import sys
from dataclasses import replace
from pathlib import Path
from app.training.corpus import Corpus
from app.training.data import load_mnist
from app.training.distil import Teacher
from app.training.outcome import leave
from app.training.quantised import QuantisedRecipe
from app.training.recipes import RECIPES
from app.training.train import train

corpus = Corpus(load_mnist(Path(sys.argv[1])))
recipe = replace(
    RECIPES["cnn"],
    batch=32,
    copies=2,
    teacher=Teacher("compact", epochs=8, batch=32),
    quantised=QuantisedRecipe(epochs=8, batch=32),
)
leave(train(recipe, corpus, epochs=8), corpus, Path(sys.argv[2]))
"""


def test_what_jax_trains_is_read_on_tensorflow(strokes: Mnist, tmp_path: Path) -> None:
    data, folder = tmp_path / "strokes.npz", tmp_path / "trained"
    np.savez(data, **{name: getattr(strokes, name) for name in ("x_train", "y_train", "x_test", "y_test")})
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, str(data), str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": "jax"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    assert "jax" in report["versions"] and report["test_accuracy"] > 0.6
    floats = FloatJudge.load(folder / MODEL).read_batch(strokes.x_test).argmax(axis=1)
    integers = load(folder / INTEGERS).classify(strokes.x_test)
    assert (floats == strokes.y_test).mean() == report["test_accuracy"]
    assert (integers == strokes.y_test).mean() == report["integer_test_accuracy"] > 0.6
