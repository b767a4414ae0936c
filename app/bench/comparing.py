"""Every model that ships, measured side by side: `inkproof evaluate --all` and docs/models.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app import models, paths
from app.bench.measures import SEVEN, contract_figures, read_with_both, unlimited_node
from app.chain.backends.rpc import Rpc
from app.contract.classifier import program_for
from app.contract.rules import needs_raised_policy
from app.drawing import load_drawings, pictures_of, rasterise, to_mnist
from app.fixedpoint import load
from app.floats.judge import FloatJudge
from app.models import Model
from app.progress import Progress
from app.script import Kind
from app.training.data import load_mnist
from app.training.pens import chosen, load_pens
from app.training.penwork import as_written

__all__ = ["Comparison", "compare"]

Row = dict[str, Any]
Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Examples = tuple[Images, Labels]
"""Images (n, 28, 28) and the digits that they show (n,)."""

_PAGE = """\
# The models, side by side

`inkproof evaluate --all --output docs/models.md` measures every model that ships and writes this page.

{table}

*MNIST* is accuracy on {images} test images: of the float model, and of the integer engine, which the
contract follows bit for bit. *Same class* is the share of these images on which the two agree. *Pens* is the
integer engine's accuracy on {pens} that 14 people wrote with a pen on a tablet, none of whom any training has
seen (UCI, Pen-Based Recognition of Handwritten Digits); *drawn* on {drawings}, by a program: a regression
set, no figure to quote. *Script* is the whole locking script of the packed
contract, *node* the time of one spend by `verifyscript` in a Bitcoin SV node without time limits, on the
machine that wrote this page. Where the policy is *raised*, a default node refuses the script for its size.

`mlp-8bit` is `mlp` with its weights rounded to 8 bits. The integers of `compact` and `cnn` are trained on
from their float models, so the two are different models of one shape.

The arithmetic of each in Script has a page: [packed lanes](arithmetic.md) for `handwriting`, `source` and
`mlp`, [few bits](few-bits.md) for `mlp-8bit`, [convolutions](convolution.md) for `compact` and `cnn`.

What the sources claim of their models: {claims}. The recipes of `source` and `mlp` are followed
literally, by `inkproof train --recipe NAME --output DIR`; `cnn` keeps its source's layers, and is trained as
`handwriting` and `compact` are, on MNIST and on pens ([how](real-hands.md)).
"""


@dataclass(frozen=True)
class Comparison:
    """What was measured: a row per model, on `images` test images, `pens` digits of people whom no
    training has seen, and `drawings` drawn digits.
    """

    images: int
    pens: int
    drawings: int
    rows: list[Row]

    def as_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {
            "images": self.images,
            "pens": self.pens,
            "drawings": self.drawings,
            "models": self.rows,
        }

    def lines(self) -> list[str]:
        """The table as text, the titles first."""
        return ["  ".join(line) for line in _lines(self.rows)]

    def page(self) -> str:
        """The table as a page in Markdown."""
        titles, *lines = _lines(self.rows)
        rule = [
            "-" * len(title) if column in _TEXTS else "-" * (len(title) - 1) + ":"
            for column, title in enumerate(titles)
        ]
        table = "\n".join(f"| {' | '.join(line)} |" for line in [titles, rule, *lines])
        claims = ", ".join(f"`{row['model']}` {row['claim']}" for row in self.rows if row["claim"])
        drawn = "drawn digits (none were available)"
        if self.drawings:
            drawn = f"{self.drawings} digits drawn in many styles"
        pens = f"{self.pens:,} digits" if self.pens else "digits (none were available)"
        return _PAGE.format(table=table, images=f"{self.images:,}", pens=pens, drawings=drawn, claims=claims)


def compare(
    data: Path | None,
    pens: Path | None,
    drawings: Path | None,
    limit: int | None,
    progress: Progress,
    entries: Iterable[Model] | None = None,
) -> Comparison:
    """Measure models on MNIST's test images, pen digits and drawn digits, and their contracts in a node.

    `data`: MNIST's file, None for Keras's download. `pens`: a pen file. `drawings`: a stroke file, None for
    the project's own. `limit`: the first images only. `entries`: the models, None for all that ship.
    """
    progress("Reading the images", None)
    mnist = load_mnist(data)
    examples = mnist.x_test[:limit], mnist.y_test[:limit].astype(np.int64)
    drawn = _drawn(drawings, limit)
    hands = None if pens is None else _pens(pens, limit)
    wanted = models.MODELS.values() if entries is None else entries
    with unlimited_node().lease(progress) as rpc:
        rows = [_row(model, examples, hands, drawn, rpc, progress) for model in wanted]
    return Comparison(len(examples[0]), len(hands[0]) if hands else 0, len(drawn[0]) if drawn else 0, rows)


def _pens(path: Path, limit: int | None) -> Examples:
    """The digits of a pen file, as the window would show them to the judges."""
    pens = load_pens(path, digits=True)
    pens = chosen(pens, np.arange(len(pens)) < (len(pens) if limit is None else limit))
    return as_written(pens), pens.labels.astype(np.int64)


def _drawn(named: Path | None, limit: int | None) -> Examples | None:
    """Drawn digits: the file that is named, or in a source tree the project's own."""
    own = paths.resources() / "tests" / "data" / "drawn.json"
    file = named or (own if own.is_file() else None)
    return None if file is None else pictures_of(load_drawings(file)[:limit])


def _row(
    model: Model,
    examples: Examples,
    hands: Examples | None,
    drawn: Examples | None,
    rpc: Rpc,
    progress: Progress,
) -> Row:
    images, labels = examples
    integers = load(model.integers_path)
    progress(f"{model.name}: running its contract in a node without time limits", None)
    contract = contract_figures(integers, to_mnist(rasterise(SEVEN)), rpc, Kind.PACKED)
    progress(f"{model.name}: loading the float model", None)
    judge = FloatJudge.load(model.float_path)
    reading = partial(progress, f"{model.name}: reading with both engines")
    by_float, by_integer = read_with_both(integers, judge, images, reading)
    return {
        "model": model.name,
        "sha256": integers.sha256,
        "architecture": integers.architecture,
        "parameters": integers.parameters,
        "float_accuracy": float((by_float == labels).mean()),
        "integer_accuracy": float((by_integer == labels).mean()),
        "agreement": float((by_float == by_integer).mean()),
        "pen_accuracy": float((integers.classify(hands[0]) == hands[1]).mean()) if hands else None,
        "drawn_accuracy": float((integers.classify(drawn[0]) == drawn[1]).mean()) if drawn else None,
        "script_bytes": contract["script_bytes"],
        "node_milliseconds": contract["node_milliseconds"],
        "policy": "raised" if needs_raised_policy(program_for(integers, Kind.PACKED)) else "default",
        "claim": model.claim or None,
    }


_TITLES = (
    "model",
    "layers",
    "parameters",
    "MNIST, float",
    "MNIST, integer",
    "same class",
    "pens",
    "drawn",
    "script, bytes",
    "node, ms",
    "policy",
    "source claims",
)
_TEXTS = {0, 1, 10, 11}  # columns of words; the others are figures, aligned to the right


def _cells(row: Row) -> tuple[str, ...]:
    def share(value: float | None) -> str:
        return "–" if value is None else f"{value:.2%}".replace("%", " %")

    return (
        row["model"],
        row["architecture"],
        f"{row['parameters']:,}",
        share(row["float_accuracy"]),
        share(row["integer_accuracy"]),
        share(row["agreement"]),
        share(row["pen_accuracy"]),
        share(row["drawn_accuracy"]),
        f"{row['script_bytes']:,}",
        f"{row['node_milliseconds']:.1f}",
        row["policy"],
        row["claim"] or "–",
    )


def _lines(rows: list[Row]) -> list[list[str]]:
    """The table as padded cells, the titles first."""
    cells = [_TITLES, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_TITLES))]
    return [
        [
            cell.ljust(width) if column in _TEXTS else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        for line in cells
    ]
