"""`proof` and `check`: a verification as a file, and such a file checked on any machine."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.text import Text

from app.chain.connection import NodeChoice, connect
from app.chain.inspect import checked_txid
from app.chain.known import known_contracts
from app.chain.ledger.records import VerificationState
from app.chain.ledger.store import Ledger
from app.chain.networks import REGTEST, REGTEST_RAISED
from app.chain.node.process import EmbeddedNode
from app.chain.proof.beef import MAX_BYTES, Beef
from app.chain.proof.checking import BlockState, Checked, HeaderAt, check
from app.chain.proof.headers import Header, read_headers
from app.chain.proof.making import make_proof
from app.chain.proof.merkle import shown
from app.chain.service import ledger_path
from app.cli import DISAGREE, OK
from app.cli.inspecting import examination_json, show_examination
from app.cli.options import node_choice
from app.cli.output import out, print_json, reporting
from app.errors import LedgerError, ProofError
from app.script import Kind

_HEADERS = 200
"""Block headers that `proof --headers` writes, at most: the claim's and those after it."""
_MOST_HEADER_BYTES = 200_000_000


def make(options: argparse.Namespace) -> int:
    """Write the proof file of a verification."""
    txid, known = _subject(options.verification)
    choice = node_choice(options)
    recorded = _recorded(txid, known)
    if choice.rpc_url is None and choice.network is None and recorded is not None:
        choice = dataclasses.replace(choice, network=None if recorded.startswith(REGTEST.name) else recorded)
    with (
        reporting(options) as report,
        connect(
            choice, Kind.PACKED, report, raised=recorded == REGTEST_RAISED.name, watch=False
        ) as connection,
    ):
        report("Gathering transactions and Merkle paths")
        proof = make_proof(connection.backend, txid, known, _HEADERS if options.headers else 0)
        network = connection.network.name
    data = proof.beef.to_bytes()
    _write(options.output, data)
    if options.headers and proof.headers:
        _write(options.headers, proof.headers)
    facts = {
        "txid": txid,
        "network": network,
        "file": str(options.output),
        "bytes": len(data),
        "block": proof.block_height,
        "headers": len(proof.headers) // 80,
    }
    if options.json:
        print_json(facts)
        return OK
    out.print(f"{options.output}: {len(data):,} bytes, the proof of {txid} on {network}")
    if proof.block_height is None:
        out.print("No block holds the claim yet: make the file again later, and it will say which does.")
    out.print(f"check it on any machine: inkproof check {options.output}")
    return OK


def _subject(text: str) -> tuple[str, dict[str, bytes]]:
    """The txid that is meant, and transactions that are known already: from a proof file that is
    completed."""
    path = Path(text)
    if not path.is_file():
        return checked_txid(text), {}
    beef = Beef.parse(_read(path))
    members = {shown(member.hash): member.raw for member in beef.members}
    return shown(beef.subject.hash), members


def _recorded(txid: str, known: dict[str, bytes]) -> str | None:
    """The network where this Inkproof sent a claim, None if it did not; its transactions go into `known`."""
    if not ledger_path().is_file():
        return None
    with contextlib.suppress(LedgerError), Ledger(ledger_path()) as ledger:
        record = ledger.verification_of(txid)
        if record is None:
            return None
        if record.state is VerificationState.REFUSED:
            raise ProofError(
                f"The contract refused the claim {txid}.",
                why="A refused claim is never on the chain, so there is nothing to prove.",
                hint="`inkproof history` lists the claims that were accepted.",
            )
        deployment = ledger.deployment(record.deployment_id)
        known |= {record.txid: record.raw_tx, deployment.txid: deployment.raw_tx}
        return record.chain_id.partition("@")[0]
    return None


def run_check(options: argparse.Namespace) -> int:
    """Check a proof file; exit status 1 unless a known model reads the claimed digit and nothing contradicts
    it."""
    data = _read(options.file)
    headers = read_headers(_read(options.headers, _MOST_HEADER_BYTES)) if options.headers else []
    with reporting(options) as report, _chain(options, bool(headers)) as header_at:
        report("Rebuilding the contract and running it")
        candidates = known_contracts(_script_bytes(data), model_file=options.model_file)
        found = check(data, candidates, headers, header_at)
    if options.json:
        print_json(_as_json(found))
    else:
        _show(found, headers)
    return OK if found.proved else DISAGREE


def _script_bytes(data: bytes) -> int | None:
    """Length of the script that the claim spends: a hint at which model to rebuild first."""
    beef = Beef.parse(data)
    tx = beef.subject.tx
    parent = None if tx.is_coinbase() else beef.member(tx.inputs[0].prev_hash)
    place = tx.inputs[0].prev_idx
    if parent is None or place >= len(parent.tx.outputs):
        return None
    return len(parent.tx.outputs[place].script_pubkey.to_bytes())


@contextlib.contextmanager
def _chain(options: argparse.Namespace, offline: bool) -> Iterator[HeaderAt | None]:
    """A way to ask for headers: the chain that was named, else the embedded node if it runs; else None."""
    named = options.rpc_url or options.network not in (None, REGTEST.name)
    choice: NodeChoice | None = None
    if not offline and (named or EmbeddedNode(REGTEST.name).status().answering):
        choice = node_choice(options)
    if choice is None:
        yield None
        return
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(connect(choice, Kind.PACKED, lambda *_: None, watch=False))
        yield connection.backend.header


def _read(path: Path, most: int = MAX_BYTES) -> bytes:
    """The bytes of a file, or of standard input for "-"; no more than `most` are read."""
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(most + 1)
        else:
            with path.open("rb") as file:
                data = file.read(most + 1)
    except OSError as error:
        raise ProofError(f"{path} cannot be read.", why=f"{error.strerror or error}.") from error
    if len(data) > most:
        raise ProofError(f"{path} is too large.", why=f"At most {most:,} bytes are read.")
    return data


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise ProofError(
            f"{path} cannot be written.", why=f"{error.strerror or error}.", hint="Name another file with -o."
        ) from error


def _as_json(found: Checked) -> dict[str, Any]:
    return {
        "txid": found.examination.txid,
        **examination_json(found.examination),
        "proved": found.proved,
        "block": found.block_height,
        "block_state": found.block_state.value,
        "block_hash": found.block_hash,
        "merkle_root": found.merkle_root,
        "buried": found.buried,
        "work": found.work,
    }


def _show(found: Checked, headers: list[Header]) -> None:
    seen = found.examination
    rows = {"transaction": seen.txid, "block": _block_words(found)}
    if not seen.known:
        out.print("\n".join(f"{name:<12} {value}" for name, value in rows.items()))
        words = f"✗ Nothing is proved: {seen.deployment} is not an Inkproof contract of a model known here."
        out.print(Text(words, style="bold red"))
        out.print("  If you have the model's integers, name them with --model-file.")
        return
    show_examination(seen, rows)
    out.print(_open_words(found, headers))


def _block_words(found: Checked) -> str:
    if found.block_state is BlockState.NONE:
        return "none when the file was made"
    place = f"{found.block_height:,}, Merkle root {found.merkle_root}"
    return place + (f", hash {found.block_hash}" if found.block_hash else "")


def _open_words(found: Checked, headers: list[Header]) -> str:
    """What is known of the block, and what stays open."""
    if found.block_state is BlockState.NONE:
        return "Open: whether any block holds it. Ask for a newer file, or look the txid up."
    if found.block_state is BlockState.OPEN:
        return (
            "Open: whether that block is on the chain with most work. Compare the Merkle root with a block "
            "explorer's, or name headers (--headers FILE) or a chain (--rpc-url, --network)."
        )
    if found.block_state is BlockState.CONTRADICTED:
        return (
            "The headers that were given hold no block with that Merkle root there: do not believe the block."
        )
    if headers:
        return (
            f"The block's header is among those given, and {found.buried:,} follow it: "
            f"2^{found.work.bit_length() - 1} hashes of work. Open: whether that is the chain with most work."
        )
    return "The chain that was asked has that block."
