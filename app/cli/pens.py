"""`pens`: handwriting of public collections made into a pen file, which `train` takes."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from app.cli import OK
from app.cli.output import out, print_json, reporting
from app.progress import Pace
from app.training.pens import save_pens
from app.training.unipen import CLEAR_SIGNS, Written, pen_set, read_unipen


def convert(options: argparse.Namespace) -> int:
    """Read UNIPEN files, or UCI's raw pen digits, and write one pen file."""
    read: list[tuple[str, list[Written]]] = []
    with reporting(options) as report:
        pace = Pace(len(options.files))
        for path in options.files:
            report(f"Reading {path.name}", pace.share)
            source = options.source or _folder_name(path)
            read.append((source, read_unipen(path, options.include, y_down=options.y_down)))
            pace.step()
        signs = frozenset(options.signs) if options.signs else CLEAR_SIGNS
        pens = pen_set(read, digits=not options.others, signs=signs)
        report(f"Writing {options.output}")
        save_pens(pens, options.output)
    people = {(str(source), int(writer)) for source, writer in zip(pens.source, pens.writer, strict=True)}
    labels, counts = np.unique(pens.labels, return_counts=True)
    each = {str(label): int(count) for label, count in zip(labels, counts, strict=True)}
    if options.json:
        print_json(
            {"file": str(options.output), "characters": len(pens), "writers": len(people), "each": each}
        )
        return OK
    out.print(f"characters   {len(pens):,} of {len(people):,} writers")
    out.print("of each      " + "  ".join(f"{label} {count}" for label, count in each.items()), markup=False)
    out.print(f"written to   {options.output}", markup=False)
    return OK


def _folder_name(path: Path) -> str:
    """The collection a file belongs to, unless it is named: UNIPEN has a folder of each donor."""
    return path.resolve().parent.name[:16] or "pens"
