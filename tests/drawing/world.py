"""Counts, for each kind of picture of `tests.data.world`, how many are read.

`python -m tests.drawing.world [--count N] [--kind NAME]... [--json FILE] [PENS.npz]` prints for each kind how
many pictures give nearly the 28x28 of the same strokes drawn clean, how many the shipped model reads as the
right digit, how many are refused, and how many are read as another digit. Without a file the digits are those
of drawn.json.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app import fixedpoint, paths
from app.drawing import Stroke, load_drawings, rasterise, read_digit_bytes, to_mnist
from app.errors import BlankError, ImageError
from tests.data.world import BLANK, DIGIT, KINDS, Strokes, centred, picture

CLOSE = 0.75
"""Correlation with the clean 28x28 from which on a picture counts as read."""


def clean(strokes: Strokes) -> np.ndarray:
    """The 28x28 of the strokes drawn large on blank paper."""
    return to_mnist(rasterise(centred(strokes, 0.7, (0.5, 0.5), 0.035), 280))


def closeness(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two pictures, 1 for the same."""
    return float(np.corrcoef(one.ravel().astype(float), other.ravel().astype(float))[0, 1])


def outcome(kind: str, strokes: Strokes, seed: int) -> tuple[str, np.ndarray | None]:
    """ "close", "far", "blank" or "refused", and the 28x28 if there is one."""
    try:
        result = read_digit_bytes(picture(kind, strokes, seed), "picture")
    except BlankError:
        return "blank", None
    except ImageError:
        return "refused", None
    return ("close" if closeness(result, clean(strokes)) >= CLOSE else "far"), result


def samples(file: str | None, count: int) -> list[tuple[int, Sequence[Stroke]]]:
    """`count` digits with their strokes, spread over the file."""
    if file is None:
        drawings = load_drawings(Path(__file__).parents[1] / "data" / "drawn.json")
        every = [(drawing.digit, drawing.strokes) for drawing in drawings]
    else:
        from tests.drawing.several import digits_of

        with np.load(file) as data:
            labels = data["digit"].tolist()
        digits = digits_of(file)
        every = [
            (label, [Stroke(tuple(map(tuple, path.tolist())), 0.03) for path in paths])
            for label, paths in zip(labels, digits, strict=True)
        ]
    return [every[i] for i in np.random.default_rng(5).permutation(len(every))[:count]]


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(prog="python -m tests.drawing.world")
    parser.add_argument("file", nargs="?")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--kind", action="append", choices=list(KINDS))
    parser.add_argument("--json", type=Path, help="write the counts to this file too")
    asked = parser.parse_args()
    model = fixedpoint.load(paths.model_folder() / "integers.npz")
    digits = samples(asked.file, asked.count)
    print(
        f"{'kind':26} {'close':>6} {'right':>6} {'blank':>6} {'refused':>8} {'misread':>8}   not as expected"
    )
    counts = {}
    for kind in asked.kind or KINDS:
        seen: Counter[str] = Counter()
        odd = []
        for seed, (digit, strokes) in enumerate(digits):
            what, result = outcome(kind, strokes, seed)
            right = result is not None and model.read(result).digit == digit
            seen.update([what, *(["right"] if right else ["misread"] if result is not None else [])])
            expected = what == "close" and right if KINDS[kind].expected == DIGIT else what == BLANK
            odd += [] if expected else [seed]
        figures = (seen["close"], seen["right"], seen["blank"], seen["refused"], seen["misread"])
        print(f"{kind:26} {figures[0]:6} {figures[1]:6} {figures[2]:6} {figures[3]:8} {figures[4]:8}   {odd}")
        counts[kind] = {name: seen[name] for name in ("close", "right", "blank", "refused", "misread")}
    if asked.json:
        command = f"python -m tests.drawing.world --count {asked.count}"
        whole = {"command": command, "count": asked.count, "kinds": counts}
        asked.json.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
