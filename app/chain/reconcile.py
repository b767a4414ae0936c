"""After a crash, a pause or a new block: ask the chain what became of everything that is open.

Records are written before anything is sent. So each open record is one of three things: known to the
node (then its state follows), unknown though the node had taken it (its memory was lost: send it again,
the same bytes, the same txid), or never sent (then nothing has happened, and no coin has moved).
"""

from __future__ import annotations

from app.chain.backend import Backend
from app.chain.ledger import Ledger
from app.chain.records import Deployment, DeploymentState, Verification, VerificationState

_NEVER_SENT = "The program ended before it was sent."


def reconcile(backend: Backend, ledger: Ledger, chain_id: str) -> None:
    """Settle the open records of one chain; deployments first, since verifications spend them."""
    deployments, verifications = ledger.unreconciled(chain_id)
    for deployment in deployments:
        _settle_deployment(backend, ledger, deployment)
    for verification in verifications:
        _settle_verification(backend, ledger, verification)


def _settle_deployment(backend: Backend, ledger: Ledger, record: Deployment) -> None:
    found = backend.find(record.txid)
    if found is None:
        if record.state is DeploymentState.PREPARED:
            ledger.mark_deployment(record.id, DeploymentState.REFUSED, reason=_NEVER_SENT)
        elif not (again := backend.send(record.raw_tx)).accepted:
            ledger.mark_deployment(record.id, DeploymentState.LOST, reason=again.reason)
        return
    if not backend.is_unspent(record.txid, record.output_index):
        ledger.mark_deployment(record.id, DeploymentState.SPENT)
    elif found.block_hash is not None:
        ledger.mark_deployment(record.id, DeploymentState.CONFIRMED)
    else:
        ledger.mark_deployment(record.id, DeploymentState.SENT)


def _settle_verification(backend: Backend, ledger: Ledger, record: Verification) -> None:
    found = backend.find(record.txid)
    if found is None:
        if record.state is VerificationState.PREPARED:
            ledger.mark_verification(record.id, VerificationState.ERROR, reason=_NEVER_SENT)
        else:
            parent = ledger.deployment(record.deployment_id)
            backend.send(parent.raw_tx)  # it may be forgotten as well
            again = backend.send(record.raw_tx)
            if not again.accepted:
                ledger.mark_verification(record.id, VerificationState.LOST, reason=again.reason)
        return
    if found.block_hash is not None:
        ledger.mark_verification(
            record.id,
            VerificationState.CONFIRMED,
            block_hash=found.block_hash,
            block_height=found.block_height,
        )
    else:
        ledger.mark_verification(record.id, VerificationState.ACCEPTED)
