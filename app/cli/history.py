"""`history`: past verifications, as lines to read or as complete records."""

from __future__ import annotations

import argparse
import csv
import functools
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from rich.text import Text

from app import models
from app.chain.ledger.records import Deployment, Verification
from app.chain.ledger.store import Ledger
from app.chain.service import ledger_path
from app.cli import OK
from app.cli.output import out, print_json, printable
from app.errors import InkproofError
from app.fixedpoint import Sureness, load_sureness

_SHOWN = 20
_ALL = 2**62  # as a limit for SQLite


def run(options: argparse.Namespace) -> int:
    """Print past verifications from the ledger, newest first; no node is asked."""
    if options.csv and options.json:
        raise InkproofError("--csv and --json are two forms of the same records.", hint="Give one of them.")
    complete = options.csv or options.json
    with Ledger(ledger_path()) as ledger:
        records = ledger.history(options.limit or (_ALL if complete else _SHOWN))
        if options.csv:
            _write_csv(_complete(ledger, records))
        elif options.json:
            for values in _complete(ledger, records):
                print_json(values)
        elif records:
            hashes = ledger.model_hashes(records)
            for record in records:
                _show_record(record, hashes[record.deployment_id])
        else:
            out.print("No verification yet. Begin with: inkproof verify IMAGE")
    return OK


@functools.cache
def _known(sha256: str) -> Sureness | None:
    """The sureness threshold of the model with these integers; None if it does not ship."""
    name = models.name_of(sha256)
    return load_sureness(models.named(name).sureness_path, sha256) if name else None


def _sure(record: Verification, sha256: str) -> bool | None:
    known = _known(sha256)
    return known.is_sure(record.logits) if known else None


def _sureness(record: Verification, sha256: str) -> float | None:
    known = _known(sha256)
    return known.sureness(record.logits) if known else None


def _show_record(record: Verification, sha256: str) -> None:
    model = models.name_of(sha256)
    block = "" if record.block_height is None else f" in block {record.block_height:,}"
    line = Text(f"{record.created.astimezone():%Y-%m-%d %H:%M}  ", style="dim")
    line.append(printable(record.image_name), style="bold not dim")
    line.append(
        f"  float {record.float_digit}, integer {record.fixed_digit}, claimed {record.claim}: "
        f"{record.state.value}{block} on {record.chain_id.partition('@')[0]}"
        + (f", read by {model}" if model else "")
        + (", not sure" if _sure(record, sha256) is False else ""),
        style="not dim",
    )
    out.print(line)
    out.print(Text(f"  {record.txid}", style="dim"))
    if record.reason:
        out.print(Text(f"  {record.reason}", style="dim"))


_FIELDS: dict[str, Callable[[Verification, Deployment], Any]] = {
    "created": lambda record, _: record.created.isoformat(),
    "network": lambda record, _: record.chain_id.partition("@")[0],
    "chain": lambda record, _: record.chain_id,
    "model": lambda _, deployment: models.name_of(deployment.model_sha256) or None,
    "model_sha256": lambda _, deployment: deployment.model_sha256,
    "kind": lambda record, _: record.kind,
    "contract_sha256": lambda _, deployment: deployment.contract_sha256,
    "owner": lambda _, deployment: deployment.owner,
    "deployment": lambda _, deployment: f"{deployment.txid}:{deployment.output_index}",
    "value": lambda _, deployment: deployment.value,
    "image": lambda record, _: record.image_name,
    "pixels": lambda record, _: record.image.hex(),
    "float": lambda record, _: record.float_digit,
    "probabilities": lambda record, _: list(record.probabilities),
    "integer": lambda record, _: record.fixed_digit,
    "logits": lambda record, _: list(record.logits),
    "sure": lambda record, deployment: _sure(record, deployment.model_sha256),
    "sureness": lambda record, deployment: _sureness(record, deployment.model_sha256),
    "claimed": lambda record, _: record.claim,
    "state": lambda record, _: record.state.value,
    "reason": lambda record, _: record.reason or None,
    "txid": lambda record, _: record.txid,
    "transaction": lambda record, _: record.raw_tx.hex() or None,
    "block": lambda record, _: record.block_height,
    "block_hash": lambda record, _: record.block_hash,
    "fee": lambda record, _: record.fee,
    "size": lambda record, _: record.size,
    "script_bytes": lambda record, _: record.script_bytes,
}
"""Everything that the ledger holds of a verification, as JSON values; bytes are hex.

`transaction` is None for one so deep in the chain that the ledger no longer keeps its bytes.
"""


def _complete(ledger: Ledger, records: list[Verification]) -> Iterator[dict[str, Any]]:
    """All fields of each record."""
    for record in records:
        deployment = ledger.deployment(record.deployment_id)
        yield {name: field(record, deployment) for name, field in _FIELDS.items()}


def _write_csv(rows: Iterator[dict[str, Any]]) -> None:
    """Print a line of names, then a line per record: lists as JSON, None as an empty cell."""
    table = csv.writer(sys.stdout)
    table.writerow(_FIELDS)
    for row in rows:
        table.writerow(json.dumps(value) if isinstance(value, list) else value for value in row.values())
