"""A verification checked again, as `inkproof inspect` does: taken from the chain, its Script run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import InkproofError
from app.text import with_article
from app.window.model.protocol import CheckTxid
from app.window.model.state import Check
from app.window.model.words import network_words

if TYPE_CHECKING:
    from app.chain.inspect import Inspection
    from app.chain.proof.examine import Examination
    from app.chain.service import Service

__all__ = ["checked_again"]


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
