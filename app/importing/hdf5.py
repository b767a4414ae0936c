"""HDF5 files from strangers: arrays and attributes by their path, within limits, and nothing outside the
file.

An HDF5 file may name other files (external links, virtual and external datasets), claim any shape, and be
packed by filters; each is looked at before a number is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import h5py
import numpy as np

from app.importing.kernels import MOST_NUMBERS, Numbers
from app.importing.refusing import refuse, shown

_MOST_TEXT = 16_000_000
_DEEPEST = 16
_MOST_PARTS = 1_000
_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
_DAMAGED = "Save the model again, and import that file."


class Hdf5:
    """One open file. Numbers read are counted: all of them together stay below MOST_NUMBERS."""

    def __init__(self, source: BinaryIO) -> None:
        """Open a file object. ModelError if it is no HDF5 file."""
        try:
            self._file = h5py.File(source, "r")
        except (OSError, RuntimeError, ValueError, TypeError):
            refuse("It is not a whole HDF5 file.", "It may have been cut short on its way: fetch it again.")
        self._read = 0

    def has(self, path: str) -> bool:
        """Whether there is something of the file's own at this path."""
        return self._find(path) is not None

    def names(self, path: str) -> list[str]:
        """Names in a group, none if there is no such group."""
        group = self._find(path)
        if not isinstance(group, h5py.Group):
            return []
        if len(group) > _MOST_PARTS:
            refuse(f"Its group {shown(path)!r} has {len(group):,} parts.", "No model has that many.")
        return [str(name) for name in group]

    def text(self, path: str, attribute: str) -> str | None:
        """An attribute as text, whether it was written as text or as bytes; None if it is not there."""
        value = self._attribute(path, attribute)
        if isinstance(value, np.ndarray) and value.size == 1:
            value = value.reshape(-1)[0]
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        return value if isinstance(value, str) else None

    def texts(self, path: str, attribute: str) -> list[str]:
        """An attribute that lists names. Keras writes long lists in pieces: name0, name1, ..."""
        pieces = [attribute]
        if not self._has_attribute(path, attribute):
            pieces = [f"{attribute}{number}" for number in range(_MOST_PARTS)]
        found: list[str] = []
        for piece in pieces:
            if not self._has_attribute(path, piece):
                break
            values = np.atleast_1d(self._attribute(path, piece))
            if values.dtype.kind in "OSU":
                found += [
                    one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one)
                    for one in values.ravel()
                ]
        return found

    def numbers(self, path: str) -> Numbers:
        """A dataset of floating-point numbers, as float64. Refuses anything else, and what is too large or
        not finite."""
        dataset = self._find(path)
        if not isinstance(dataset, h5py.Dataset):
            refuse(f"It has no weights at {shown(path)!r}.", _DAMAGED)
        self._check(path, dataset)
        try:
            values = np.asarray(dataset[()], np.float64)
        except (OSError, RuntimeError, ValueError) as error:
            # HDF5 reports a failed allocation like any other read error.
            if "alloc" in str(error):
                raise MemoryError from error
            refuse(f"Its weights at {shown(path)!r} cannot be unpacked.", _DAMAGED)
        if not np.isfinite(values).all():
            refuse(
                f"Its weights at {shown(path)!r} hold a value that is not a number, or infinite.",
                "Train the model again; a smaller learning rate helps.",
            )
        return values

    def _check(self, path: str, dataset: h5py.Dataset) -> None:
        """Refuse before reading: other files, other numbers, too many numbers, unknown packing."""
        if dataset.is_virtual or dataset.external:
            refuse(f"Its weights at {shown(path)!r} are in another file.", "Save the model as one file.")
        if dataset.dtype.kind != "f" or dataset.dtype.itemsize > 8 or dataset.shape is None:
            refuse(
                f"Its weights at {shown(path)!r} are {shown(dataset.dtype)}, not floating-point numbers.",
                "Save the model before it is quantised.",
            )
        packed = int(np.prod(dataset.chunks, dtype=object)) if dataset.chunks else 0
        self._read += int(np.prod(dataset.shape, dtype=object))
        if max(self._read, packed) > MOST_NUMBERS:
            refuse(
                f"It claims more than {MOST_NUMBERS:,} weights.",
                "No contract could hold them: use a smaller model.",
            )
        plist = dataset.id.get_create_plist()
        if any(plist.get_filter(index)[0] not in _FILTERS for index in range(plist.get_nfilters())):
            refuse(f"Its weights at {shown(path)!r} are packed in an unknown way.", _DAMAGED)

    def _find(self, path: str) -> h5py.Group | h5py.Dataset | None:
        """What a path leads to by hard links alone; None if nothing is there."""
        found: Any = self._file
        parts = [part for part in path.split("/") if part]
        if len(parts) > _DEEPEST:
            refuse(f"It keeps something {len(parts)} groups deep.", "No model file does.")
        for part in parts:
            if not isinstance(found, h5py.Group):
                return None
            try:
                link = found.get(part, getlink=True)
                if link is None:
                    return None
                if not isinstance(link, h5py.HardLink):
                    refuse(
                        f"Its part {shown(part)!r} is a link to another place.", "Save the model as one file."
                    )
                found = found[part]
            except (OSError, RuntimeError, KeyError, ValueError):
                refuse(f"Its part {shown(part)!r} cannot be read.", _DAMAGED)
        return found

    def _has_attribute(self, path: str, attribute: str) -> bool:
        found = self._find(path)
        return found is not None and attribute in found.attrs

    def _attribute(self, path: str, attribute: str) -> Any:
        found = self._find(path)
        if found is None or attribute not in found.attrs:
            return None
        stored = found.attrs.get_id(attribute)
        if int(np.prod(stored.shape, dtype=object)) * stored.dtype.itemsize > _MOST_TEXT:
            refuse(f"Its description {attribute!r} is larger than any model's.", _DAMAGED)
        try:
            return found.attrs[attribute]
        except (OSError, RuntimeError, ValueError, TypeError, UnicodeError):
            refuse(f"Its description {attribute!r} cannot be read.", _DAMAGED)


def joined(parts: Sequence[str]) -> str:
    """A path within the file."""
    return "/".join(part for part in parts if part)
