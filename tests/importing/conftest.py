"""Models of every kind in every format that Keras writes: Keras 2's are committed, Keras 3's are made
here."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.floats.runtime import import_keras
from tests.importing.kinds import KINDS, before_the_end, filled
from tests.importing.make_keras2 import FOLDER, SUFFIXES, answers_of, pictures

GENERATIONS = ("keras2", "keras3")


@dataclass(frozen=True)
class Saved:
    """Every model in its files, and what Keras itself answers for `pictures` as p/255: its logits."""

    folder: Path
    pictures: np.ndarray
    logits: dict[tuple[str, str], np.ndarray]

    def file(self, generation: str, kind: str, suffix: str) -> Path:
        return self.folder / generation / f"{kind}.{suffix}"


@pytest.fixture(scope="session")
def keras() -> Any:
    """Keras 3, as the program uses it."""
    return import_keras()


@pytest.fixture(scope="session")
def saved(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(FOLDER, folder / "keras2")
    (folder / "keras3").mkdir()
    found = Saved(folder, pictures(), {})
    with np.load(FOLDER / "answers.npz") as answers:
        for name, build in KINDS.items():
            model = filled(build(keras))
            found.logits["keras2", name] = before_the_end(answers[name], model)
            found.logits["keras3", name] = before_the_end(answers_of(model), model)
            for suffix in SUFFIXES:
                model.save(found.file("keras3", name, suffix))
    return found
