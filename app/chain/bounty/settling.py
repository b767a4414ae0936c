"""Bring our bounties' steps in line with the chain: after a crash, a pause or an orphaned block.

A step is recorded before it is sent. So one that the network does not know was never sent, or was
forgotten: the same bytes are sent again. One exception: a commitment loses time while it lies here. Where
less than half of its window is left it is given up instead, for the deposit would be at risk. Had it arrived
all the same, whoever follows the bounty finds it.
"""

from __future__ import annotations

import contextlib
import functools

from bitcoinx import Tx, TxOutput

from app.chain.backends.base import Backend
from app.chain.bounty.following import follow_mark
from app.chain.ledger.bounties import BountyBook, BountyStep, StepKind, StepState
from app.chain.ledger.store import Ledger
from app.chain.sendlock import SendLock
from app.contract.bounty import recognise
from app.errors import PendingError

__all__ = ["TOO_LATE", "settle"]

TOO_LATE = "It was not sent in time, and its deposit would have been at risk."


def settle(backend: Backend, ledger: Ledger, chain_id: str) -> None:
    """Settle our open steps, and those in orphaned blocks."""
    book = BountyBook(ledger)
    with SendLock(ledger.path).try_acquire() as ours:
        for step in (*_orphaned(backend, book, chain_id), *book.open_steps(chain_id)):
            if ours or step.state is not StepState.PREPARED:
                with contextlib.suppress(PendingError):
                    _settle(backend, book, step)


def _orphaned(backend: Backend, book: BountyBook, chain_id: str) -> list[BountyStep]:
    """The newest steps whose block is not in the chain any more, the lowest block first.

    Each block is asked about: whoever follows another bounty may have recorded a higher one, which stands.
    """
    stands = functools.cache(backend.stands)
    steps = book.newest_confirmed(chain_id)[::-1]
    return [step for step in steps if step.block_hash is None or not stands(step.block_hash)]


def _settle(backend: Backend, book: BountyBook, step: BountyStep) -> None:
    found = backend.find(step.txid)
    if found is not None:
        follow_mark(book, step, found)
        return
    if step.kind is StepKind.COMMIT and _is_late(backend, step):
        book.mark(step.id, StepState.LOST, reason=TOO_LATE)
        return
    sent = backend.send(step.raw_tx, _spent(backend, book, step))
    if sent.accepted:
        book.mark(step.id, StepState.SENT)
    else:
        state = StepState.REFUSED if step.state is StepState.PREPARED else StepState.LOST
        book.mark(step.id, state, reason=sent.reason)


def _is_late(backend: Backend, step: BountyStep) -> bool:
    """Whether less than half of a commitment's window would be left."""
    bounty = recognise(Tx.from_bytes(step.raw_tx).outputs[0].script_pubkey.to_bytes())
    return bounty is None or backend.tip().height > bounty.state.expires - bounty.terms.window // 2


def _spent(backend: Backend, book: BountyBook, step: BountyStep) -> list[TxOutput]:
    """The outputs that a step spends, where all of them are known; else none."""
    raws = {known.txid: known.raw_tx for known in book.steps(step.bounty_id)}
    outputs = []
    for source in Tx.from_bytes(step.raw_tx).inputs:
        txid = source.prev_hash[::-1].hex()
        if txid not in raws and (found := backend.find(txid)) is not None:
            raws[txid] = found.raw
        if not raws.get(txid):
            return []
        outputs.append(Tx.from_bytes(raws[txid]).outputs[source.prev_idx])
    return outputs
