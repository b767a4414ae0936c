"""Models of every kind, saved once in every format that Keras 2 and Keras 3 write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.floats.runtime import import_keras
from tests.importing.kinds import KINDS, before_the_end, filled

GENERATIONS = ("keras2", "keras3")
SUFFIXES = ("keras", "h5")


@dataclass(frozen=True)
class Saved:
    """A model in its files, and what Keras itself answers for `pictures` as p/255: its logits."""

    folder: Path
    pictures: np.ndarray
    logits: dict[tuple[str, str], np.ndarray]

    def file(self, generation: str, kind: str, suffix: str) -> Path:
        return self.folder / f"{generation}-{kind}.{suffix}"


@pytest.fixture(scope="session")
def keras() -> Any:
    """Keras 3, as the program uses it."""
    return import_keras()


@pytest.fixture(scope="session")
def keras2(keras: Any) -> Any:
    """Keras 2, which wrote most of the files that people have."""
    return pytest.importorskip("tf_keras")


@pytest.fixture(scope="session")
def saved(keras: Any, keras2: Any, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    folder = tmp_path_factory.mktemp("models")
    pictures = np.random.default_rng(2).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    found = Saved(folder, pictures, {})
    for generation, module in zip(GENERATIONS, (keras2, keras), strict=True):
        for name, build in KINDS.items():
            model = filled(build(module))
            given = (pictures / 255.0).astype(np.float32).reshape(len(pictures), *model.input_shape[1:])
            answers = np.asarray(model(given, training=False))
            found.logits[generation, name] = before_the_end(answers, model)
            for suffix in SUFFIXES:
                model.save(found.file(generation, name, suffix))
    return found
