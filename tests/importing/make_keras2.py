"""Write `tests/data/keras2` with Keras 2 itself: `python -m tests.importing.make_keras2`.

It needs `pip install --no-deps tf-keras` (tried: 2.21.0), which is no dependency of the tests: it asks for a
TensorFlow beside the one that is installed. Of each kind there is a model with random weights, as `.h5` and
as `.keras`, and `answers.npz` holds what Keras 2 answers for `pictures()`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from app.floats.runtime import import_keras
from tests.importing.kinds import KINDS, filled

FOLDER = Path(__file__).resolve().parents[1] / "data" / "keras2"
SUFFIXES = ("keras", "h5")


def pictures() -> np.ndarray:
    """Noise, uint8 (5, 28, 28): the same every time."""
    return np.random.default_rng(2).integers(0, 256, (5, 28, 28), dtype=np.uint8)


def answers_of(model: Any) -> np.ndarray:
    """What a Keras model answers for the pictures as p/255."""
    given = (pictures() / 255.0).astype(np.float32).reshape(5, *model.input_shape[1:])
    return np.asarray(model(given, training=False))


def main() -> None:
    """Make, save and ask every kind."""
    import_keras()  # sets the log level before TensorFlow is imported
    import tf_keras

    FOLDER.mkdir(parents=True, exist_ok=True)
    answers = {}
    for name, build in KINDS.items():
        model = filled(build(tf_keras))
        answers[name] = answers_of(model)
        for suffix in SUFFIXES:
            model.save(FOLDER / f"{name}.{suffix}")
    np.savez_compressed(FOLDER / "answers.npz", **answers)


if __name__ == "__main__":
    main()
