"""What was measured of an imported model: lines for a terminal, JSON, a page, and a picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from app.contract.margins import COLUMNS, margin_lines, margin_rows
from app.errors import InkproofError

__all__ = ["SETS", "lines", "page", "write_report"]

SETS = {"mnist": "MNIST test images", "digits": "digits that ship"}
"""Sets of known digits by their name in the record."""


def lines(meta: Mapping[str, Any]) -> list[str]:
    """The table, a line each: accuracy by set, then the contract's margins, then what the person should
    know."""
    found = [f"layers           {meta['architecture']}, {meta['parameters']:,} parameters"]
    found.append(f"pixels           {meta['pixels']}")
    found.append(f"weights          {_weights(meta)}")
    found.append(f"policy           {_policy(meta)}")
    found += ["", f"{'read right':<24}{'images':>8}{'float':>10}{'integer':>10}{'agree':>10}"]
    for name, figures in meta["measured"].items():
        shares = "".join(
            f"{figures[key]:>10.2%}" for key in ("float_accuracy", "integer_accuracy", "agreement")
        )
        found.append(f"{SETS.get(name, name):<24}{figures['images']:>8,}{shares}")
    found += ["", *margin_lines(meta["margins"])]
    return [*found, *([""] if meta["notes"] else []), *meta["notes"]]


def page(meta: Mapping[str, Any]) -> str:
    """The same as a page in Markdown."""
    rows = [
        f"# {meta['file']}",
        "",
        f"Imported from `{meta['file']}` (SHA-256 `{meta['file_sha256']}`).",
        "",
        f"* layers: {meta['architecture']}, {meta['parameters']:,} parameters",
        f"* pixels mean: {meta['pixels']}",
        f"* weights: {_weights(meta)}",
        f"* policy: {_policy(meta)}",
        *(f"* {note}" for note in meta["notes"]),
        "",
        "| digits | images | float | integer | agree |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, figures in meta["measured"].items():
        shares = " | ".join(
            f"{figures[key]:.2%}" for key in ("float_accuracy", "integer_accuracy", "agreement")
        )
        rows.append(f"| {SETS.get(name, name)} | {figures['images']:,} | {shares} |")
    rows += ["", f"| {' | '.join(COLUMNS)} |", "|---|--:|--:|--:|"]
    rows += [f"| {' | '.join(row)} |" for row in margin_rows(meta["margins"])]
    return "\n".join(rows) + "\n"


def write_report(meta: Mapping[str, Any], folder: Path) -> None:
    """Write `report.json`, `report.md` and, where matplotlib is installed, `confusion.png`."""
    (folder / "report.json").write_text(json.dumps(dict(meta), indent=1) + "\n", encoding="utf-8")
    (folder / "report.md").write_text(page(meta), encoding="utf-8")
    name, figures = next(iter(meta["measured"].items()))
    counts = np.array(figures["confusion"], np.int64)
    from app.training import report as training

    try:
        pyplot = training.import_pyplot()
    except InkproofError:
        return
    training.draw_confusion(
        pyplot, counts, f"{meta['file']}, {SETS.get(name, name)}", folder / "confusion.png"
    )


def _weights(meta: Mapping[str, Any]) -> str:
    return "at full precision, 10^8" if meta["bits"] is None else f"{meta['bits']} bits"


def _policy(meta: Mapping[str, Any]) -> str:
    return "a node with a raised policy" if meta["raised"] else "a default node takes the contract"
