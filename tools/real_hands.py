"""Measures the models that ship on digits of real people, finds the thresholds of sureness, and draws the
curves.

    python -m tools.real_hands --data mnist.npz --pens TRAINED_ON... --others SIGNS --test UNSEEN

writes `sureness.json` beside each model's integers, docs/figures/real-hands.json and docs/img/sureness.png.
Thresholds are found on the writers held out of `--pens` and `--others`; `--test` is only measured.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import models, paths
from app.drawing import load_drawings, pictures_of
from app.fixedpoint import Sureness, load, save_sureness
from app.training.cache import Cache
from app.training.calibration import SURE_OF_RIGHT, calibrate, leads
from app.training.data import load_mnist
from app.training.pens import PenSet, chosen, joined, load_pens
from app.training.penwork import as_written
from app.training.report import BLUE, FAINT, LINE, ORANGE, STYLE, import_pyplot

ROOT = paths.resources()
FIGURES = ROOT / "docs" / "figures" / "real-hands.json"
PICTURE = ROOT / "docs" / "img" / "sureness.png"
ABOUT = {"on": "UNIPEN and UCI pen digits, UNIPEN letters and signs: writers held out of training"}

Images = NDArray[np.uint8]
Labelled = tuple[Images, NDArray[Any]]


def main() -> None:
    """Measure the models and write files, figures and picture."""
    options = _parser().parse_args()
    sets = _sets(options)
    figures: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
    rows: dict[str, Any] = figures.setdefault("before" if options.before else "now", {})
    curves = figures.setdefault("curves", {})
    for name in options.models or models.MODELS:
        model = models.named(name)
        integers = load(model.integers_path)
        sureness = calibrate(integers, *sets["held_out"], sets["signs"][0], ABOUT)
        read = {
            kind: _Read(*leads(integers, images, sureness.none_is_zero), labels)
            for kind, (images, labels) in sets.items()
        }
        if not options.before:
            save_sureness(sureness, model.sureness_path)
            curves[name] = _curves(sureness, read)
        rows[name] = _row(sureness, read)
        print(name, json.dumps(rows[name]), flush=True)
    figures["sizes"] = {name: len(images) for name, (images, _) in sets.items()}
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if not options.before:
        _draw({name: curves[name] for name in models.MODELS if name in curves}, PICTURE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="MNIST")
    parser.add_argument("--pens", type=Path, nargs="+", required=True, help="pen files that were trained on")
    parser.add_argument("--others", type=Path, nargs="+", required=True, help="signs that were trained on")
    parser.add_argument("--test", type=Path, required=True, help="digits of people who were not")
    parser.add_argument("--models", nargs="+", choices=list(models.MODELS), help="only these")
    parser.add_argument("--cache", type=Path, help="a folder that keeps the pictures for the next time")
    parser.add_argument("--before", action="store_true", help="keep the figures as those to compare with")
    return parser


def _sets(options: argparse.Namespace) -> dict[str, Labelled]:
    """Pictures and labels of every set, by name."""
    mnist = load_mnist(options.data)
    digits = _unseen(joined([load_pens(path, digits=True) for path in options.pens]))
    signs = _unseen(joined([load_pens(path, digits=False) for path in options.others]))
    test = load_pens(options.test, digits=True)
    cache = Cache(options.cache)

    def drawn(name: str, pens: PenSet) -> Images:
        key = hashlib.sha256(pens.points.tobytes()).hexdigest()
        return cache.images(name, key, lambda: as_written(pens))

    return {
        "mnist": (mnist.x_test, mnist.y_test),
        "test": (drawn("test", test), test.labels),
        "held_out": (drawn("held-out", digits), digits.labels),
        "drawn": pictures_of(load_drawings(ROOT / "tests" / "data" / "drawn.json")),
        "signs": (drawn("signs", signs), signs.labels),
    }


def _unseen(pens: PenSet) -> PenSet:
    return chosen(pens, pens.held_out())


class _Read:
    """What a model read in a set: the leads of all, of what it read rightly, and of what it read wrongly."""

    def __init__(self, digits: NDArray[np.int64], found: list[int], labels: NDArray[Any]) -> None:
        self.leads = found
        good = [str(digit) == str(label) for digit, label in zip(digits, labels, strict=True)]
        self.right = sorted(lead for lead, right in zip(found, good, strict=True) if right)
        self.wrong = [lead for lead, right in zip(found, good, strict=True) if not right]

    @property
    def share(self) -> float:
        """Rightly read, 0 to 1."""
        return len(self.right) / len(self.leads)


def _row(sureness: Sureness, read: dict[str, _Read]) -> dict[str, float]:
    """Shares from 0 to 1: read rightly on each set of digits; sure of what is read, and of signs."""
    test, signs = read["test"], read["signs"]
    goal = test.right[int((1 - SURE_OF_RIGHT) * len(test.right))]
    return {name: read[name].share for name in ("mnist", "test", "held_out", "drawn")} | {
        "sure_of_right": _share(test.right, sureness.threshold),
        "sure_of_wrong": _share(test.wrong, sureness.threshold),
        "sure_of_signs": _share(signs.leads, sureness.threshold),
        "sure_of_signs_at_97": _share(signs.leads, goal),
    }


def _share(found: list[int], threshold: int) -> float:
    return sum(lead >= threshold for lead in found) / max(1, len(found))


def _curves(sureness: Sureness, read: dict[str, _Read]) -> dict[str, list[int]]:
    """How many readings have each sureness in hundredths, 0 to 99: digits of the test set, and the others."""

    def counts(found: list[int]) -> list[int]:
        hundredths = [min(99, int(100 * sureness.of_lead(lead))) for lead in found]
        return [int(count) for count in np.bincount(hundredths, minlength=100)]

    test = read["test"]
    return {"right": counts(test.right), "wrong": counts(test.wrong), "signs": counts(read["signs"].leads)}


def _draw(curves: dict[str, dict[str, list[int]]], path: Path) -> None:
    """For each model the share of digits and of signs with at least each sureness; and how right they are."""
    pyplot = import_pyplot()
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(2, len(curves), figsize=(3.1 * len(curves), 6), dpi=120, sharey="row")
        for column, (name, counts) in enumerate(curves.items()):
            above, below = axes[:, column]
            for kind, colour, words in (
                ("right", BLUE, "digits read rightly"),
                ("signs", ORANGE, "other signs"),
            ):
                found = np.array(counts[kind], np.float64)
                shares = 100 * found[::-1].cumsum()[::-1] / max(1.0, found.sum())
                above.plot(np.arange(100) / 100, shares, color=colour, linewidth=1.8, label=words)
            above.set_title(name)
            _reliability(below, counts)
            for one in (above, below):
                one.set_xlim(0, 1)
                one.grid(color=LINE, linewidth=0.6)
                one.tick_params(length=0)
                one.set_xlabel("sureness")
        axes[0, 0].set_ylabel("share at least as sure, %")
        axes[0, 0].legend(frameon=False, fontsize=8)
        axes[1, 0].set_ylabel("rightly read digits among such, %")
        figure.tight_layout()
        figure.savefig(path)
        pyplot.close(figure)


def _reliability(axes: Any, counts: dict[str, list[int]]) -> None:
    """Share of rightly read digits, both kinds weighing the same, against the sureness that was said."""
    right = np.array(counts["right"], np.float64).reshape(10, 10).sum(axis=1)
    others = (np.array(counts["wrong"]) + np.array(counts["signs"])).reshape(10, 10).sum(axis=1)
    right, others = right / max(1.0, right.sum()), others / max(1.0, float(others.sum()))
    both = right + others
    shown = both > 0.002
    axes.plot([0, 1], [0, 100], color=FAINT, linewidth=0.8, linestyle=":")
    axes.plot((np.arange(10) / 10 + 0.05)[shown], 100 * right[shown] / both[shown], "o-", color=BLUE, ms=4)


if __name__ == "__main__":
    main()
