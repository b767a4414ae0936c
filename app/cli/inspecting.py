"""`inspect`: a transaction fetched from the chain, taken apart and run again."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
from typing import Any

import numpy as np
from rich.text import Text

from app import models
from app.chain.connection import connect
from app.chain.inspect import Inspection, checked_txid
from app.chain.inspect import inspect as inspect_transaction
from app.chain.known import known_contracts
from app.chain.ledger.store import Ledger
from app.chain.networks import REGTEST, REGTEST_RAISED
from app.chain.proof.examine import Examination
from app.chain.service import ledger_path
from app.cli import DISAGREE, OK
from app.cli.options import kind_of, model_of, node_choice
from app.cli.output import out, print_json, reporting
from app.cli.picture import picture
from app.errors import LedgerError
from app.fixedpoint import load, load_sureness
from app.picture import PIXELS
from app.text import with_article

_NOT_OURS = "not an Inkproof contract"


def run(options: argparse.Namespace) -> int:
    """Inspect a transaction; exit status 1 unless a known contract accepts the claim in it."""
    txid = checked_txid(options.txid)
    model, kind, choice = model_of(options), kind_of(options), node_choice(options)
    raised = model.raised
    if choice.rpc_url is None and choice.network is None:
        recorded = _recorded_network(txid)
        raised = raised or recorded == REGTEST_RAISED.name
        if recorded not in (None, REGTEST.name, REGTEST_RAISED.name):
            choice = dataclasses.replace(choice, network=recorded)
    with (
        reporting(options) as report,
        connect(choice, kind, report, raised=raised, watch=False) as connection,
    ):
        report("Fetching the transaction and running the contract again")
        found = inspect_transaction(
            connection.backend,
            txid,
            lambda size: known_contracts(size, first=model.name, model_file=options.model_file),
        )
        network = connection.network.name
    if options.json:
        print_json({"network": network, **_as_json(found)})
    else:
        _show(found, network)
    return OK if found.proved else DISAGREE


def _recorded_network(txid: str) -> str | None:
    """Where this Inkproof sent the transaction; None if it did not, or its ledger cannot be read."""
    if not ledger_path().is_file():
        return None
    with contextlib.suppress(LedgerError), Ledger(ledger_path()) as ledger:
        record = ledger.verification_of(txid)
        return record.chain_id.partition("@")[0] if record else None
    return None


def examination_json(found: Examination) -> dict[str, Any]:
    """An examination as JSON values: `known`, `accepted` and `proved` apart."""
    held, claim = found.held, found.claim
    return {
        "deployment": found.deployment,
        "image": claim.image.hex() if claim else None,
        "claimed": claim.digit if claim else None,
        "kind": held.candidate.program.kind.value if held else None,
        "model": held.candidate.name if held else None,
        "model_sha256": held.candidate.sha256 if held else None,
        "owner": held.owner.hex() if held else None,
        "script_bytes": found.script_bytes,
        "script_sha256": found.script_sha256,
        "known": found.known,
        "accepted": found.accepted,
        "proved": found.proved,
        "statement": found.statement.name.lower() if found.statement else None,
        **_certainty(found),
        "reason": found.judgement.reason or None if found.judgement else None,
        "fee": found.fee,
        "size": found.size,
    }


def _certainty(found: Examination) -> dict[str, Any]:
    """`sure` and `sureness` of what a model that ships reads in the claim's image; None where not known."""
    held, claim = found.held, found.claim
    unknown = {"sure": None, "sureness": None}
    if held is None or claim is None or len(claim.image) != PIXELS:
        return unknown
    name = models.name_of(held.candidate.sha256)
    if not name:
        return unknown
    model = models.named(name)
    known = load_sureness(model.sureness_path, held.candidate.sha256)
    if known is None:
        return unknown
    image = np.frombuffer(claim.image, np.uint8)[np.newaxis]
    logits = load(model.integers_path).logits(image)[0].tolist()
    return {"sure": known.is_sure(logits), "sureness": known.sureness(logits)}


def _as_json(found: Inspection) -> dict[str, Any]:
    shown = {"txid": found.txid, "what": found.kind or "a claim", "block": found.block_height}
    if found.examination is None:
        return shown | {"known": False, "accepted": False, "proved": False}
    return shown | examination_json(found.examination)


def _show(found: Inspection, network: str) -> None:
    block = "none yet" if found.block_height is None else f"{found.block_height:,} {found.block_hash}"
    rows = {"transaction": f"{found.txid} on {network}", "block": block}
    if found.examination is not None and found.examination.known:
        show_examination(found.examination, rows)
        return
    out.print("\n".join(f"{name:<12} {value}" for name, value in rows.items()))
    spends = f" It spends {found.examination.deployment}, {_NOT_OURS}." if found.examination else ""
    out.print(Text(f"✗ Nothing is proved: this is {found.kind}.{spends}", style="bold red"))


def show_examination(found: Examination, rows: dict[str, str]) -> None:
    """The image, the claim and the contract in words, and whether the contract accepts; `rows` come first."""
    held, claim = found.held, found.claim
    assert held is not None
    if claim is not None and len(claim.image) == PIXELS:
        out.print(picture(np.frombuffer(claim.image, dtype=np.uint8), colour=out.colours))
    candidate = held.candidate
    facts = rows | {
        "spends": found.deployment,
        "claim": claimed(claim.digit) if claim else "none: the unlocking script is not a claim",
        "contract": f"Inkproof, {candidate.program.kind.value}; {found.script_bytes:,} bytes, "
        f"sha256 {found.script_sha256}",
        "model": f"{candidate.name}, sha256 {candidate.sha256}",
        "owner": held.owner.hex(),
        "signature": found.statement.value if found.statement else "not checked",
        "fee": f"{found.fee:,} satoshis for {found.size:,} bytes",
    }
    certainty = _certainty(found)
    if certainty["sure"] is not None:
        facts["reading"] = f"{'sure' if certainty['sure'] else 'not sure'} ({certainty['sureness']:.2f})"
    out.print("\n".join(f"{name:<12} {value}" for name, value in facts.items()))
    judgement = found.judgement
    if found.proved and claim is not None and judgement is not None:
        words = f"✓ The contract accepts, run here in {judgement.milliseconds:.0f} ms. "
        words += f"Proved: this model reads {claim.digit}. Not proved: that it is one."
        out.print(Text(words, style="bold green"))
    else:
        why = judgement.reason if judgement and judgement.reason else "it is not a claim"
        out.print(Text(f"✗ The contract does not accept here: {why}", style="bold red"))


def claimed(digit: int) -> str:
    """A claim in words. `digit` is any script number: one that is no digit is named by its size."""
    if 0 <= digit <= 9:
        return f"this is {with_article(digit)}"
    return f"a number of {digit.bit_length():,} bits, which is no digit"
