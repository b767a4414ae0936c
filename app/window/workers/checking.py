"""A verification checked again, as `inkproof inspect` does: taken from the chain, its Script run again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from app import models
from app.errors import InkproofError
from app.window.model.protocol import CheckTxid
from app.window.model.state import Check
from app.window.model.words import network_words

if TYPE_CHECKING:
    from app.chain.inspect import Inspection
    from app.chain.service import Service
    from app.script import Program

__all__ = ["checked_again"]


def checked_again(request: CheckTxid, service: Service) -> Check:
    """The transaction's facts and whether its Script accepts here; or why it could not be checked."""
    from app.chain.inspect import inspect

    name = service.connection.network.name
    if request.network and request.network != name:
        made, here = network_words(request.network), network_words(name)
        failure = f"It is on the {made}, and the window is on the {here}. `inkproof inspect` finds it."
        return Check(request.txid, failure=failure)
    tried: list[str] = []
    try:
        found = inspect(service.connection.backend, request.txid, _programs(tried))
    except InkproofError as error:
        return Check(request.txid, failure=str(error))
    model = tried[-1] if found.program else "not one of this Inkproof's"
    return Check(request.txid, _rows(found, model), found.judgement.accepted, found.judgement.reason)


def _programs(tried: list[str]) -> Iterator[Program]:
    """The programs of all models, one after the other; notes each one's model in `tried`."""
    from app import fixedpoint
    from app.contract.classifier import program_for
    from app.script import Kind

    for model in models.MODELS.values():
        integers = fixedpoint.load(model.integers_path)
        for kind in model.kinds:
            tried.append(model.name)
            yield program_for(integers, Kind(kind))


def _rows(found: Inspection, model: str) -> tuple[tuple[str, str], ...]:
    block = "none yet" if found.block_height is None else f"{found.block_height:,}"
    rows = (
        ("Claim", f"this is a {found.claim.digit}"),
        ("Model", model),
        ("Script", f"{found.script_bytes:,} bytes, run in {found.judgement.milliseconds:.0f} ms"),
        ("Its SHA-256", found.script_sha256),
        ("Block", block),
        ("Fee", f"{found.fee:,} satoshis for {found.size:,} bytes"),
        ("Block's hash", found.block_hash or ""),
        ("Txid", found.txid),
    )
    return tuple((name, value) for name, value in rows if value)
