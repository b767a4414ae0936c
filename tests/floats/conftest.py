"""What the tests of this room share: the shipped float model, loaded once."""

from __future__ import annotations

import pytest

from app import paths
from app.floats.judge import FloatJudge


@pytest.fixture(scope="session")
def shipped() -> FloatJudge:
    return FloatJudge.load(paths.model_folder() / "model.keras")
