"""Bring the ledger in line with the chain: after a crash, a pause or a new block.

Records are written before anything is sent. So each open record is one of three things: known to the node
(then its state follows), unknown though the node had taken it (its memory was lost: the same bytes are sent
again), or left behind by a program that ended. Such a deployment is sent now: its coins were meant for it,
and nobody knows whether it was sent before. Such a verification is given up; if it arrived all the same, its
deployment will be found spent, and `adopt_spender` finds the verification again.
"""

from __future__ import annotations

import contextlib

from bitcoinx import Tx, TxOutput

from app.chain.backends.base import Backend, Found, Sent
from app.chain.ledger.records import Deployment, DeploymentState, Verification, VerificationState
from app.chain.ledger.store import Ledger
from app.chain.sendlock import SendLock
from app.errors import DeploymentTakenError, PendingError

__all__ = [
    "DROPPED",
    "HOLDING",
    "NEVER_SENT",
    "SOMEBODY_ELSE",
    "adopt_spender",
    "rebroadcast",
    "recheck_confirmed",
    "reconcile",
    "reopen",
]

NEVER_SENT = "The program ended before it was sent."
DROPPED = "Its bytes are not kept any more."
SOMEBODY_ELSE = "Spent by somebody else, or not there any more."
HOLDING = frozenset({VerificationState.PREPARED, VerificationState.ACCEPTED, VerificationState.CONFIRMED})
"""A verification in one of these states holds its deployment: no other one may spend it."""
_LOST_AND_LOOKED_FOR = 10
"""Lost verifications, the newest ones, that are looked for again."""
_PAGE = 100
"""Verifications that are read from the ledger at once."""


def reconcile(backend: Backend, ledger: Ledger, chain_id: str) -> None:
    """Settle the open records of one chain; deployments first, since verifications spend them."""
    recheck_confirmed(backend, ledger, chain_id)
    with SendLock(ledger.path).try_acquire() as ours:
        deployments, verifications = ledger.unreconciled(chain_id)
        # What the network has not decided yet stays as it is until the next look.
        for deployment in deployments:
            if ours or deployment.state is not DeploymentState.PREPARED:
                with contextlib.suppress(PendingError):
                    _settle_deployment(backend, ledger, deployment)
        for verification in verifications:
            if ours or verification.state is not VerificationState.PREPARED:
                with contextlib.suppress(PendingError):
                    _settle_verification(backend, ledger, verification)
    for lost in ledger.newest_in(chain_id, VerificationState.LOST, _LOST_AND_LOOKED_FOR):
        with contextlib.suppress(PendingError):
            if (found := backend.find(lost.txid)) is not None:
                _follow(ledger, lost, found)


def recheck_confirmed(backend: Backend, ledger: Ledger, chain_id: str) -> None:
    """Follow the verifications whose block was orphaned.

    Call it before a higher block is recorded: only then do blocks stand wherever the highest one does. A node
    without an index of transactions may not find a verification whose block stands: that says nothing.
    """
    for record in _orphaned(backend, ledger, chain_id):
        with contextlib.suppress(PendingError):
            found = backend.find(record.txid)
            if found is None:
                _send_again(backend, ledger, record)
            elif found.block_hash != record.block_hash:
                _follow(ledger, record, found)


def _orphaned(backend: Backend, ledger: Ledger, chain_id: str) -> list[Verification]:
    """Confirmed verifications above the highest of their blocks that stands."""
    orphaned: list[Verification] = []
    gone: set[str | None] = set()
    while True:
        page = ledger.newest_in(chain_id, VerificationState.CONFIRMED, _PAGE, len(orphaned))
        for record in page:
            if record.block_hash not in gone:
                if record.block_hash is not None and backend.stands(record.block_hash):
                    return orphaned
                gone.add(record.block_hash)
            orphaned.append(record)
        if len(page) < _PAGE:
            return orphaned


def adopt_spender(backend: Backend, ledger: Ledger, deployment: Deployment) -> Verification | None:
    """Mark a deployment that was found spent, and the verification of ours that spent it, if one did.

    That one had been given up, refused or lost. None where a transaction of somebody else spent it.
    """
    ours = None
    for record in ledger.verifications_on(deployment.id):
        if record.state not in HOLDING and (found := backend.find(record.txid)) is not None:
            recheck_confirmed(backend, ledger, deployment.chain_id)
            ours = _follow(ledger, record, found)
            break
    ledger.mark_deployment(deployment.id, DeploymentState.SPENT, reason="" if ours else SOMEBODY_ELSE)
    return ours


def reopen(backend: Backend, ledger: Ledger, chain_id: str) -> None:
    """Reopen deployments that were recorded as spent by somebody else and are unspent now.

    The spend was waiting for a block, and the node lost it with its memory.
    """
    for deployment in ledger.spent_for(chain_id, SOMEBODY_ELSE):
        with contextlib.suppress(PendingError):
            if backend.is_unspent(deployment.txid, deployment.output_index):
                ledger.mark_deployment(deployment.id, DeploymentState.SENT)
                _settle_deployment(backend, ledger, ledger.deployment(deployment.id))


def rebroadcast(backend: Backend, ledger: Ledger, deployment: Deployment) -> bool:
    """Send a deployment again that the node does not know; True if it was taken, else it is marked lost."""
    again = _sent_again(backend, deployment.raw_tx)
    state = DeploymentState.SENT if again.accepted else DeploymentState.LOST
    ledger.mark_deployment(deployment.id, state, reason=again.reason)
    return again.accepted


def _settle_deployment(backend: Backend, ledger: Ledger, record: Deployment) -> None:
    found = backend.find(record.txid)
    if found is None:
        again = _sent_again(backend, record.raw_tx)
        state = DeploymentState.SENT
        if not again.accepted:
            prepared = record.state is DeploymentState.PREPARED
            state = DeploymentState.REFUSED if prepared else DeploymentState.LOST
        ledger.mark_deployment(record.id, state, reason=again.reason)
    elif not backend.is_unspent(record.txid, record.output_index):
        if not any(claim.state in HOLDING for claim in ledger.verifications_on(record.id)):
            adopt_spender(backend, ledger, record)
    elif found.block_hash is not None:
        ledger.mark_deployment(record.id, DeploymentState.CONFIRMED)
    else:
        ledger.mark_deployment(record.id, DeploymentState.SENT)


def _settle_verification(backend: Backend, ledger: Ledger, record: Verification) -> None:
    found = backend.find(record.txid)
    if found is not None:
        _follow(ledger, record, found)
    elif record.state is VerificationState.PREPARED:
        ledger.mark_verification(record.id, VerificationState.ERROR, reason=NEVER_SENT)
    else:
        _send_again(backend, ledger, record)


def _send_again(backend: Backend, ledger: Ledger, record: Verification) -> None:
    """Send a verification again that the chain had taken and does not know any more; else it is lost."""
    parent = ledger.deployment(record.deployment_id)
    spent: list[TxOutput] = []
    if parent.raw_tx:
        backend.send(parent.raw_tx)  # it may be forgotten as well
        spent = [Tx.from_bytes(parent.raw_tx).outputs[parent.output_index]]
    again = backend.send(record.raw_tx, spent)
    if again.accepted:
        ledger.mark_verification(record.id, VerificationState.ACCEPTED)
        return
    ledger.mark_verification(record.id, VerificationState.LOST, reason=again.reason)
    if backend.is_unspent(parent.txid, parent.output_index):
        # What the contract holds is there for another verification.
        ledger.mark_deployment(parent.id, DeploymentState.SENT)
        _settle_deployment(backend, ledger, ledger.deployment(parent.id))
    else:
        ledger.mark_deployment(parent.id, parent.state, reason=SOMEBODY_ELSE)


def _sent_again(backend: Backend, raw: bytes) -> Sent:
    """Send a deployment again; `Ledger.shrink` has dropped the bytes of one that was spent long ago."""
    return backend.send(raw) if raw else Sent(False, "", DROPPED)


def _follow(ledger: Ledger, record: Verification, found: Found) -> Verification:
    """Record what the chain says of a verification that it knows."""
    try:
        if found.block_hash is None:
            return ledger.mark_verification(record.id, VerificationState.ACCEPTED)
        return ledger.mark_verification(
            record.id,
            VerificationState.CONFIRMED,
            block_hash=found.block_hash,
            block_height=found.block_height,
        )
    except DeploymentTakenError:
        # Another record holds the same deployment. Both cannot be in the chain: the next look decides.
        return record
