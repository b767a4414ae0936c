from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def mnist_digits() -> np.ndarray:
    """The first 1,000 MNIST test pictures, (1000, 28, 28) uint8; skipped where MNIST is not available."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data" / "mnist.npz"
    for path in (
        Path(os.environ.get("INKPROOF_MNIST", "")),
        beside,
        Path.home() / ".keras" / "datasets" / "mnist.npz",
    ):
        if path.is_file():
            with np.load(path) as data:
                return data["x_test"][:1000]
    pytest.skip("MNIST is not on this machine: name a mnist.npz in INKPROOF_MNIST")
