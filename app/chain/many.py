"""Many claims at once on a private chain: instances deployed together, one question to the node, one block.

Each batch is in the ledger before it is sent, in one transaction of the file, and so are the answers. What
the node does not judge in a batch, and what a batch leaves open, is put to it once more, claim by claim.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.chain.backends.base import Sent
from app.chain.ledger.records import Deployment, Verification, VerificationState
from app.chain.service import ChainVerdict, Readings, Service, verdict_of
from app.contract import Judgement
from app.errors import ChainError, InkproofError
from app.progress import Progress

__all__ = ["BATCH", "NewClaim", "submit_many"]

BATCH = 50
"""Claims in a batch."""
_JUDGED = frozenset({VerificationState.ACCEPTED, VerificationState.CONFIRMED, VerificationState.REFUSED})


@dataclass(frozen=True)
class NewClaim:
    """A claim to be made: that the contract reads `digit` in `image` (784 bytes). `name`: for the ledger."""

    name: str
    image: bytes
    digit: int
    readings: Readings


def submit_many(
    service: Service, claims: Iterable[NewClaim], progress: Progress
) -> Iterator[tuple[NewClaim, ChainVerdict | InkproofError]]:
    """Submit claims, and yield each with its verdict, or with the error that came instead, in their order.

    They are taken from `claims` a batch at a time, and a batch is in a block when its first verdict is
    yielded. Where blocks are others' work, or coins cost money, they are submitted one by one.
    """
    size = BATCH if service.connection.network.may_mine else 1
    claims = iter(claims)
    while batch := list(itertools.islice(claims, size)):
        records = _submit_batch(service, batch, progress) if len(batch) > 1 else []
        for claim, record in itertools.zip_longest(batch, records):
            settled = None if record is None else service.ledger.verification(record.id)
            if settled is not None and settled.state in _JUDGED:
                yield claim, verdict_of(settled, service.connection.network.name)
            else:
                yield claim, _submit_one(service, claim, progress)


def _submit_one(service: Service, claim: NewClaim, progress: Progress) -> ChainVerdict | InkproofError:
    try:
        return service.submit(claim.image, claim.digit, claim.readings, name=claim.name, progress=progress)
    except InkproofError as error:
        return error


def _submit_batch(service: Service, batch: Sequence[NewClaim], progress: Progress) -> list[Verification]:
    """Submit a batch; its records, none where nothing was sent. What became of them, the ledger says."""
    records: list[Verification] = []
    try:
        with service.deployer.send_lock.acquire():
            deployments = service.deployer.several(len(batch), progress)
            records = _record(service, batch, deployments)
            _send(service, records)
        service.confirm()
    except InkproofError:
        # Whatever it is, it is met again by the claims that it left without a verdict.
        with contextlib.suppress(ChainError):
            service.reconcile()
    return records


def _record(
    service: Service, batch: Sequence[NewClaim], deployments: Sequence[Deployment]
) -> list[Verification]:
    """Sign a batch of claims and put all of them in the ledger, or none."""
    with service.ledger.together():
        return [
            service.record(deployment, deployment.value, claim.image, claim.digit, claim.readings, claim.name)
            for deployment, claim in zip(deployments, batch, strict=True)
        ]


def _send(service: Service, records: Sequence[Verification]) -> None:
    """Send a recorded batch, and record the answers."""
    answers = service.connection.node.send_all([record.raw_tx for record in records])
    judgements = [_judge(service, record, sent) for record, sent in zip(records, answers, strict=True)]
    with service.ledger.together():
        for record, sent, judgement in zip(records, answers, judgements, strict=True):
            service.note(record, sent, judgement)


def _judge(service: Service, record: Verification, sent: Sent) -> Judgement | None:
    """A refused claim's script, run here; None where there is no need, or what it spends is not there."""
    if sent.accepted:
        return None
    output = service.deployer.output_of(service.ledger.deployment(record.deployment_id))
    return None if output is None else service.judge_refused(record, sent, output)
