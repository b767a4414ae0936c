"""`bench`: the command around `app.bench.everything`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from app import models
from app.bench.everything import measure
from app.bench.measures import Figures, margins_in, temporary_home
from app.bench.plot import draw
from app.bench.throughput import chain_figures
from app.cli import OK
from app.cli.files import made_folder, write_whole
from app.cli.options import model_of
from app.cli.output import out, print_json, reporting
from app.contract.margins import margin_lines
from app.errors import DataError
from app.fixedpoint import load
from app.training.data import load_mnist

_SHARES = ("accuracy", "spread")
"""What ends the names of figures that are shares of 1."""


def run(options: argparse.Namespace) -> int:
    """Measure, print, and write `bench.json` and `bench.png` if a folder is named."""
    if options.count is not None and options.chain is None:
        raise DataError("--count counts the images of --chain.", hint="Name a data set: --chain mnist.npz.")
    data = None if options.chain is None else load_mnist(options.chain)
    if options.output is not None:
        made_folder(options.output)
    with reporting(options) as report, temporary_home():
        figures = measure(report)
        if data is not None:
            model = load(model_of(options).integers_path)
            images, labels = data.x_test[: options.count], data.y_test[: options.count].astype("int64")
            figures["test_set"] = chain_figures(model, images, labels, report)
    if options.output is not None:
        write_whole(options.output / "bench.json", json.dumps(figures, indent=1) + "\n")
        draw(figures, options.output / "bench.png")
    if options.json:
        print_json(figures)
    else:
        _show(figures)
    return OK


def _show(figures: Figures) -> None:
    packed, unrolled = figures["contracts"]["packed"], figures["contracts"]["unrolled"]
    out.print(f"{figures['machine']}; medians\n")
    out.print(f"{'contract':<34}{'packed':>12}{'unrolled':>12}{'ratio':>10}")
    for key, name in (
        ("script_bytes", "locking script, bytes"),
        ("opcodes", "opcodes executed"),
        ("node_milliseconds", "time in the node, ms"),
        ("bitcoinx_milliseconds", "time in bitcoinX, ms"),
        ("fee_at_1", "deployment at 1 sat/kB, satoshis"),
        ("fee_at_100", "deployment at 100 sat/kB, satoshis"),
    ):
        ratio = figures["packed_over_unrolled"][key]
        out.print(f"{name:<34}{_number(packed[key]):>12}{_number(unrolled[key]):>12}{ratio:>10.3f}")
    out.print(f"{'weights alone, bytes':<34}{figures['model']['information_bytes']:>12,}\n")
    out.print(f"{'packed contracts':<20}{'bytes':>12}{'opcodes':>10}{'node, ms':>10}{'bitcoinX, ms':>14}")
    for name, row in figures["models"].items():
        size, opcodes = _number(row["script_bytes"]), _number(row["opcodes"])
        node, interpreter = _number(row["node_milliseconds"]), _number(row["bitcoinx_milliseconds"])
        out.print(f"{name:<20}{size:>12}{opcodes:>10}{node:>10}{interpreter:>14}")
    contracts = figures["models"] | {f"{models.DEFAULT}, unrolled": unrolled}
    for name, row in contracts.items():
        out.print(f"\n{name}")
        for line in margin_lines([margin.as_json() for margin in margins_in(row)]):
            out.print(f"  {line}")
    out.print()
    for title in ("engines", "drawing", "submission", "window", "test_set"):
        if title not in figures:
            continue
        out.print(title.replace("_", " "))
        for key, value in _flat(figures[title]):
            out.print(f"  {key.replace('_', ' '):<32}{_shown(key, value):>12}")


def _flat(figures: Figures) -> Iterator[tuple[str, Any]]:
    """All figures with their names, those of a group with the group's name before their own."""
    for key, value in figures.items():
        if isinstance(value, dict):
            yield from ((f"{key} {inner}", figure) for inner, figure in _flat(value))
        else:
            yield key, value


def _shown(key: str, value: Any) -> str:
    if key.endswith(_SHARES):
        return f"{value:.2%}"
    return _number(value) if isinstance(value, (int, float)) else str(value)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
