"""`bench`: every figure that is claimed, measured in one run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from app import __version__, models, paths
from app.bench import measures as measured
from app.bench.plot import draw
from app.cli import OK
from app.cli.files import made_folder, write_whole
from app.cli.output import Reporter, out, print_json, reporting
from app.drawing import rasterise, to_mnist
from app.fixedpoint import load
from app.floats.judge import FloatJudge
from app.picture import SIDE
from app.script import Kind

Figures = dict[str, Any]
_BATCH = 10_000


def run(options: argparse.Namespace) -> int:
    """Measure, print, and write `bench.json` and `bench.png` if a folder is named."""
    if options.output is not None:
        made_folder(options.output)
    with reporting(options.json) as report, measured.home_of_its_own():
        figures = _measure(report)
    if options.output is not None:
        write_whole(options.output / "bench.json", json.dumps(figures, indent=1) + "\n")
        draw(figures, options.output / "bench.png")
    if options.json:
        print_json(figures)
    else:
        _show(figures)
    return OK


def _measure(report: Reporter) -> Figures:
    model = load(paths.model_folder() / "integers.npz")
    image = to_mnist(rasterise(measured.SEVEN))
    report("Submitting to a node with default policy")
    submission = measured.submission_figures(model, image)
    report("Running both forms of the contract in a node without time limits")
    with measured.unlimited_node().lease(report) as rpc:
        contracts = {
            kind.value: measured.contract_figures(model, image, rpc, kind)
            for kind in (Kind.PACKED, Kind.UNROLLED)
        }
        contract_of = {models.DEFAULT: contracts[Kind.PACKED.value]}
        for entry in models.MODELS.values():
            if entry.name not in contract_of:
                report(f"Running the packed contract of {entry.name}")
                other = load(entry.integers_path)
                contract_of[entry.name] = measured.contract_figures(other, image, rpc, Kind.PACKED)
    report("Loading the float model (TensorFlow)")
    judge = FloatJudge.load(paths.model_folder() / "model.keras")
    report("Reading with both engines")
    noise = np.random.default_rng(1).integers(0, 256, (_BATCH, SIDE, SIDE), dtype=np.uint8)
    engines = measured.engine_figures(model, judge, np.concatenate([image[None], noise[1:]]))
    drawing = measured.drawing_figures(model, measured.SEVEN)
    report("Opening the window")
    return {
        "version": __version__,
        "machine": _machine(),
        "model": {
            "architecture": model.architecture,
            "sha256": model.sha256,
            "information_bytes": measured.information_bound(model),
        },
        "contracts": contracts,
        "packed_over_unrolled": _ratios(contracts),
        "models": contract_of,
        "engines": engines,
        "drawing": drawing,
        "submission": submission,
        "window": _window(),
    }


def _machine() -> str:
    system, cores = f"{platform.system()} {platform.machine()}", os.cpu_count()
    return f"{system}, {cores} cores, Python {platform.python_version()}"


def _ratios(contracts: Figures) -> Figures:
    """Packed divided by unrolled, key by key."""
    packed, unrolled = contracts[Kind.PACKED.value], contracts[Kind.UNROLLED.value]
    return {key: packed[key] / unrolled[key] for key in packed}


def _window() -> Figures:
    """What the window measures of itself, in a process of its own as a start is one."""
    done = subprocess.run(
        [sys.executable, "-m", "app.bench.window"], capture_output=True, text=True, timeout=180, check=True
    )
    return dict(json.loads(done.stdout[done.stdout.index("{") :]))


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
        ("fee_at_50", "deployment at 50 sat/kB, satoshis"),
    ):
        ratio = figures["packed_over_unrolled"][key]
        out.print(f"{name:<34}{_number(packed[key]):>12}{_number(unrolled[key]):>12}{ratio:>10.3f}")
    out.print(f"{'weights alone, bytes':<34}{figures['model']['information_bytes']:>12,}\n")
    out.print(f"{'packed contracts':<20}{'bytes':>12}{'opcodes':>10}{'node, ms':>10}{'bitcoinX, ms':>14}")
    for name, row in figures["models"].items():
        size, opcodes = _number(row["script_bytes"]), _number(row["opcodes"])
        node, interpreter = _number(row["node_milliseconds"]), _number(row["bitcoinx_milliseconds"])
        out.print(f"{name:<20}{size:>12}{opcodes:>10}{node:>10}{interpreter:>14}")
    out.print()
    for title in ("engines", "drawing", "submission", "window"):
        out.print(title)
        for key, value in _flat(figures[title]):
            shown = _number(value) if isinstance(value, (int, float)) else str(value)
            out.print(f"  {key.replace('_', ' '):<32}{shown:>12}")


def _flat(figures: Figures) -> Iterator[tuple[str, Any]]:
    """Figures one after another, those of a group with its name before theirs."""
    for key, value in figures.items():
        if isinstance(value, dict):
            yield from ((f"{key} {inner}", figure) for inner, figure in _flat(value))
        else:
            yield key, value


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
