"""Measures the models that ship on digits of real people, finds from where they are sure, and draws it.

    python -m tools.real_hands --data mnist.npz --pens TRAINED_ON... --others SIGNS --test UNSEEN

writes `sureness.json` beside each model's integers, docs/figures/real-hands.json and docs/img/sureness.png.
Thresholds are found on the writers held out of `--pens` and `--others`; `--test` is only measured.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import models, paths
from app.drawing import load_drawings, pictures_of
from app.fixedpoint import IntegerModel, Sureness, load, save_sureness
from app.training.calibration import calibrate, leads
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
Curve = tuple[list[float], list[float], list[float]]


def main() -> None:
    """Measure every model and write files, figures and picture."""
    options = _parser().parse_args()
    sets = _sets(options)
    figures: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
    rows: dict[str, Any] = {}
    curves: dict[str, Curve] = {}
    for name, model in models.MODELS.items():
        integers = load(model.integers_path)
        sureness = calibrate(integers, *sets["held_out"], sets["signs"][0], ABOUT)
        if not options.before:
            save_sureness(sureness, model.sureness_path)
        rows[name] = _row(integers, sureness, sets)
        curves[name] = _curve(integers, sureness, sets)
        print(name, json.dumps(rows[name]))
    figures["before" if options.before else "now"] = rows
    figures["sizes"] = {name: len(images) for name, (images, _) in sets.items()}
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if not options.before:
        _draw(curves, PICTURE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="MNIST")
    parser.add_argument("--pens", type=Path, nargs="+", required=True, help="pen files that were trained on")
    parser.add_argument("--others", type=Path, nargs="+", required=True, help="signs that were trained on")
    parser.add_argument("--test", type=Path, required=True, help="digits of people who were not")
    parser.add_argument("--before", action="store_true", help="keep the figures as those to compare with")
    return parser


def _sets(options: argparse.Namespace) -> dict[str, Labelled]:
    """Pictures and labels of every set, by name."""
    mnist = load_mnist(options.data)
    digits = _unseen(joined([load_pens(path, digits=True) for path in options.pens]))
    signs = _unseen(joined([load_pens(path, digits=False) for path in options.others]))
    test = load_pens(options.test, digits=True)
    return {
        "mnist": (mnist.x_test, mnist.y_test),
        "test": (as_written(test), test.labels),
        "held_out": (as_written(digits), digits.labels),
        "drawn": pictures_of(load_drawings(ROOT / "tests" / "data" / "drawn.json")),
        "signs": (as_written(signs), signs.labels),
    }


def _unseen(pens: PenSet) -> PenSet:
    return chosen(pens, pens.held_out())


def _row(model: IntegerModel, sureness: Sureness, sets: dict[str, Labelled]) -> dict[str, float]:
    """Shares from 0 to 1: read rightly on each set of digits; sure of what is read, and of signs."""
    row: dict[str, float] = {}
    for name in ("mnist", "test", "held_out", "drawn"):
        row[name] = float((model.classify(sets[name][0]) == sets[name][1]).mean())
    read, of_test = leads(model, sets["test"][0])
    right = read == sets["test"][1]
    _, of_signs = leads(model, sets["signs"][0])
    of_right = sorted(lead for lead, good in zip(of_test, right, strict=True) if good)
    of_wrong = [lead for lead, good in zip(of_test, right, strict=True) if not good]
    goal = of_right[int(0.03 * len(of_right))]
    row["sure_of_right"] = _share(of_right, sureness.threshold)
    row["sure_of_wrong"] = _share(of_wrong, sureness.threshold)
    row["sure_of_signs"] = _share(of_signs, sureness.threshold)
    row["sure_of_signs_at_97"] = _share(of_signs, goal)
    return row


def _share(leads_: list[int], threshold: int) -> float:
    return sum(lead >= threshold for lead in leads_) / max(1, len(leads_))


def _curve(model: IntegerModel, sureness: Sureness, sets: dict[str, Labelled]) -> Curve:
    """The sureness of rightly read digits of the test set, of wrongly read ones, and of signs."""
    read, of_test = leads(model, sets["test"][0])
    _, of_signs = leads(model, sets["signs"][0])
    right = read == sets["test"][1]

    def values(found: list[int]) -> list[float]:
        odds = np.array([(lead - sureness.middle) / sureness.width for lead in found], np.float64)
        return sorted((1.0 / (1.0 + np.exp(-np.clip(odds, -700, 700)))).tolist())

    return (
        values([lead for lead, good in zip(of_test, right, strict=True) if good]),
        values([lead for lead, good in zip(of_test, right, strict=True) if not good]),
        values(of_signs),
    )


def _draw(curves: dict[str, Curve], path: Path) -> None:
    """For each model the share of digits and of signs with at least each sureness; and how right they are."""
    pyplot = import_pyplot()
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(2, len(curves), figsize=(3.1 * len(curves), 6), dpi=120, sharey="row")
        for column, (name, (right, wrong, signs)) in enumerate(curves.items()):
            above, below = axes[:, column]
            for values, colour, words in (
                (right, BLUE, "digits read rightly"),
                (signs, ORANGE, "other signs"),
            ):
                shares = 100 * (1 - np.arange(len(values)) / len(values))
                above.plot(values, shares, color=colour, linewidth=1.8, label=words)
            above.set_title(name)
            above.set_xlim(0, 1)
            _reliability(below, np.array(right), np.array([*wrong, *signs]))
            for one in (above, below):
                one.grid(color=LINE, linewidth=0.6)
                one.tick_params(length=0)
                one.set_xlabel("sureness")
        axes[0, 0].set_ylabel("share at least as sure, %")
        axes[0, 0].legend(frameon=False, fontsize=8)
        axes[1, 0].set_ylabel("rightly read digits among such, %")
        figure.tight_layout()
        figure.savefig(path)
        pyplot.close(figure)


def _reliability(axes: Any, right: NDArray[np.float64], others: NDArray[np.float64]) -> None:
    """Share of digits, both kinds weighing the same, against the sureness that was said."""
    edges = np.linspace(0, 1, 11)
    counts = (
        np.histogram(right, edges)[0] / max(1, len(right)),
        np.histogram(others, edges)[0] / max(1, len(others)),
    )
    both = counts[0] + counts[1]
    shown = both > 0.002
    axes.plot([0, 1], [0, 100], color=FAINT, linewidth=0.8, linestyle=":")
    axes.plot(
        ((edges[1:] + edges[:-1]) / 2)[shown], 100 * counts[0][shown] / both[shown], "o-", color=BLUE, ms=4
    )
    axes.set_xlim(0, 1)


if __name__ == "__main__":
    main()
