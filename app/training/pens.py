"""Pen files: characters as people wrote them, kept as the strokes of a pen.

A pen file is a NumPy archive (`.npz`, no pickles) of these arrays:

    digit          uint8 (N,)     the label, 0 to 9; in a file of other signs `character`, str (N,), instead
    writer         integer (N,)   who wrote it: a number
    source         str (N,)       who collected it
    digit_start    integer (N,)   the first stroke of character i; it ends where the next one begins
    stroke_start   integer (S,)   the first point of stroke s, likewise
    points         integer (P, 2) x to the right and y down, 0 to 1000, in thousandths of the longer side of
                                  the character's box
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.errors import DataError

UNITS = 1000
"""Coordinates run from 0 to this; the longer side of a character's box is as long."""
LARGEST_FILE = 200_000_000
LARGEST_ARRAY = 400_000_000
MOST_CHARACTERS = 2_000_000
MOST_STROKES = 1_000  # of one character
HELD_OUT_OF = 8
"""One writer in so many is kept out of training."""

Ints: TypeAlias = NDArray[np.int64]
Points: TypeAlias = NDArray[np.int16]

_HINT = "A pen file has the layout that docs/models.md describes; `inkproof pens` makes one of other forms."


@dataclass(frozen=True, eq=False)
class PenSet:
    """Characters as strokes.

    `labels`: uint8 (N,), 0 to 9, for digits; str (N,), one character each, for other signs.
    `writer` int64 (N,) and `source` str (N,) together name a person. `digit_start`, `stroke_start`: int64,
    one entry more than there are characters or strokes, the last one being the end. `points`: int16 (P, 2).
    """

    labels: NDArray[Any]
    writer: Ints
    source: NDArray[np.str_]
    digit_start: Ints
    stroke_start: Ints
    points: Points

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def digits(self) -> bool:
        """Whether the characters are digits."""
        return self.labels.dtype == np.uint8

    def strokes(self, index: int) -> list[Points]:
        """The strokes of one character, each int16 (n, 2)."""
        bounds = self.stroke_start[self.digit_start[index] : self.digit_start[index + 1] + 1]
        return [self.points[low:high] for low, high in pairwise(bounds)]

    def held_out(self) -> NDArray[np.bool_]:
        """Which characters (N,) are by writers whom training never sees.

        A checksum of source and number picks them, so that a person who is in two files is held out of both,
        and adding a file moves nobody from one side to the other.
        """
        people = [f"{source}/{writer}" for source, writer in zip(self.source, self.writer, strict=True)]
        return np.array([zlib.crc32(person.encode()) % HELD_OUT_OF == 0 for person in people], np.bool_)


def load_pens(path: Path, *, digits: bool) -> PenSet:
    """A pen file of digits, or of other signs (`digits` false), every number checked.

    Characters whose points all lie on one spot are left out: a dot cannot be read. DataError if the file is
    missing or is anything else than such a file.
    """
    name = "digit" if digits else "character"
    arrays = _read(path, (name, "writer", "source", "digit_start", "stroke_start", "points"))
    count = arrays[name].shape[0] if arrays[name].ndim == 1 else 0
    if not 1 <= count <= MOST_CHARACTERS:
        raise _bad(path, f"`{name}` is no list of 1 to {MOST_CHARACTERS:,} labels.")
    labels = _digit_labels(path, arrays[name]) if digits else _sign_labels(path, arrays[name])
    writer, source = arrays["writer"], arrays["source"]
    if writer.shape != (count,) or writer.dtype.kind not in "iu" or int(writer.min()) < 0:
        raise _bad(path, "`writer` is not a number from 0 for each character.")
    if source.shape != (count,) or source.dtype.kind != "U":
        raise _bad(path, "`source` is not a text for each character.")
    points = arrays["points"]
    if points.ndim != 2 or points.shape[1] != 2 or points.dtype.kind not in "iu":
        raise _bad(path, "`points` are not pairs of whole numbers.")
    if not len(points) or int(points.min()) < 0 or int(points.max()) > UNITS:
        raise _bad(path, f"A point lies outside 0 to {UNITS}.")
    strokes = _starts(path, "stroke_start", arrays["stroke_start"], len(points))
    starts = _starts(path, "digit_start", arrays["digit_start"], len(strokes) - 1)
    if len(starts) != count + 1:
        raise _bad(path, "`digit_start` has not one entry for each character.")
    if int(np.diff(starts).max()) > MOST_STROKES:
        raise _bad(path, f"A character has more than {MOST_STROKES:,} strokes.")
    pens = PenSet(
        labels, writer.astype(np.int64), source.astype(np.str_), starts, strokes, points.astype(np.int16)
    )
    return chosen(pens, _extents(pens) > 0)


def chosen(pens: PenSet, kept: NDArray[np.bool_]) -> PenSet:
    """The characters for which `kept` (N,) is true, in the same order, with their strokes and points."""
    if kept.all():
        return pens
    of_stroke = np.repeat(kept, np.diff(pens.digit_start))
    of_point = np.repeat(of_stroke, np.diff(pens.stroke_start))
    return PenSet(
        pens.labels[kept],
        pens.writer[kept],
        pens.source[kept],
        _offsets(np.diff(pens.digit_start)[kept]),
        _offsets(np.diff(pens.stroke_start)[of_stroke]),
        pens.points[of_point],
    )


def joined(sets: list[PenSet]) -> PenSet:
    """Several sets of one kind as one, in order."""
    return PenSet(
        np.concatenate([pens.labels for pens in sets]),
        np.concatenate([pens.writer for pens in sets]),
        np.concatenate([pens.source for pens in sets]),
        _offsets(np.concatenate([np.diff(pens.digit_start) for pens in sets])),
        _offsets(np.concatenate([np.diff(pens.stroke_start) for pens in sets])),
        np.concatenate([pens.points for pens in sets]),
    )


def assembled(
    labels: NDArray[Any], writers: Sequence[int], sources: Sequence[str], characters: Sequence[list[Points]]
) -> PenSet:
    """A set of characters given one by one, each as the list of its strokes."""
    strokes = [points for character in characters for points in character]
    return PenSet(
        labels,
        np.array(writers, np.int64),
        np.array(sources, np.str_),
        _offsets(np.array([len(character) for character in characters])),
        _offsets(np.array([len(points) for points in strokes])),
        np.concatenate(strokes).astype(np.int16),
    )


def save_pens(pens: PenSet, path: Path) -> None:
    """Write a pen file; it appears whole or not at all. DataError where it cannot be written."""
    partial = path.with_name(f".{path.name}.partial")
    arrays = {
        "digit" if pens.digits else "character": pens.labels,
        "writer": pens.writer.astype(np.int32),
        "source": pens.source,
        "digit_start": pens.digit_start[:-1].astype(np.int32),
        "stroke_start": pens.stroke_start[:-1].astype(np.int32),
        "points": pens.points,
    }
    try:
        with partial.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DataError(
            f"The pen file {path} cannot be written.",
            why=f"{error.strerror or error}.",
            hint="Choose another place with --output.",
        ) from error


def _offsets(counts: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _extents(pens: PenSet) -> Ints:
    """The longer side of each character's box (N,), in thousandths."""
    first = pens.stroke_start[pens.digit_start[:-1]]
    high = np.maximum.reduceat(pens.points, first, axis=0).astype(np.int64)
    low = np.minimum.reduceat(pens.points, first, axis=0).astype(np.int64)
    extents: Ints = (high - low).max(axis=1)
    return extents


def _digit_labels(path: Path, labels: NDArray[Any]) -> NDArray[Any]:
    if labels.dtype.kind not in "iu" or int(labels.min()) < 0 or int(labels.max()) > 9:
        raise _bad(path, "`digit` holds something else than digits from 0 to 9.")
    return labels.astype(np.uint8)


def _sign_labels(path: Path, labels: NDArray[Any]) -> NDArray[Any]:
    if labels.dtype.kind != "U":
        raise _bad(path, "`character` does not hold texts.")
    if any(len(sign) != 1 or sign in "0123456789" for sign in np.unique(labels)):
        raise _bad(path, "`character` holds a digit, or something else than single characters.")
    return labels.astype("<U1")


def _starts(path: Path, name: str, starts: NDArray[Any], end: int) -> Ints:
    """The offsets with `end` behind them. DataError unless they rise from 0."""
    if starts.ndim != 1 or starts.dtype.kind not in "iu" or not len(starts) or len(starts) > end:
        raise _bad(path, f"`{name}` is no list of offsets.")
    if int(starts.max()) >= end or int(starts.min()) < 0:
        raise _bad(path, f"`{name}` points past the end.")
    whole = np.append(starts.astype(np.int64), end)
    if whole[0] != 0 or not (np.diff(whole) > 0).all():
        raise _bad(path, f"`{name}` does not rise from 0.")
    return whole


def _read(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    if not path.is_file():
        raise DataError(f"There is no pen file at {path}.", hint=_HINT)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise _bad(path, f"It is larger than {LARGEST_FILE // 1_000_000} MB.")
        with zipfile.ZipFile(path) as archive:
            sizes = {member.filename: member.file_size for member in archive.infolist()}
            missing = [name for name in names if f"{name}.npy" not in sizes]
            if missing:
                raise _bad(path, f"It has no {', '.join(missing)}.")
            if sum(sizes.values()) > LARGEST_ARRAY:
                raise _bad(path, f"It unpacks to {sum(sizes.values()):,} bytes.")
            return {name: _array(archive.read(f"{name}.npy")) for name in names}
    except DataError:
        raise
    # A damaged file can fail anywhere in zip, zlib or NumPy; it means the same to the person.
    except Exception as error:
        raise _bad(path, "It is damaged, or is something else.") from error


def _array(data: bytes) -> NDArray[Any]:
    """An array from the bytes of a `.npy`. ValueError unless its header claims just what follows it."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    shape, columns_first, dtype = read_header[version](stream)
    left = len(data) - stream.tell()
    size = dtype.itemsize
    for length in shape:
        size *= length
    if dtype.hasobject or columns_first or size != left:
        raise ValueError("the header of an array does not fit its bytes")
    return np.frombuffer(data, dtype, offset=stream.tell()).reshape(shape)


def _bad(path: Path, why: str) -> DataError:
    return DataError(f"{path} is not a pen file.", why=why, hint=_HINT)
