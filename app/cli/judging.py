"""`verify` and `classify`: images in, verdicts out."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.table import Table
from rich.text import Text

from app import paths
from app.chain.service import ChainVerdict, ClaimStage, Readings, Service, open_service
from app.cli import DISAGREE, FAILED, OK
from app.cli.ending import Background
from app.cli.options import kind_of, model_of, node_choice, spending, warn_of
from app.cli.output import Reporter, out, print_json, printable, reporting, show_error
from app.cli.picture import picture
from app.contract.classifier import rule_of
from app.drawing import read_digit
from app.errors import InkproofError
from app.fixedpoint import IntegerModel, load
from app.floats.judge import FloatJudge
from app.verdict import Verdict

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class _Picture:
    name: str
    pixels: Image


def classify(options: argparse.Namespace) -> int:
    """Both local judges on every image that can be read."""
    pictures, statuses = _read_all(options.images)
    if pictures:
        model = load(model_of(options).integers_path)
        with reporting(options.json) as report:
            report("Loading the float model (TensorFlow)")
            judge = FloatJudge.load(model_of(options).float_path)
        for item in pictures:
            verdict = Verdict(item.name, judge.read(item.pixels), model.read(item.pixels), None)
            _show(verdict, item.pixels, options.json)
            statuses.append(OK if verdict.agree else DISAGREE)
    return max(statuses)


def verify(options: argparse.Namespace) -> int:
    """All three judges on every image that can be read; nothing is started if none can."""
    pictures, statuses = _read_all(options.images)
    if not pictures:
        return max(statuses)
    kind = kind_of(options)
    model = load(model_of(options).integers_path, rule_of(kind))
    # What can be said of the options is said before anything is loaded or started.
    choice, limits = node_choice(options), spending(options)
    paths.home()
    # TensorFlow takes seconds to import, the node about one to start: let them do it side by side.
    loading = Background(partial(FloatJudge.load, model_of(options).float_path))
    with (
        reporting(options.json) as report,
        open_service(model, kind, choice, report, **limits) as service,
    ):
        warn_of(service.connection.wallet)
        service.prepare(report)
        report("Loading the float model (TensorFlow)")
        judge = loading.result()
        for item in pictures:
            try:
                verdict = _verify_one(item, options.claim, model, judge, service, report)
            except InkproofError as error:
                show_error(error, item.name)
                statuses.append(FAILED)
                continue
            _show(verdict, item.pixels, options.json)
            statuses.append(OK if verdict.agree else DISAGREE)
        report("Stopping the node")
    return max(statuses)


def _verify_one(
    item: _Picture,
    claim: int | None,
    model: IntegerModel,
    judge: FloatJudge,
    service: Service,
    report: Reporter,
) -> Verdict:
    floating, fixed = judge.read(item.pixels), model.read(item.pixels)
    readings = Readings(floating.digit, floating.probabilities, fixed.digit, fixed.logits)

    def on_stage(stage: ClaimStage, text: str) -> None:
        report(f"{item.name}: {stage.value} {text if stage is ClaimStage.CONFIRMED else ''}".rstrip())

    chain = service.submit(
        item.pixels.tobytes(),
        fixed.digit if claim is None else claim,
        readings,
        name=item.name,
        progress=report,
        on_stage=on_stage,
    )
    return Verdict(item.name, floating, fixed, chain)


def _read_all(names: Iterable[str]) -> tuple[list[_Picture], list[int]]:
    """The images that can be read, and a status for each that cannot; its trouble is shown at once."""
    pictures: list[_Picture] = []
    statuses = [OK]
    for name in names:
        try:
            pictures.append(_Picture(name, read_digit(Path(name))))
        except InkproofError as error:
            show_error(error)
            statuses.append(FAILED)
    return pictures, statuses


def _show(verdict: Verdict, pixels: Image, as_json: bool) -> None:
    if as_json:
        print_json(verdict.as_json())
        return
    out.print(Text(printable(verdict.image), style="bold"))
    sheet = Table.grid(padding=(0, 3))
    sheet.add_row(picture(pixels, colour=out.color_system is not None), _judges(verdict))
    out.print(sheet)
    mark, style = ("✓", "bold green") if verdict.agree else ("✗", "bold red")
    out.print(Text(f"{mark} {verdict.sentence}", style=style))
    if verdict.chain is not None:
        _show_transaction(verdict.chain)
    out.print()


def _judges(verdict: Verdict) -> Table:
    table = Table.grid(padding=(0, 2))
    floating, fixed = verdict.floating, verdict.fixed
    sure = f"probability {max(floating.probabilities):.4f}"
    table.add_row("float", Text(str(floating.digit), "bold"), sure)
    logit = f"logit {max(fixed.logits) / fixed.denominator:.4f}"
    table.add_row("integer", Text(str(fixed.digit), "bold"), logit)
    if verdict.chain is not None:
        chain = verdict.chain
        if not chain.accepted:
            said = "refused by the node"
        elif chain.block_height is None:
            said = "accepted, waiting for a block"
        else:
            said = f"accepted in block {chain.block_height:,}"
        table.add_row("contract", Text(str(chain.claimed), "bold"), said)
    return table


def _show_transaction(chain: ChainVerdict) -> None:
    if not chain.accepted:
        out.print(f"  the node says: {chain.reason}")
        return
    out.print(f"  {chain.network} transaction {chain.txid}")
    out.print(
        f"  {chain.size:,} bytes for {chain.fee:,} satoshis; it ran {chain.script_bytes:,} bytes of Script"
    )
    out.print(f"  check it yourself: inkproof inspect {chain.txid}")
