from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import paths

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `script` in a fresh interpreter, since only the first import of TensorFlow can be watched."""
    inherited = {
        key: value for key, value in os.environ.items() if not key.startswith(("TF_", "KERAS_", "ABSL_"))
    }
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=inherited | environment,
        check=False,
    )


def test_the_judge_loads_and_reads_without_output_from_tensorflow() -> None:
    done = run(
        "import numpy as np\n"
        "from pathlib import Path\n"
        "from app.floats.judge import FloatJudge\n"
        f"judge = FloatJudge.load(Path({str(paths.model_folder() / 'model.keras')!r}))\n"
        "print(judge.read(np.zeros((28, 28), np.uint8)).digit in range(10))"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


@pytest.mark.exhaustive
def test_training_starts_silently_and_restores_stderr() -> None:
    done = run(
        "import sys\n"
        "from app.floats.runtime import import_for_training\n"
        "keras = import_for_training(1)\n"
        "print(keras.random.uniform(()) < 1, file=sys.stderr)"
    )
    assert done.returncode == 0 and done.stdout == ""
    assert done.stderr.endswith("True, shape=(), dtype=bool)\n") and done.stderr.count("\n") == 1


def imported_on(backend: str) -> subprocess.CompletedProcess[str]:
    """An import of Keras on that backend; what the error says is printed."""
    return run(
        "from app.errors import ModelError\n"
        "from app.floats.runtime import import_keras\n"
        "try:\n"
        "    import_keras()\n"
        "except ModelError as error:\n"
        "    print(error.what, error.hint)",
        KERAS_BACKEND=backend,
    )


@pytest.mark.parametrize("backend", ["torch", "nonsense"])
def test_another_backend_is_refused_with_words(backend: str) -> None:
    done = imported_on(backend)
    expected = f"KERAS_BACKEND asks for {backend!r}. Unset KERAS_BACKEND and start again.\n"
    assert (done.stdout, done.stderr) == (expected, "")


@pytest.mark.skipif(importlib.util.find_spec("jax") is not None, reason="JAX is installed")
def test_a_backend_that_is_not_installed_is_named() -> None:
    done = imported_on("jax")
    expected = (
        "The float model needs Keras on JAX, which cannot be imported. "
        "Install it (pip install jax), or unset KERAS_BACKEND.\n"
    )
    assert (done.stdout, done.stderr) == (expected, "")
