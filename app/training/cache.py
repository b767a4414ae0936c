"""Keeps what takes long and follows from its inputs alone, between one training and the next."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import DataError


class Cache:
    """Files in a folder, named by a checksum of everything that decides their content; without a folder
    nothing is kept."""

    def __init__(self, folder: Path | None = None) -> None:
        """Makes the folder if need be. DataError where it cannot be made."""
        self._folder = folder
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise DataError(
                    f"The folder {folder} cannot be made.",
                    why=f"{error.strerror or error}.",
                    hint="Choose another one with --cache.",
                ) from error

    def path(self, name: str, key: str, ending: str) -> Path | None:
        """Where the result `name` of the inputs described by `key` is, or would be, kept."""
        if self._folder is None:
            return None
        return self._folder / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:24]}{ending}"

    def images(self, name: str, key: str, make: Callable[[], NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """The kept pictures uint8 (N, 28, 28); where there are none, those that `make` makes are kept."""
        path = self.path(name, key, ".npy")
        if path is None:
            return make()
        if path.is_file():
            kept: NDArray[np.uint8] = np.load(path, allow_pickle=False)
            return kept
        made = make()
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.save(file, made, allow_pickle=False)
        partial.replace(path)
        return made
