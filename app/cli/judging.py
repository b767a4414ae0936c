"""`classify`: images in, verdicts out; and how `verify` too reads images and shows verdicts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.text import Text

from app.chain.service import ChainVerdict
from app.cli import DISAGREE, FAILED, OK
from app.cli.options import model_of
from app.cli.output import err, out, print_json, printable, reporting, show_error
from app.cli.picture import picture
from app.drawing import PictureRead, read_picture, read_picture_bytes
from app.drawing.files import MAX_BYTES
from app.errors import ImageError, InkproofError
from app.fixedpoint import load, load_sureness
from app.floats.judge import FloatJudge
from app.picture import SIDE
from app.verdict import Verdict

Image = npt.NDArray[np.uint8]

_GAP = 3
"""Columns between a picture and what stands to its right."""


@dataclass(frozen=True)
class Picture:
    """A picture of one digit that has been read: its name, and 28x28 uint8."""

    name: str
    pixels: Image


def classify(options: argparse.Namespace) -> int:
    """Both local judges on every image that can be read."""
    pictures, statuses = read_all(options)
    if pictures:
        model = load(model_of(options).integers_path)
        with reporting(options) as report:
            report("Loading the float model (TensorFlow)")
            judge = FloatJudge.load(model_of(options).float_path)
        certainty = load_sureness(model_of(options).sureness_path, model.sha256)
        for item in pictures:
            verdict = Verdict(item.name, judge.read(item.pixels), model.read(item.pixels), None, certainty)
            show(verdict, item.pixels, options.json)
            statuses.append(OK if verdict.agree else DISAGREE)
    return max(statuses)


def read_all(options: argparse.Namespace) -> tuple[list[Picture], list[int]]:
    """The images that can be read, and OK with FAILED for each that cannot; its error is shown at once."""
    pictures: list[Picture] = []
    statuses = [OK]
    for name, reading in _readings(options.images):
        try:
            found = reading()
            pictures.append(Picture(name, found.pixels))
            if found.note:
                err.print(Text(f"{printable(name)}: {found.note}"))
        except InkproofError as error:
            # The message already names the file.
            show_failure(error, name, options.json, named=True)
            statuses.append(FAILED)
    return pictures, statuses


def read_one(name: str) -> npt.NDArray[np.uint8]:
    """The pixels of one picture, 28x28 uint8; "-" is standard input. ImageError if it cannot be read."""
    ((_, reading),) = _readings([name])
    found = reading()
    if found.note:
        err.print(Text(f"{printable(name)}: {found.note}"))
    return found.pixels


def _readings(names: Iterable[str]) -> list[tuple[str, Callable[[], PictureRead]]]:
    """Each image's name and how to read it. "-" is standard input, once; a file of that name is "./-"."""
    if list(names).count("-") > 1:
        raise ImageError("Standard input can be read once only.", hint='Give "-" once.')
    return [
        ("standard input", _standard_input) if name == "-" else (name, partial(read_picture, Path(name)))
        for name in names
    ]


def _standard_input() -> PictureRead:
    data = sys.stdin.buffer.read(MAX_BYTES + 1) if sys.stdin is not None else b""
    return read_picture_bytes(data, "Standard input")


def show_failure(error: InkproofError, name: str, as_json: bool, *, named: bool = False) -> None:
    """Print why there is no verdict on an image. `named`: the message itself names it."""
    if as_json:
        print_json({"image": name, **error.as_json()})
    show_error(error, "" if named else name)


def show(verdict: Verdict, pixels: Image, as_json: bool) -> None:
    """Print the verdict on a picture."""
    if as_json:
        print_json(verdict.as_json())
        return
    out.print(Text(printable(verdict.image), style="bold"))
    for line in _beside(picture(pixels, colour=out.colours), _judges(verdict)):
        out.print(line)
    mark, style = ("✓", "bold green") if verdict.agree else ("✗", "bold red")
    if verdict.agree and verdict.sure is False:
        mark, style = "?", "bold yellow"
    out.print(Text(f"{mark} {verdict.sentence}", style=style))
    if verdict.chain is not None:
        _show_transaction(verdict.chain)
    if verdict.proved:
        out.print(f"  {verdict.proved}")
    out.print()


def _beside(drawn: Text, words: list[Text]) -> list[Text]:
    """The picture with the words to its right; below it in a narrow terminal; without the picture in an even
    narrower one."""
    lines = list(drawn.split("\n"))
    if out.width < SIDE:
        return words
    if out.width < SIDE + _GAP + max(line.cell_len for line in words):
        return [*lines, *words]
    pairs = zip_longest(lines, words, fillvalue=Text())
    return [Text.assemble(line, " " * (SIDE + _GAP - line.cell_len), word) for line, word in pairs]


def _judges(verdict: Verdict) -> list[Text]:
    """A line for each judge: its name, its digit, and how it came to it."""
    floating, fixed = verdict.floating, verdict.fixed
    logit = f"logit {fixed.top:.4f}"
    if verdict.sureness is not None:
        logit += f", {'sure' if verdict.sure else 'not sure'} ({verdict.sureness:.2f})"
    rows = [
        ("float", floating.digit, f"probability {max(floating.probabilities):.4f}"),
        ("integer", fixed.digit, logit),
    ]
    if verdict.chain is not None:
        rows.append(("contract", verdict.chain.claimed, _in_words(verdict.chain)))
    return [
        Text.assemble(f"{name:<8}  ", (f"{digit}", "bold"), f"  {detail}") for name, digit, detail in rows
    ]


def _in_words(chain: ChainVerdict) -> str:
    if not chain.accepted:
        return "refused by the node"
    if chain.block_height is None:
        return "accepted, waiting for a block"
    return f"accepted in block {chain.block_height:,}"


def _show_transaction(chain: ChainVerdict) -> None:
    if not chain.accepted:
        out.print(f"  the node says: {chain.reason}")
        return
    out.print(f"  {chain.network} transaction {chain.txid}")
    out.print(
        f"  {chain.size:,} bytes for {chain.fee:,} satoshis; it ran {chain.script_bytes:,} bytes of Script"
    )
    out.print(f"  check it yourself: inkproof inspect {chain.txid}")
