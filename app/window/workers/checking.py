"""A verification checked again, as `inkproof inspect` does: taken from the chain, its Script run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import InkproofError
from app.text import with_article
from app.window.model.protocol import CheckTxid, MakeProof
from app.window.model.values import Check, Notice
from app.window.model.words import network_words
from app.window.workers.files import free_name
from app.window.workers.judging import notice_of

if TYPE_CHECKING:
    from app.chain.inspect import Inspection
    from app.chain.proof.examine import Examination
    from app.chain.service import Service

__all__ = ["checked_again", "proof_file"]


def checked_again(request: CheckTxid, service: Service) -> Check:
    """The transaction's facts and whether its Script accepts here; or why it could not be checked."""
    from app.chain.inspect import inspect
    from app.chain.known import known_contracts

    name = service.connection.network.name
    if request.network and request.network != name:
        made, here = network_words(request.network), network_words(name)
        failure = f"It is on the {made}, and the window is on the {here}. `inkproof inspect` finds it."
        return Check(request.txid, failure=failure)
    try:
        found = inspect(service.connection.backend, request.txid, known_contracts)
    except InkproofError as error:
        return Check(request.txid, failure=str(error))
    seen = found.examination
    if seen is None or not seen.known:
        return Check(request.txid, failure=f"Nothing is proved: this is {found.kind}.")
    reason = seen.judgement.reason if seen.judgement else ""
    return Check(request.txid, _rows(found, seen), found.proved, reason)


def proof_file(request: MakeProof, service: Service) -> Notice:
    """Write the proof file of a verification, as `inkproof proof` does; where it is, or why there is none."""
    from app.chain.proof.making import make_proof

    name = service.connection.network.name
    if request.network and request.network != name:
        hint = f"Choose the model that made it, or run: inkproof proof {request.txid}"
        return Notice(f"The verification is on the {network_words(request.network)}.", hint=hint)
    known: dict[str, bytes] = {}
    record = service.ledger.verification_of(request.txid)
    if record is not None:
        deployment = service.ledger.deployment(record.deployment_id)
        known = {record.txid: record.raw_tx, deployment.txid: deployment.raw_tx}
    try:
        proof = make_proof(service.connection.backend, request.txid, known)
        path = free_name("proof", ".beef")
        path.write_bytes(proof.beef.to_bytes())
    except InkproofError as error:
        return notice_of(error)
    except OSError as error:
        return Notice("The proof file could not be written.", f"{error.strerror or error}.")
    return Notice(f"The proof file is {path}", hint="Check it anywhere: inkproof check FILE", error=False)


def _rows(found: Inspection, seen: Examination) -> tuple[tuple[str, str], ...]:
    held, claim, judgement = seen.held, seen.claim, seen.judgement
    rows = (
        ("Claim", f"this is {with_article(claim.digit)}" if claim else "none"),
        ("Model", held.candidate.name if held else ""),
        ("Signature", seen.statement.value if seen.statement else ""),
        (
            "Script",
            f"{seen.script_bytes:,} bytes, run in {judgement.milliseconds:.0f} ms" if judgement else "",
        ),
        ("Its SHA-256", seen.script_sha256),
        ("Block", "none yet" if found.block_height is None else f"{found.block_height:,}"),
        ("Fee", f"{seen.fee:,} satoshis for {seen.size:,} bytes"),
        ("Block's hash", found.block_hash or ""),
        ("Txid", found.txid),
    )
    return tuple((name, value) for name, value in rows if value)
