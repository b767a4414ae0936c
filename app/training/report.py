"""Writes a trained model and what is known about it into a folder: model, figures, two pictures."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import DataError, InkproofError
from app.floats.judge import dense_weights
from app.floats.runtime import versions
from app.training import architecture
from app.training.train import Training

MODEL = "model.keras"
REPORT = "report.json"
CURVES = "curves.png"
CONFUSION = "confusion.png"

INK = "#1f2430"
FAINT = "#8a909c"
LINE = "#d9dce2"
BLUE = "#2f6fdb"
ORANGE = "#e0752d"
PALE = "#eaf1fd"
PAPER = "#ffffff"
STYLE = {
    "axes.edgecolor": LINE,
    "axes.labelcolor": FAINT,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "figure.facecolor": PAPER,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "savefig.facecolor": PAPER,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
}


def write(training: Training, folder: Path, integer_accuracy: float | None = None) -> dict[str, Any]:
    """Write `model.keras`, `report.json`, `curves.png` and `confusion.png`; returns the report's figures.

    `integer_accuracy`: share of the test images that the integer model made from it reads, if measured.
    Each file is written beside its place, then moved over the old one: no reader ever sees half a file.
    """
    pyplot = import_pyplot()
    report = figures(training)
    if integer_accuracy is not None:
        report["integer_test_accuracy"] = integer_accuracy
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as temporary:
            draft = Path(temporary)
            training.model.save(draft / MODEL)
            (draft / REPORT).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
            with pyplot.rc_context(STYLE):
                _draw_curves(pyplot, training, draft / CURVES)
                draw_confusion(pyplot, training.confusion, training.recipe.name, draft / CONFUSION)
            for file in sorted(draft.iterdir()):
                file.replace(folder / file.name)
    except OSError as error:
        raise DataError(
            f"The trained model cannot be written to {folder}.",
            why=f"{error.strerror or error}.",
            hint="Choose a folder you can write to with --output.",
        ) from error
    return report


def figures(training: Training) -> dict[str, Any]:
    """The report as JSON takes it."""
    recipe = training.recipe
    per_class = training.confusion.diagonal() / np.maximum(training.confusion.sum(axis=1), 1)
    return {
        "recipe": recipe.name,
        "summary": recipe.summary,
        "architecture": recipe.architecture,
        "seed": training.seed,
        "epochs": training.epochs,
        "seconds": round(training.seconds, 1),
        "test_accuracy": training.test_accuracy,
        "test_images": int(training.confusion.sum()),
        "class_accuracy": [round(float(value), 6) for value in per_class],
        "teacher_test_accuracy": training.teacher_accuracy,
        "held_out_pen_accuracy": training.pen_accuracy,
        "rows_left_out": training.left_out,
        "confusion": training.confusion.tolist(),
        "weights": _weight_figures(training.model),
        "history": {key: [round(value, 6) for value in values] for key, values in training.history.items()},
        "versions": versions(),
    }


def _weight_figures(model: Any) -> dict[str, Any]:
    weights = dense_weights(model)
    kernel = weights[0][0]
    return {
        "largest_l1": [float(architecture.l1_norms(*pair).max()) for pair in weights],
        "zero_rows": int((kernel == 0).all(axis=1).sum()),
        "rows": int(kernel.shape[0]),
        "parameters": int(model.count_params()),
    }


def import_pyplot() -> ModuleType:
    """matplotlib, drawing into files. InkproofError where it is not installed."""
    try:
        import matplotlib
    except ImportError as error:
        raise InkproofError(
            "The training report needs matplotlib, which is not installed.",
            hint="pip install 'inkproof[train]'",
        ) from error
    # Agg draws into files and needs no screen.
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def _draw_curves(pyplot: ModuleType, training: Training, path: Path) -> None:
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), dpi=150, layout="constrained")
    for axes, measure, title in ((left, "accuracy", "Error, %"), (right, "loss", "Cross-entropy")):
        for name, words, colour in (("train", "training images", BLUE), ("val", "held out", ORANGE)):
            values = np.array(training.history.get(f"{name}_{measure}", []))
            if not len(values):
                continue
            shown = 100.0 * (1.0 - values) if measure == "accuracy" else values
            # Accuracies near one are told apart as errors on a logarithmic axis; zero has no logarithm.
            shown = np.maximum(shown, 1e-3)
            epochs = np.arange(1, len(shown) + 1)
            label = f"{words}: {shown[-1]:.2f}" if measure == "accuracy" else f"{words}: {shown[-1]:.3f}"
            axes.plot(epochs, shown, color=colour, linewidth=1.6, label=label)
        axes.set_yscale("log")
        ticker = pyplot.matplotlib.ticker
        axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
        axes.yaxis.set_minor_locator(ticker.NullLocator())
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.grid(axis="y", color=LINE, linewidth=0.6)
        axes.tick_params(length=0)
        if axes.has_data():
            axes.legend(frameon=False)
    figure.suptitle(
        f"{training.recipe.name}: {100 * training.test_accuracy:.2f} % of the test images",
        x=0.01,
        ha="left",
        color=INK,
        fontsize=13,
    )
    figure.savefig(path)
    pyplot.close(figure)


def draw_confusion(pyplot: ModuleType, counts: NDArray[np.int64], name: str, path: Path) -> None:
    """Draw how often (10, 10) each digit, by row, was read as each, by column; `name`: of model and set."""
    digits = range(len(counts))
    mistakes = counts.astype(float)
    np.fill_diagonal(mistakes, np.nan)
    figure, axes = pyplot.subplots(figsize=(6.4, 6.4), dpi=150, layout="constrained")
    ramp = pyplot.matplotlib.colors.LinearSegmentedColormap.from_list("mistakes", [PAPER, ORANGE])
    colours = ramp.with_extremes(bad=PALE)
    largest = max(1.0, float(np.nanmax(mistakes)))
    axes.imshow(mistakes, cmap=colours, vmin=0, vmax=largest)
    for written in digits:
        for read in digits:
            count, right = int(counts[written, read]), written == read
            if count:
                axes.text(
                    read,
                    written,
                    str(count),
                    ha="center",
                    va="center",
                    color=BLUE if right else INK,
                    fontweight="bold" if right else "normal",
                    fontsize=9 if right else 10,
                )
    axes.set_xticks(digits)
    axes.set_yticks(digits)
    axes.set_xticks(np.arange(len(counts) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(counts) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=LINE, linewidth=0.6)
    axes.tick_params(length=0, which="both", labelcolor=INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlabel("read as")
    axes.set_ylabel("written")
    wrong = int(counts.sum() - np.trace(counts))
    axes.set_title(f"{name}: {wrong} mistakes in {int(counts.sum()):,} images")
    figure.savefig(path)
    pyplot.close(figure)
