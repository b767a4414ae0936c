"""Deploy the contract, put claims to it, and keep the ledger true to the chain."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from bitcoinx import Script, Tx, TxOutput

from app.chain.backends.base import Refusal, Sent
from app.chain.connection import Connection, NodeChoice, connect
from app.chain.deploying import ATTEMPTS, Deployer
from app.chain.deploying import Approve as Approve
from app.chain.funding import balance
from app.chain.ledger.records import Deployment, Verification, VerificationState
from app.chain.ledger.spending import Spending, daily_limit
from app.chain.ledger.store import Ledger
from app.chain.reconcile import reconcile
from app.chain.refusals import refused
from app.contract import DigitContract, SpendPlan, build_spend
from app.contract.classifier import program_for
from app.contract.local import needs_raised_policy
from app.errors import ChainError, DeploymentTakenError, WalletError
from app.fixedpoint import IntegerModel
from app.paths import home
from app.progress import Progress
from app.script import Kind

_BURIED = 100
"""Blocks on top of one that nobody will take back any more."""


class ClaimStage(Enum):
    """What has just happened to a submission, in this order."""

    READY = "contract ready"
    SIGNED = "signed"
    ACCEPTED = "accepted by the node"
    REFUSED = "refused by the node"
    CONFIRMED = "in a block"


StageCallback = Callable[[ClaimStage, str], None]


@dataclass(frozen=True)
class Readings:
    """What the other two judges read, for the ledger."""

    float_digit: int
    probabilities: Sequence[float]
    fixed_digit: int
    logits: Sequence[int]


@dataclass(frozen=True)
class ChainVerdict:
    """The chain's word on one claim.

    `accepted`: the contract agrees. `reason`: the node's own words on a refusal. `fee` in satoshis,
    `size` and `script_bytes` in bytes; the block is None until there is one.
    """

    network: str
    txid: str
    claimed: int
    accepted: bool
    reason: str | None
    block_height: int | None
    block_hash: str | None
    fee: int
    size: int
    script_bytes: int


@dataclass(frozen=True)
class ServiceStatus:
    """Where the service stands: for a status line. `balance` in satoshis."""

    network: str
    node: str
    height: int
    balance: int
    contract_sha256: str


def never(_satoshis: int, _purpose: str) -> bool:
    """The default answer to spending money."""
    return False


def silent(_stage: ClaimStage, _text: str) -> None:
    """For callers that do not follow the stages."""


class Service:
    """One contract on one chain. Use it from one thread at a time; `open_service` makes it."""

    def __init__(
        self,
        contract: DigitContract,
        connection: Connection,
        ledger: Ledger,
        approve: Approve,
        limit: int | None = None,
    ) -> None:
        """`approve` is asked before coins that cost money leave; `limit` is theirs for a day, in satoshis."""
        self.contract = contract
        self.connection = connection
        self.ledger = ledger
        self._spending = Spending(ledger, connection.chain_id, daily_limit(limit))
        self._deployer = Deployer(contract, connection, ledger, self._spending, approve)

    def prepare(self, progress: Progress) -> Deployment:
        """A deployment that can be spent now; the contract is deployed if there is none.

        PendingError where one was sent before and the network has not decided about it: it is paid for.
        """
        deployment = next(self._deployer.ready(), None) or self._deployment_left_open()
        if deployment is not None:
            return deployment
        progress(f"Deploying the contract ({len(self.contract.locking_script):,} bytes)", None)
        return self._deployer.deploy(progress)

    def submit(
        self,
        image: bytes,
        claim: int,
        readings: Readings,
        *,
        name: str = "",
        progress: Progress,
        on_stage: StageCallback = silent,
    ) -> ChainVerdict:
        """Claim that the contract reads `claim` in `image` (784 bytes), and hear what the node says.

        A refusal because the script failed is a verdict. Anything else the node holds against the
        transaction is a ChainError, with the node's words. The claim is in the ledger before it is sent.
        """
        known = self._left_open(image, claim)
        for _ in range(ATTEMPTS):
            if known is not None:
                on_stage(ClaimStage.SIGNED, known.txid)
                return self._taken(known, progress, on_stage)
            deployment = self.prepare(progress)
            if (known := self._claimed_back(image, claim)) is not None:
                continue
            self._deployer.ask_once(deployment)
            on_stage(ClaimStage.READY, f"{deployment.txid}:{deployment.output_index}")
            with self._deployer.turn.take():
                try:
                    record = self._record(deployment, image, claim, readings, name)
                except DeploymentTakenError:
                    continue  # another program was quicker
                on_stage(ClaimStage.SIGNED, record.txid)
                sent = self.connection.backend.send(record.raw_tx, self._spent(deployment))
                self._note(record, sent)
            if sent.accepted:
                return self._taken(record, progress, on_stage)
            if sent.refusal is Refusal.SCRIPT:
                on_stage(ClaimStage.REFUSED, sent.reason)
                return self._verdict(record)
            if not self._deployer.may_pass(sent.refusal):
                raise refused("The node did not judge the claim.", sent)
        raise ChainError(
            "The deployed contract was spent by somebody else, three times in a row.",
            hint="Is another program using the same wallet? Try again when it has finished.",
        )

    def reconcile(self) -> None:
        """Bring the ledger in line with the chain: what a crash or a pause left open is settled."""
        reconcile(self.connection.backend, self.ledger, self.connection.chain_id)

    def resume(self) -> None:
        """Go on where the last run ended: settle what it left open and, on a private chain, confirm it."""
        self.reconcile()
        waiting = self.ledger.newest_in(self.connection.chain_id, VerificationState.ACCEPTED, 1)
        if waiting:
            self._confirm(silent, waiting[0])
        self.ledger.shrink(self.connection.chain_id, self.connection.backend.tip().height - _BURIED)

    def status(self) -> ServiceStatus:
        """Ask the node how things stand."""
        backend = self.connection.backend
        return ServiceStatus(
            network=self.connection.network.name,
            node=backend.name(),
            height=backend.tip().height,
            balance=balance(backend, self.connection.wallet),
            contract_sha256=self.contract.sha256,
        )

    def _record(
        self, deployment: Deployment, image: bytes, claim: int, readings: Readings, name: str
    ) -> Verification:
        fee = self._deployer.spend_fee()
        payout = self.connection.wallet.locking_script.to_bytes()
        plan = SpendPlan(deployment.txid, deployment.output_index, deployment.value, fee, payout)
        tx: Tx = build_spend(self.contract, plan, claim, image, self.connection.wallet.key)
        for earlier in self.ledger.verifications_on(deployment.id):
            # Signatures are deterministic: the same claim on the same instance is the same transaction.
            if earlier.txid == tx.hex_hash() and earlier.state is VerificationState.ERROR:
                return self.ledger.mark_verification(earlier.id, VerificationState.PREPARED)
        return self.ledger.add_verification(
            deployment_id=deployment.id,
            image_name=name,
            image=image,
            claim=claim,
            float_digit=readings.float_digit,
            fixed_digit=readings.fixed_digit,
            probabilities=readings.probabilities,
            logits=readings.logits,
            txid=tx.hex_hash(),
            raw_tx=tx.to_bytes(),
            fee=fee,
            size=tx.size(),
            script_bytes=len(self.contract.locking_script),
        )

    def _left_open(self, image: bytes, claim: int) -> Verification | None:
        """The same claim if it was sent before and nobody heard the answer: it must not be made twice.

        Put to this contract: the ledger holds every model's claims, and another one may read another digit.
        """
        chain_id = self.connection.chain_id
        left = [
            record
            for record in self.ledger.newest_in(chain_id, VerificationState.PREPARED)
            if (record.image, record.claim) == (image, claim)
            and self._deployer.owns(self.ledger.deployment(record.deployment_id))
        ]
        if left:
            self.reconcile()
        settled = [self.ledger.verification(record.id) for record in left]
        for record in settled:
            if record.state is VerificationState.PREPARED:
                # Raises where the network is still at it; else another program is sending it just now.
                self.connection.backend.find(record.txid)
        return next((record for record in settled if _is_taken(record)), None)

    def _deployment_left_open(self) -> Deployment | None:
        """One that was sent before and nobody heard the answer, if it can be spent now: it is paid once."""
        for _ in range(2):  # the network may decide between two questions
            if not self._deployer.left_open():
                break
            self.reconcile()
            for deployment in self._deployer.ready():
                return deployment
            for deployment in self._deployer.left_open():
                # Raises where the network is still at it; else another program is sending it just now.
                self.connection.backend.find(deployment.txid)
        return None

    def _claimed_back(self, image: bytes, claim: int) -> Verification | None:
        """The same claim if it had been given up and has just been found in the chain."""
        found, self._deployer.claimed_back = self._deployer.claimed_back, []
        return next((record for record in found if (record.image, record.claim) == (image, claim)), None)

    def _note(self, record: Verification, sent: Sent) -> None:
        """Put the node's answer in the ledger."""
        state = VerificationState.ERROR
        if sent.accepted:
            state = VerificationState.ACCEPTED
        elif sent.refusal is Refusal.SCRIPT:
            state = VerificationState.REFUSED
        self.ledger.mark_verification(record.id, state, reason=sent.reason)

    def _taken(self, record: Verification, progress: Progress, on_stage: StageCallback) -> ChainVerdict:
        """The node took the claim, and that stands whatever happens afterwards."""
        on_stage(ClaimStage.ACCEPTED, record.txid)
        self._look_ahead(progress)
        with contextlib.suppress(ChainError):
            self._confirm(on_stage, record)
        return self._verdict(record)

    def _verdict(self, record: Verification) -> ChainVerdict:
        return verdict_of(self.ledger.verification(record.id), self.connection.network.name)

    def _look_ahead(self, progress: Progress) -> None:
        """Deploy the next instance now, so that nobody waits for it later. If it fails, the next
        `prepare` meets the same trouble and reports it; the verdict at hand stands.

        Not where it costs money: there may be no next verification."""
        if self.connection.network.costs_money:
            return
        with contextlib.suppress(ChainError, WalletError):
            self.prepare(progress)

    def _confirm(self, on_stage: StageCallback, record: Verification) -> None:
        """On a private chain, mine the block that confirms; elsewhere miners do, and reconcile notices."""
        if not self.connection.network.may_mine:
            return
        self.connection.backend.mine(self.connection.wallet.address, 1)
        self.reconcile()
        settled = self.ledger.verification(record.id)
        if settled.block_height is not None:
            on_stage(ClaimStage.CONFIRMED, f"{settled.block_height}")

    def _spent(self, deployment: Deployment) -> list[TxOutput]:
        return [TxOutput(deployment.value, Script(self.contract.locking_script))]


def _is_taken(record: Verification) -> bool:
    return record.state in (VerificationState.ACCEPTED, VerificationState.CONFIRMED)


def verdict_of(record: Verification, network: str) -> ChainVerdict:
    """A recorded verification as a verdict."""
    accepted = _is_taken(record)
    return ChainVerdict(
        network=network,
        txid=record.txid,
        claimed=record.claim,
        accepted=accepted,
        reason=record.reason or None,
        block_height=record.block_height,
        block_hash=record.block_hash,
        fee=record.fee,
        size=record.size,
        script_bytes=record.script_bytes,
    )


@contextlib.contextmanager
def open_service(
    model: IntegerModel,
    kind: Kind,
    choice: NodeChoice,
    progress: Progress,
    *,
    approve: Approve = never,
    limit: int | None = None,
) -> Iterator[Service]:
    """The service of a model's contract on the chosen chain: connected, reconciled, ready to submit.

    `approve` is asked before coins that cost money are spent, up to `limit` satoshis in a day.
    """
    program = program_for(model, kind)
    raised = needs_raised_policy(program)
    with connect(choice, kind, progress, raised=raised) as connection, Ledger(ledger_path()) as ledger:
        contract = DigitContract(program, connection.wallet.pubkeyhash, model)
        service = Service(contract, connection, ledger, approve, limit)
        service.resume()
        yield service


def ledger_path() -> Path:
    """Where the ledger is kept."""
    return home() / "ledger.sqlite"
