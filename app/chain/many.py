"""Many claims at once on a private chain: instances deployed together, one question to the node, one block.

Each batch is in the ledger before it is sent, in one transaction of the file, and so are the answers. What
the node does not judge in a batch, and what a batch leaves open, is submitted once more, claim by claim.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from app.chain.backends.base import Sent
from app.chain.ledger.records import Deployment, Verification, VerificationState
from app.chain.service import ChainVerdict, Readings, Service, verdict_of
from app.contract import Judgement
from app.errors import ChainError, InkproofError
from app.progress import Progress

__all__ = ["BATCH", "NewClaim", "submit_many"]

T = TypeVar("T")

BATCH = 50
"""Claims in a batch, at most."""
BATCH_BYTES = 3_000_000
"""Bytes of Script in a batch: a block holds the instances of two, and is read as 32 MB of hex at most."""
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
    fitting = min(BATCH, max(1, BATCH_BYTES // len(service.contract.locking_script)))
    size = fitting if service.connection.network.may_mine else 1
    claims = iter(claims)
    batch = list(itertools.islice(claims, size))
    while batch:
        with _sending(service, batch, progress) as records:
            upcoming = list(itertools.islice(claims, size))
            if records and upcoming:
                with contextlib.suppress(InkproofError):  # raised again by the batch that needs them
                    service.deployer.several(len(upcoming), progress)
        for claim, record in itertools.zip_longest(batch, records):
            settled = None if record is None else service.ledger.verification(record.id)
            if settled is not None and settled.state in _JUDGED:
                yield claim, verdict_of(settled, service.connection.network.name)
            else:
                yield claim, _submit_one(service, claim, progress)
        batch = upcoming


def _submit_one(service: Service, claim: NewClaim, progress: Progress) -> ChainVerdict | InkproofError:
    try:
        return service.submit(claim.image, claim.digit, claim.readings, name=claim.name, progress=progress)
    except InkproofError as error:
        return error


@contextlib.contextmanager
def _sending(service: Service, batch: Sequence[NewClaim], progress: Progress) -> Iterator[list[Verification]]:
    """Send a batch, which the node judges while the block runs; yields its records, none if nothing is sent.

    Their outcome is in the ledger afterwards. An exception in the block leaves them open: the next run
    settles them.
    """
    records: list[Verification] = []
    if len(batch) == 1:
        yield records
        return
    with service.deployer.send_lock.acquire():
        try:
            deployments = service.deployer.several(len(batch), progress)
            records = _record(service, batch, deployments)
        except InkproofError:  # raised again by each of the claims
            yield []
            return
        sent = _in_background(lambda: _send_and_mine(service, records))
        yield records
        try:
            answers, blocks = sent.result()
            _note(service, records, answers)
            service.settle(blocks)
        except InkproofError:
            with contextlib.suppress(ChainError):
                service.reconcile()


def _send_and_mine(service: Service, records: Sequence[Verification]) -> tuple[list[Sent], list[str]]:
    """What the node says to each transaction of a batch, and the hashes of the blocks mined then."""
    answers = service.connection.node.send_all([record.raw_tx for record in records])
    try:
        return answers, service.mine()
    except ChainError:
        return answers, []


def _in_background(work: Callable[[], T]) -> Future[T]:
    """Begin work in a thread that does not hold the program up when it ends."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="batch").start()
    return future


def _record(
    service: Service, batch: Sequence[NewClaim], deployments: Sequence[Deployment]
) -> list[Verification]:
    """Sign a batch of claims and put all of them in the ledger, or none."""
    with service.ledger.together():
        return [
            service.record(deployment, deployment.value, claim.image, claim.digit, claim.readings, claim.name)
            for deployment, claim in zip(deployments, batch, strict=True)
        ]


def _note(service: Service, records: Sequence[Verification], answers: Sequence[Sent]) -> None:
    """Record the node's answers to a batch."""
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
