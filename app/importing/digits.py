"""The digits that ship: 480 small pictures with their labels, to try imported models on.

They are the drawings of `tests/data/drawn.json`, made for this project by a program that imitates a hand, as
the judges see them. `python -m tools.digits` rewrites the file.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app import paths
from app.errors import DataError
from app.picture import CLASSES, SIDE

__all__ = ["Digits", "digits_file", "load_digits"]


@dataclass(frozen=True)
class Digits:
    """`images`: uint8 (N, 28, 28), 0 paper to 255 ink; `labels`: uint8 (N,), 0 to 9."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]


def digits_file() -> Path:
    """Where they are."""
    return paths.assets() / "digits.npz"


def load_digits(path: Path | None = None) -> Digits:
    """The digits that ship. DataError if the file is missing or damaged."""
    path = path or digits_file()
    try:
        with np.load(path, allow_pickle=False) as file:
            digits = Digits(file["images"], file["labels"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"The digits that ship cannot be read from {path}.", why=f"{error}.", hint="Reinstall Inkproof."
        ) from error
    count = len(digits.labels)
    if (
        digits.images.shape != (count, SIDE, SIDE)
        or {digits.images.dtype, digits.labels.dtype} != {np.dtype(np.uint8)}
        or not count
        or int(digits.labels.max()) >= CLASSES
    ):
        raise DataError(f"{path} does not hold labelled digits.", hint="Reinstall Inkproof.")
    return digits
