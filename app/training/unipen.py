"""Reads handwriting in the UNIPEN form, and in UCI's raw pen digits, which are written in it.

A file is lines. One that begins with a dot and a word is a statement; others hold coordinates, in the
columns that `.COORD` names. Read here are (Guyon, Schomaker, Plamondon, Liberman, Janet: "UNIPEN project of
on-line data exchange and recognizer benchmarks", 1994):

    .COORD X Y T        the columns; X and Y unless stated
    .INCLUDE path       another file, as if it stood here
    .WRITER_ID name     who writes from here on
    .COMMENT d w n      in UCI's files: digit, writer and number of what follows
    .PEN_DOWN, .PEN_UP  a component begins, the coordinates that follow being its points
    .SEGMENT CHARACTER 3-4,7:0-7:20 OK "5"
                        components 3 and 4 and points 0 to 20 of component 7 are a character
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import DataError
from app.training.pens import MOST_STROKES, UNITS, PenSet, assembled

CHARACTER_LEVELS = ("CHARACTER", "DIGIT")
CLEAR_SIGNS = frozenset("#%*+=@AEFHKMNPRWX^hkmnrtwx~")
"""Letters and signs that nobody takes for a digit."""
LONGEST_LINE = 10_000
MOST_BYTES = 1_000_000_000
MOST_POINTS = 50_000_000
DEEPEST = 5  # files included by files included by ...

_HINT = (
    "Name UNIPEN files or UCI's pendigits-orig.tra, and with --include the folders that they include from."
)


@dataclass(frozen=True)
class Written:
    """One labelled character: strokes float64 (n, 2), x to the right and y down."""

    label: str
    writer: str
    strokes: list[NDArray[np.float64]]


@dataclass
class Found:
    """What a file and the files it includes hold, before its segments are looked up."""

    blocks: list[tuple[bool, list[tuple[float, float]]]] = field(default_factory=list)
    """Pen down or up, and the points."""
    segments: list[tuple[str, str, str]] = field(default_factory=list)
    """Label, components as written, writer."""
    missing: list[str] = field(default_factory=list)
    writer: str = ""
    columns: tuple[int, int] = (0, 1)
    inside: bool = False  # a component is open
    points: int = 0
    bytes: int = 0


def read_unipen(path: Path, folders: Sequence[Path] = (), *, y_down: bool = False) -> list[Written]:
    """The labelled characters of one file, in order.

    `folders`: where included files are looked for, after the file's own folder; none is read elsewhere.
    `y_down`: the file's y grows downward, where UNIPEN says it grows upward. Segments of other levels (words,
    lines) are passed over. DataError if the file is missing, is something else or exceeds a limit.
    """
    found = Found()
    _read(path, [path.parent, *folders], found, 0)
    if not found.segments or not found.blocks:
        lacking = f" It includes {found.missing[0]}, which is not there." if found.missing else ""
        raise _bad(path, f"It has no labelled characters.{lacking}")
    components = _components(path, found)
    down = 1.0 if y_down else -1.0
    written = []
    for label, places, writer in found.segments:
        strokes = _strokes(path, components, places)
        if strokes:
            written.append(Written(label, writer, [points * (1.0, down) for points in strokes]))
    return written


def pen_set(
    files: Sequence[tuple[str, list[Written]]], *, digits: bool, signs: frozenset[str] = CLEAR_SIGNS
) -> PenSet:
    """What is wanted of the characters of several files, as one set: digits, or `signs`.

    `files`: each with its source, a short name. Writers are numbered in order of appearance, each source's
    apart. DataError if nothing remains.
    """
    wanted = frozenset("0123456789") if digits else signs
    people: dict[tuple[str, str], int] = {}
    labels, writers, sources, characters = [], [], [], []
    for source, written in files:
        for one in written:
            if one.label not in wanted or not 1 <= len(one.strokes) <= MOST_STROKES:
                continue
            scaled = _scaled(one.strokes)
            if scaled is None:
                continue
            labels.append(one.label)
            writers.append(people.setdefault((source, one.writer), len(people)))
            sources.append(source)
            characters.append(scaled)
    if not characters:
        raise DataError(
            "None of the files holds a character that is wanted.",
            why=f"Wanted are {''.join(sorted(wanted))}.",
            hint=_HINT,
        )
    found = np.array(labels, np.str_)
    return assembled(found.astype(np.uint8) if digits else found, writers, sources, characters)


def _scaled(strokes: list[NDArray[np.float64]]) -> list[NDArray[np.int16]] | None:
    """The strokes in thousandths of the longer side of their box; None for a dot."""
    everything = np.concatenate(strokes)
    low = everything.min(axis=0)
    longer = float((everything.max(axis=0) - low).max())
    if not 0 < longer < np.inf:
        return None
    return [np.rint((points - low) * (UNITS / longer)).astype(np.int16) for points in strokes]


def _read(path: Path, folders: list[Path], found: Found, depth: int) -> None:
    try:
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE + 1):
                found.bytes += len(line)
                if len(line) > LONGEST_LINE or found.bytes > MOST_BYTES:
                    raise _bad(path, "A line, or all of it, is too long.")
                _line(path, line.decode("latin-1").strip(), folders, found, depth)
    except OSError as error:
        raise DataError(f"{path} cannot be read.", why=f"{error.strerror or error}.", hint=_HINT) from error


def _line(path: Path, line: str, folders: list[Path], found: Found, depth: int) -> None:
    if not line.startswith("."):
        if found.inside and line:
            _point(path, line, found)
        return
    statement, _, rest = line.partition(" ")
    if statement in (".PEN_DOWN", ".PEN_UP"):
        found.blocks.append((statement == ".PEN_DOWN", []))
        found.inside = True
        # Some write the first point on the statement's own line.
        if rest.strip():
            _point(path, rest, found)
        return
    found.inside = False
    if statement == ".COORD":
        names = rest.split()
        if "X" in names and "Y" in names:
            found.columns = (names.index("X"), names.index("Y"))
    elif statement == ".WRITER_ID":
        found.writer = rest.strip()
    elif statement == ".COMMENT":
        words = rest.split()
        # UCI's: the digit once more, its writer, its number. It follows the segment that it describes.
        if found.segments and len(words) == 3 and all(word.isdigit() for word in words):
            label, places, _ = found.segments[-1]
            if words[0] == label:
                found.segments[-1] = (label, places, words[1])
    elif statement == ".SEGMENT":
        _segment(rest, found)
    elif statement == ".INCLUDE":
        _include(path, rest.strip(), folders, found, depth)


def _point(path: Path, line: str, found: Found) -> None:
    words = line.split()
    try:
        x, y = (float(words[column]) for column in found.columns)
    except (IndexError, ValueError):
        raise _bad(path, f"{line[:40]!r} are no coordinates.") from None
    found.points += 1
    if found.points > MOST_POINTS or not (abs(x) < 1e9 and abs(y) < 1e9):
        raise _bad(path, "It has too many points, or one that is too far off.")
    found.blocks[-1][1].append((x, y))


def _segment(rest: str, found: Found) -> None:
    try:
        words = shlex.split(rest, posix=True)
    except ValueError:
        # A label such as """ does not balance: what lies between the outermost quotes is meant.
        head, _, tail = rest.partition('"')
        words = [*head.split(), tail.rpartition('"')[0]]
    if len(words) >= 3 and words[0] in CHARACTER_LEVELS and len(words[-1]) == 1:
        found.segments.append((words[-1], words[1], found.writer))


def _include(path: Path, name: str, folders: list[Path], found: Found, depth: int) -> None:
    if depth >= DEEPEST:
        raise _bad(path, f"Files include files more than {DEEPEST} deep.")
    for folder in folders:
        root = folder.resolve()
        inner = (root / name).resolve()
        if inner.is_relative_to(root) and inner.is_file():
            _read(inner, folders, found, depth + 1)
            return
    found.missing.append(name)


def _components(path: Path, found: Found) -> list[NDArray[np.float64] | None]:
    """What the numbers in segments count: points of a pen that is down, None for one that is up.

    Collections differ in whether they count a pen-up without points, or one at all. The first way of counting
    under which the highest number used is the last component is the file's; failing that, the first under
    which there is such a component.
    """
    highest = max(end for _, places, _ in found.segments for _, _, end, _ in _places(path, places))
    ways = (
        [block for block in found.blocks if block[1]],
        [block for block in found.blocks if block[0]],
        found.blocks,
    )
    fitting = [way for way in ways if len(way) == highest + 1] or [way for way in ways if len(way) > highest]
    if not fitting:
        raise _bad(path, f"A segment names component {highest}; there are {len(found.blocks)}.")
    return [np.array(points) if down and points else None for down, points in fitting[0]]


def _strokes(
    path: Path, components: list[NDArray[np.float64] | None], places: str
) -> list[NDArray[np.float64]]:
    strokes = []
    for first, first_point, last, last_point in _places(path, places):
        for number in range(first, last + 1):
            points = components[number]
            if points is None:
                continue
            low = first_point if number == first else 0
            high = len(points) if number != last or last_point is None else last_point + 1
            if len(points[low:high]):
                strokes.append(points[low:high])
    return strokes


def _places(path: Path, places: str) -> Iterator[tuple[int, int, int, int | None]]:
    """First component, its first point, last component, its last point (None: all) of each part."""
    try:
        for part in places.split(","):
            first, _, last = part.partition("-")
            number, _, point = first.partition(":")
            end, _, end_point = (last or number).partition(":")
            low, high = int(number), int(end)
            if not 0 <= low <= high or high - low > MOST_STROKES * 2:
                raise ValueError
            yield low, int(point or 0), high, int(end_point) if end_point else None
    except ValueError:
        raise _bad(path, f"{places[:40]!r} names no components.") from None


def _bad(path: Path, why: str) -> DataError:
    return DataError(f"{path} is not a UNIPEN file that can be read.", why=why, hint=_HINT)
