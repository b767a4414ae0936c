"""`import` and `models`: models that the user brings."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from app import models
from app.bench import measures as measured
from app.cli import OK
from app.cli.contract import margins_json
from app.cli.options import data_set
from app.cli.output import Reporter, out, print_json, printable, reporting
from app.contract import contract_for
from app.contract.margins import margin_lines
from app.drawing import rasterise, to_mnist
from app.errors import ModelError
from app.fixedpoint import IntegerModel, load
from app.importing.importer import import_file
from app.importing.report import lines
from app.models import Model
from app.script import Kind
from app.training.data import load_mnist

__all__ = ["import_model", "imported_name", "list_models", "remove_model", "show_model", "train_own"]


def import_model(options: argparse.Namespace) -> int:
    """Import a model file, measure it, and print its table."""
    with reporting(options) as report:
        model = import_file(
            options.file,
            options.name,
            bits=options.bits,
            pixels=options.pixels,
            scrypt=options.scrypt,
            data=data_set(options),
            time_in_node=None if options.no_node else lambda integers: _milliseconds(integers, report),
            progress=report,
        )
    if options.json:
        print_json(_json(model))
        return OK
    out.print(f"{model.name}: imported from {printable(str(options.file))}")
    for line in lines(model.meta):
        out.print(line)
    out.print(f"\nuse it: inkproof verify IMAGE --model {model.name}")
    return OK


def train_own(options: argparse.Namespace) -> int:
    """Train a model of the layers that are named, and keep it among the person's own."""
    from app.training.own import EPOCHS, filters_of, widths_of
    from app.training.own import train_own as train

    hidden = widths_of(options.layers) if options.layers else ()
    filters = filters_of(options.conv) if options.conv else ()
    shape = "-".join(part for part in (options.conv, options.layers) if part)
    name = models.checked_name(options.name or shape.replace(",", "-"))
    if name in models.available():
        raise ModelError(
            f"There is a model called {name!r} already.", hint="Choose another name with --name."
        )
    file = data_set(options)
    with reporting(options) as report, tempfile.TemporaryDirectory() as folder:
        report("Reading the images")
        data = load_mnist(file)
        epochs = options.epochs or EPOCHS
        path = Path(folder) / f"{name}.keras"
        train(hidden, filters, data, seed=options.seed, epochs=epochs, progress=report).save(path)
        model = import_file(path, name, pixels="0..1", data=file, progress=report)
    if options.json:
        print_json(_json(model))
        return OK
    for line in [f"{model.name}: trained", *lines(model.meta)]:
        out.print(line)
    out.print(f"\nuse it: inkproof verify IMAGE --model {model.name}")
    return OK


def imported_name(options: argparse.Namespace) -> str:
    """The name of the model whose file is given as --model; it is imported if it was not yet."""
    path = Path(options.model)
    known = models.imported_from(path)
    if known is not None:
        return known.name
    how = argparse.Namespace(json=getattr(options, "json", False), quiet=getattr(options, "quiet", False))
    with reporting(how) as report:
        model = import_file(path, progress=report)
        report.note(f"{printable(path.name)} is imported as {model.name}: inkproof models show {model.name}")
    return model.name


def _milliseconds(integers: IntegerModel, report: Reporter) -> float:
    """Time of one spend in a node without time limits, on a chain of its own."""
    report("Running its contract in a node")
    picture = to_mnist(rasterise(measured.SEVEN))
    with measured.temporary_home(), measured.unlimited_node().lease(report) as rpc:
        return float(measured.contract_figures(integers, picture, rpc, Kind.PACKED)["node_milliseconds"])


def list_models(options: argparse.Namespace) -> int:
    """Every model, those that ship first; damaged ones are listed too."""
    found, broken = models.available(), models.damaged()
    if options.json:
        rows = [_json(model) for model in found.values()]
        print_json({"models": rows, "damaged": {str(folder): why for folder, why in broken.items()}})
        return OK
    width = max(len(name) for name in found)
    out.print(f"{'model':<{width}}  {'right':>8}  {'script, bytes':>13}  what it is")
    for name, model in found.items():
        known = model.figures
        right, size = (f"{known.accuracy:.2%}", f"{known.script_bytes:,}") if known else ("–", "–")
        out.print(f"{name:<{width}}  {right:>8}  {size:>13}  {printable(model.summary)}")
    for folder, why in broken.items():
        out.print(f"damaged: {printable(str(folder))}. {printable(why)} Remove it by hand.")
    return OK


def show_model(options: argparse.Namespace) -> int:
    """What was measured of one model."""
    model = models.named(options.name)
    margins = _margins_of_shipped(model) if model.root is None else []
    if options.json:
        print_json(_json(model) | ({"margins": margins} if margins else {}))
        return OK
    out.print(f"{model.name}: {printable(model.summary)}")
    if model.root is None:
        known = model.figures
        if known is not None:
            out.print(
                f"{known.accuracy:.2%} of MNIST's test images in {known.script_bytes:,} bytes of Script"
            )
        out.print("It ships with Inkproof; docs/models.md compares all of these.\n")
        for line in margin_lines(margins):
            out.print(line)
        return OK
    for line in lines(model.meta):
        out.print(printable(line))
    out.print(f"\nsha256           {model.root.name}")
    out.print(f"kept in          {printable(str(model.root))}")
    return OK


def _margins_of_shipped(model: Model) -> list[dict[str, Any]]:
    return margins_json(contract_for(load(model.integers_path), bytes(20)), model)


def remove_model(options: argparse.Namespace) -> int:
    """Delete an imported model."""
    model = models.remove(options.name)
    if options.json:
        print_json({"removed": model.name})
    else:
        out.print(f"Removed {model.name}. Contracts that were deployed with it stay on their chains.")
    return OK


def _json(model: Model) -> dict[str, Any]:
    known = model.figures
    facts: dict[str, Any] = {
        "name": model.name,
        "summary": model.summary,
        "ships": model.root is None,
        "sha256": known.sha256 if known else None,
        "accuracy": known.accuracy if known else None,
        "script_bytes": known.script_bytes if known else None,
        "raised": model.raised,
        "kinds": list(model.kinds),
    }
    if model.root is not None:
        facts |= {key: value for key, value in model.meta.items() if key not in facts and key != "format"}
        facts["folder"] = str(Path(model.root))
    return facts
