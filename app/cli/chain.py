"""`deploy`, `history`, `inspect`: what is on the chain."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
from rich.text import Text

from app import models
from app.chain.connection import connect
from app.chain.inspect import Inspection, checked_txid
from app.chain.inspect import inspect as inspect_transaction
from app.chain.ledger.store import Ledger
from app.chain.networks import REGTEST, REGTEST_RAISED
from app.chain.service import ledger_path, open_service
from app.cli import DISAGREE, OK
from app.cli.options import kind_of, model_of, node_choice, spending, warn_of
from app.cli.output import Reporter, out, print_json, reporting
from app.cli.picture import picture
from app.contract.classifier import program_for, rule_of
from app.errors import LedgerError
from app.fixedpoint import load
from app.models import Model
from app.picture import PIXELS
from app.script import Kind, Program
from app.text import with_article


def deploy(options: argparse.Namespace) -> int:
    """Have a deployment ready."""
    kind = kind_of(options)
    model = load(model_of(options).integers_path, rule_of(kind))
    with (
        reporting(options) as report,
        open_service(model, kind, node_choice(options), report, **spending(options)) as service,
    ):
        warn_of(service.connection.wallet)
        deployment = service.prepare(report)
        chain = service.connection.network.name
        size = len(service.contract.locking_script)
    facts = {
        "network": chain,
        "outpoint": f"{deployment.txid}:{deployment.output_index}",
        "value": deployment.value,
        "kind": kind.value,
        "script_bytes": size,
        "contract_sha256": deployment.contract_sha256,
        "state": deployment.state.value,
    }
    if options.json:
        print_json(facts)
    else:
        out.print(f"deployed on {chain}: {facts['outpoint']}")
        out.print(f"{size:,} bytes of Script holding {deployment.value:,} satoshis for its own spend")
    return OK


def inspect(options: argparse.Namespace) -> int:
    """Take a verification apart and run it again; exit status 1 if the script does not accept it here."""
    txid = checked_txid(options.txid)
    model, kind, choice = model_of(options), kind_of(options), node_choice(options)
    raised = model.raised
    if choice.rpc_url is None and choice.network is None:
        recorded = _recorded_network(txid)
        raised = raised or recorded == REGTEST_RAISED.name
        if recorded not in (None, REGTEST.name, REGTEST_RAISED.name):
            choice = dataclasses.replace(choice, network=recorded)
    tried: list[tuple[Model, str]] = []
    with (
        reporting(options) as report,
        connect(choice, kind, report, raised=raised, watch=False) as connection,
    ):
        report("Fetching the transaction")
        found = inspect_transaction(connection.backend, txid, _programs(model, tried, report))
        chain = connection.network.name
    # Programs are tried no further than the one that fits: it is the last of them.
    held = tried[-1] if found.program else None
    if options.json:
        print_json({"network": chain, **_inspection_json(found, held)})
    else:
        _show_inspection(found, chain, held)
    return OK if found.judgement.accepted else DISAGREE


def _recorded_network(txid: str) -> str | None:
    """Where this Inkproof sent the transaction; None if it did not, or its ledger cannot be read."""
    if not ledger_path().is_file():
        return None
    with contextlib.suppress(LedgerError), Ledger(ledger_path()) as ledger:
        record = ledger.verification_of(txid)
        return record.chain_id.partition("@")[0] if record else None
    return None


def _programs(first: Model, tried: list[tuple[Model, str]], report: Reporter) -> Iterator[Program]:
    """The programs of all models, the chosen one's first; notes each with its sha256 in `tried`.

    They are asked for when the transaction has come.
    """
    report("Running the script again")
    for model in sorted(models.MODELS.values(), key=lambda model: model is not first):
        integers = load(model.integers_path)
        for kind in model.kinds:
            tried.append((model, integers.sha256))
            yield program_for(integers, Kind(kind))


def _inspection_json(found: Inspection, held: tuple[Model, str] | None) -> dict[str, Any]:
    return {
        "txid": found.txid,
        "deployment": found.deployment,
        "image": found.claim.image.hex(),
        "claimed": found.claim.digit,
        "kind": found.program.kind.value if found.program else None,
        "model": held[0].name if held else None,
        "model_sha256": held[1] if held else None,
        "owner": found.owner.hex() if found.owner else None,
        "script_bytes": found.script_bytes,
        "script_sha256": found.script_sha256,
        "accepted": found.judgement.accepted,
        "reason": found.judgement.reason or None,
        "statement": found.statement.name.lower() if found.statement else None,
        "block": found.block_height,
        "fee": found.fee,
        "size": found.size,
    }


def _show_inspection(found: Inspection, chain: str, held: tuple[Model, str] | None) -> None:
    if len(found.claim.image) == PIXELS:
        pixels = np.frombuffer(found.claim.image, dtype=np.uint8)
        out.print(picture(pixels, colour=out.colours))
    known = f"Inkproof, {found.program.kind.value}" if found.program else "not one that this Inkproof knows"
    rows = {
        "transaction": f"{found.txid} on {chain}",
        "spends": found.deployment,
        "claim": f"this is {with_article(found.claim.digit)}",
        "contract": f"{known}; {found.script_bytes:,} bytes, sha256 {found.script_sha256}",
        "model": f"{held[0].name}, sha256 {held[1]}" if held else "unknown",
        "owner": found.owner.hex() if found.owner else "unknown",
        "signature": found.statement.value if found.statement else "not checked by a known contract",
        "block": "none yet" if found.block_height is None else f"{found.block_height:,} {found.block_hash}",
        "fee": f"{found.fee:,} satoshis for {found.size:,} bytes",
    }
    for name, value in rows.items():
        out.print(f"{name:<12} {value}")
    if found.judgement.accepted:
        words, style = (
            f"✓ The script accepts, run here in {found.judgement.milliseconds:.0f} ms.",
            "bold green",
        )
    else:
        words, style = f"✗ The script does not accept here: {found.judgement.reason}", "bold red"
    out.print(Text(words, style=style))
