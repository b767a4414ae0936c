"""MNIST: from a file in Keras's own layout, or from Keras's download."""

from __future__ import annotations

import contextlib
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import DataError
from app.floats.runtime import import_keras
from app.picture import CLASSES, SIDE

KEYS = ("x_train", "y_train", "x_test", "y_test")
# MNIST unpacks to 55 MB. A file that claims ten times that is not MNIST, and may be an attempt to exhaust
# memory.
LARGEST_UNPACKED = 550_000_000


@dataclass(frozen=True)
class Mnist:
    """Images uint8 (N, 28, 28), 0 paper to 255 ink, and labels uint8 (N,) from 0 to 9."""

    x_train: NDArray[np.uint8]
    y_train: NDArray[np.uint8]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.uint8]


def load_mnist(path: Path | None = None) -> Mnist:
    """MNIST from an `mnist.npz` in Keras's layout, or without a path from Keras's cache or download.

    DataError if the file is missing or is not such a data set, or if the download fails.
    """
    arrays = _download() if path is None else _read(path)
    name = "The downloaded MNIST" if path is None else f"The data set {path}"
    for split in ("train", "test"):
        _check_images(name, f"x_{split}", arrays[f"x_{split}"])
        _check_labels(name, f"y_{split}", arrays[f"y_{split}"], len(arrays[f"x_{split}"]))
    return Mnist(
        x_train=np.ascontiguousarray(arrays["x_train"]),
        y_train=arrays["y_train"].astype(np.uint8),
        x_test=np.ascontiguousarray(arrays["x_test"]),
        y_test=arrays["y_test"].astype(np.uint8),
    )


def _read(path: Path) -> dict[str, NDArray[np.generic]]:
    if not path.is_file():
        raise DataError(
            f"There is no data set at {path}.",
            hint="Give an mnist.npz with --data FILE, or leave --data out to download MNIST.",
        )
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > LARGEST_UNPACKED:
            raise _refusal(f"The data set {path}", f"It unpacks to {unpacked:,} bytes; MNIST has 55 million")
        with np.load(path, allow_pickle=False) as stored:
            missing = [key for key in KEYS if key not in stored.files]
            if missing:
                raise _refusal(f"The data set {path}", f"It has no {', '.join(missing)}")
            return {key: stored[key] for key in KEYS}
    except DataError:
        raise
    # A damaged file can fail anywhere in zip, zlib or NumPy; it means the same to the person.
    except Exception as error:
        raise DataError(
            f"The data set {path} cannot be read.",
            why=f"{type(error).__name__}: {error}.",
            hint="It must be Keras's mnist.npz: a NumPy archive with x_train, y_train, x_test, y_test.",
        ) from error


def _download() -> dict[str, NDArray[np.generic]]:
    keras = import_keras()
    try:
        # It prints how far it is, and standard output is for results.
        with contextlib.redirect_stdout(sys.stderr):
            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    # Keras wraps every failure of a download in a plain Exception.
    except Exception as error:
        raise DataError(
            "MNIST cannot be downloaded.",
            why=f"{error}.",
            hint="Download mnist.npz on another machine and give it with --data FILE.",
        ) from error
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def _check_images(name: str, key: str, images: NDArray[np.generic]) -> None:
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or not len(images):
        raise _refusal(name, f"{key} is {images.dtype} {images.shape}, not uint8 (N, {SIDE}, {SIDE})")


def _check_labels(name: str, key: str, labels: NDArray[np.generic], images: int) -> None:
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape != (images,):
        raise _refusal(name, f"{key} is {labels.dtype} {labels.shape}, not integers ({images},)")
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0 or highest >= CLASSES:
        raise _refusal(name, f"{key} holds labels from {lowest} to {highest}, not 0 to {CLASSES - 1}")


def _refusal(name: str, why: str) -> DataError:
    return DataError(
        f"{name} is not MNIST.", why=f"{why}.", hint="Give Keras's own mnist.npz with --data FILE."
    )
