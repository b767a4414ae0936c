"""`evaluate --all`: every model that ships, in one table."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from app import models, paths
from app.bench import measures as measured
from app.chain.backends.rpc import Rpc
from app.cli import OK
from app.cli.files import made_folder, write_whole
from app.cli.options import data_set
from app.cli.output import Reporter, out, print_json, reporting
from app.contract.classifier import program_for
from app.contract.local import needs_raised_policy
from app.drawing import load_drawings, pictures_of, rasterise, to_mnist
from app.fixedpoint import load
from app.floats.judge import FloatJudge
from app.models import Model
from app.script import Kind
from app.training.data import load_mnist

Row = dict[str, Any]
Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]

_PAGE = """\
# The models, side by side

`inkproof evaluate --all --output docs/models.md` measures every model that ships and writes this page.

{table}

*MNIST* is accuracy on {images} test images: of the float model, and of the integer engine, which the
contract follows bit for bit. *Same class* is the share of these images on which the two agree. *Drawn* is the
integer engine's accuracy on {drawings}. *Script* is the whole locking script of the packed
contract, *node* the time of one spend by `verifyscript` in a Bitcoin SV node without time limits, on the
machine that wrote this page. Where the policy is *raised*, a default node refuses the script for its size.

`compact` has no float model of its own: it is trained in integers of a few bits, and the float judge beside
it is the one of `handwriting`. `mlp-8bit` is `mlp` with its weights rounded to 8 bits. The
integers of `cnn` are trained on from its float model, so the two are different models of one shape.

The arithmetic of each in Script has a page: [packed lanes](arithmetic.md) for `handwriting`, `source` and
`mlp`, [few bits](few-bits.md) for `compact` and `mlp-8bit`, [convolutions](convolution.md) for `cnn`.

What the sources claim of their models: {claims}. Their recipes
are followed literally, by `inkproof train --recipe NAME`.
"""


def evaluate_all(options: argparse.Namespace) -> int:
    """Measure every model; print the table, and write it as a page if `--output` names a file."""
    if options.output is not None:
        made_folder(options.output.parent)
    with reporting(options.json) as report, measured.home_of_its_own():
        report("Reading the images")
        data = load_mnist(data_set(options))
        images, labels = data.x_test[: options.limit], data.y_test[: options.limit].astype(np.int64)
        drawn = _drawn(options)
        with measured.unlimited_node().lease(report) as rpc:
            rows = [_row(model, images, labels, drawn, rpc, report) for model in models.MODELS.values()]
    if options.output is not None:
        write_whole(options.output, _page(rows, len(images), len(drawn[1]) if drawn else 0))
    if options.json:
        print_json({"images": len(images), "drawings": len(drawn[1]) if drawn else 0, "models": rows})
    else:
        for line in _lines(rows):
            out.print("  ".join(line))
    return OK


def _drawn(options: argparse.Namespace) -> tuple[Images, Labels] | None:
    """Drawn digits: the file that is named, or in a source tree the project's own."""
    own = paths.resources() / "tests" / "data" / "drawn.json"
    file = options.drawings or (own if own.is_file() else None)
    if file is None:
        return None
    return pictures_of(load_drawings(file)[: options.limit])


def _row(
    model: Model,
    images: Images,
    labels: Labels,
    drawn: tuple[Images, Labels] | None,
    rpc: Rpc,
    report: Reporter,
) -> Row:
    integers = load(model.integers_path)
    report(f"{model.name}: running its contract in a node without time limits")
    picture = to_mnist(rasterise(measured.SEVEN))
    contract = measured.contract_figures(integers, picture, rpc, Kind.PACKED)
    report(f"{model.name}: loading the float model")
    judge = FloatJudge.load(model.float_path)
    reading = partial(report, f"{model.name}: reading with both engines")
    floating, fixed = measured.read_with_both(integers, judge, images, reading)
    own_float = model.judge == model.folder
    return {
        "model": model.name,
        "sha256": integers.sha256,
        "architecture": integers.architecture,
        "parameters": integers.parameters,
        "float_accuracy": float((floating == labels).mean()) if own_float else None,
        "fixed_accuracy": float((fixed == labels).mean()),
        "agreement": float((floating == fixed).mean()),
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
    "drawn",
    "script, bytes",
    "node, ms",
    "policy",
    "source claims",
)
_TEXTS = {0, 1, 9, 10}  # columns of words; the others are figures and stand to the right


def _cells(row: Row) -> tuple[str, ...]:
    def share(value: float | None) -> str:
        return "–" if value is None else f"{value:.2%}".replace("%", " %")

    return (
        row["model"],
        row["architecture"],
        f"{row['parameters']:,}",
        share(row["float_accuracy"]),
        share(row["fixed_accuracy"]),
        share(row["agreement"]),
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


def _page(rows: list[Row], images: int, drawings: int) -> str:
    titles, *lines = _lines(rows)
    rule = [
        "-" * len(title) if column in _TEXTS else "-" * (len(title) - 1) + ":"
        for column, title in enumerate(titles)
    ]
    table = "\n".join(f"| {' | '.join(line)} |" for line in [titles, rule, *lines])
    claims = ", ".join(f"`{row['model']}` {row['claim']}" for row in rows if row["claim"])
    drawn = f"{drawings} digits drawn in many styles" if drawings else "drawn digits (none were at hand)"
    return _PAGE.format(table=table, images=f"{images:,}", drawings=drawn, claims=claims)
