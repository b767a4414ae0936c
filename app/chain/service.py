"""Deploy the contract, put claims to it, and keep the ledger true to the chain."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from bitcoinx import Script, Tx, TxOutput

from app.chain.binary import Progress
from app.chain.broadcast import Refusal, Sent
from app.chain.coins import balance, fee_for, fund
from app.chain.connection import Connection, NodeChoice, connect
from app.chain.ledger import DeploymentTakenError, Ledger
from app.chain.reconcile import reconcile
from app.chain.records import Deployment, DeploymentState, Verification, VerificationState
from app.chain.spending import Spending, daily_limit
from app.chain.transactions import build_deployment, deployment_size
from app.contract import DigitContract, SpendPlan, build_spend, contract_for
from app.contract.spend import spend_size
from app.errors import ChainError, WalletError
from app.fixedpoint import IntegerNetwork
from app.paths import home
from app.script import Kind

_ATTEMPTS = 3
_SPARE = 1_000
"""Satoshis a contract holds beyond twice its spend's fee: the change of the spend is never dust."""
_INPUTS = 4
"""Coins that a deployment is reckoned with before they are chosen."""


class Stage(Enum):
    """What has just happened to a submission, in this order."""

    READY = "contract ready"
    SIGNED = "signed"
    ACCEPTED = "accepted by the node"
    REFUSED = "refused by the node"
    CONFIRMED = "in a block"


StageCallback = Callable[[Stage, str], None]
Approve = Callable[[int, str], bool]
"""Asked before coins that cost money are spent: satoshis and what for. Answers yes or no."""


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


def silent(_stage: Stage, _text: str) -> None:
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
        self._approve = approve
        self._spending = Spending(ledger, connection.chain_id, daily_limit(limit))
        self._approved: set[int] = set()

    def prepare(self, progress: Progress) -> Deployment:
        """A deployment that can be spent now; the contract is deployed if there is none."""
        for deployment in self._ready():
            return deployment
        progress(f"Deploying the contract ({len(self.contract.locking_script):,} bytes)", None)
        return self._deploy(progress)

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
        for _ in range(_ATTEMPTS):
            deployment = self.prepare(progress)
            self._ask_once(deployment)
            on_stage(Stage.READY, f"{deployment.txid}:{deployment.output_index}")
            try:
                record = self._record(deployment, image, claim, readings, name)
            except DeploymentTakenError:
                continue  # another program was quicker
            on_stage(Stage.SIGNED, record.txid)
            sent = self.connection.backend.send(record.raw_tx, self._spent(deployment))
            if sent.refusal in (Refusal.MISSING_INPUTS, Refusal.CONFLICT):
                self.ledger.mark_verification(record.id, VerificationState.ERROR, reason=sent.reason)
                continue  # the deployment is spent or gone: `prepare` notices and replaces it
            return self._conclude(record, sent, progress, on_stage)
        raise ChainError(
            "The deployed contract was spent by somebody else, three times in a row.",
            hint="Is another program using the same wallet? Try again when it has finished.",
        )

    def reconcile(self) -> None:
        """Bring the ledger in line with the chain: what a crash or a pause left open is settled."""
        reconcile(self.connection.backend, self.ledger, self.connection.chain_id)

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

    def _ready(self) -> Iterator[Deployment]:
        """Open deployments of this contract that the node knows as unspent and that can pay their spend."""
        backend = self.connection.backend
        need = self._spend_fee() + _SPARE // 2
        for deployment in self.ledger.open_deployments(
            self.connection.chain_id, kind=self.contract.kind.value, contract_sha256=self.contract.sha256
        ):
            if deployment.owner != self.contract.owner.hex() or deployment.value < need:
                continue
            if backend.is_unspent(deployment.txid, deployment.output_index):
                yield deployment
            else:
                known = backend.find(deployment.txid) is not None
                gone = DeploymentState.SPENT if known else DeploymentState.LOST
                self.ledger.mark_deployment(deployment.id, gone, reason="found spent or gone before its use")

    def _deploy(self, progress: Progress) -> Deployment:
        backend, wallet, script = (
            self.connection.backend,
            self.connection.wallet,
            self.contract.locking_script,
        )
        self._check_script_limit()
        rate = backend.fee_rate()
        value = 2 * self._spend_fee() + _SPARE
        for _ in range(_ATTEMPTS):
            coins = fund(backend, wallet, value + fee_for(deployment_size(script, _INPUTS), rate), progress)
            tx, fee = build_deployment(script, value, coins, wallet, rate)
            reserved = self._reserve(value, fee)
            deployment = self.ledger.add_deployment(
                network=self.connection.chain_id,
                kind=self.contract.kind.value,
                contract_sha256=self.contract.sha256,
                network_sha256=self.contract.network.sha256,
                owner=self.contract.owner.hex(),
                txid=tx.hex_hash(),
                output_index=0,
                value=value,
                raw_tx=tx.to_bytes(),
            )
            sent = backend.send(deployment.raw_tx, [TxOutput(c.value, wallet.locking_script) for c in coins])
            if sent.accepted:
                self._approved.add(deployment.id)
                return self.ledger.mark_deployment(deployment.id, DeploymentState.SENT)
            self.ledger.mark_deployment(deployment.id, DeploymentState.REFUSED, reason=sent.reason)
            if reserved is not None:
                self._spending.cancel(reserved)
            if sent.refusal not in (Refusal.MISSING_INPUTS, Refusal.CONFLICT):
                break  # else: another program spent the same coins; choose again
        raise ChainError(
            "The node refused to take the contract.",
            why=f"It says: {sent.reason}.",
            hint="Use the embedded node, or one whose policy allows it.",
        )

    def _record(
        self, deployment: Deployment, image: bytes, claim: int, readings: Readings, name: str
    ) -> Verification:
        fee = self._spend_fee()
        payout = self.connection.wallet.locking_script.to_bytes()
        plan = SpendPlan(deployment.txid, deployment.output_index, deployment.value, fee, payout)
        tx: Tx = build_spend(self.contract, plan, claim, image, self.connection.wallet.key)
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

    def _conclude(
        self, record: Verification, sent: Sent, progress: Progress, on_stage: StageCallback
    ) -> ChainVerdict:
        if sent.accepted:
            self.ledger.mark_verification(record.id, VerificationState.ACCEPTED)
            on_stage(Stage.ACCEPTED, record.txid)
            self._look_ahead(progress)
            self._confirm(on_stage, record)
        elif sent.refusal is Refusal.SCRIPT:
            self.ledger.mark_verification(record.id, VerificationState.REFUSED, reason=sent.reason)
            on_stage(Stage.REFUSED, sent.reason)
        else:
            self.ledger.mark_verification(record.id, VerificationState.ERROR, reason=sent.reason)
            raise ChainError(
                "The node did not judge the claim.",
                why=f"It says: {sent.reason}.",
                hint="Use the embedded node, or one whose policy allows it.",
            )
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
            on_stage(Stage.CONFIRMED, f"{settled.block_height}")

    def _spend_fee(self) -> int:
        size = spend_size(self.connection.wallet.locking_script.to_bytes())
        return fee_for(size, self.connection.backend.fee_rate())

    def _spent(self, deployment: Deployment) -> list[TxOutput]:
        return [TxOutput(deployment.value, Script(self.contract.locking_script))]

    def _check_script_limit(self) -> None:
        """Coins behind a script that nobody will run are lost: find out before they are put there."""
        limit, size = self.connection.backend.script_limit(), len(self.contract.locking_script)
        if limit is not None and size > limit:
            raise ChainError(
                f"The contract is too big for {self.connection.network.name}.",
                why=f"It has {size:,} bytes of Script; at most {limit:,} are let through there.",
                hint="Use the packed form, or a node whose policy allows it.",
            )

    def _reserve(self, value: int, fee: int) -> int | None:
        """Have a deployment approved, with the verification it is for. Its number in the day's spending."""
        if not self.connection.network.costs_money:
            return None
        reserved = self._spending.reserve(value + fee, "deployment")
        later = self._spend_fee()
        purpose = (
            f"deploy the contract (fee {fee:,}) and verify one image with it (fee {later:,}); "
            f"{value - later:,} more are held by the contract until then and come back"
        )
        try:
            self._ask(fee + later, purpose)
        except BaseException:
            self._spending.cancel(reserved)
            raise
        return reserved

    def _ask_once(self, deployment: Deployment) -> None:
        """A verification is approved together with its deployment, or by itself if that is from before."""
        if self.connection.network.costs_money and deployment.id not in self._approved:
            self._ask(self._spend_fee(), "verify one image; the deployed contract holds them already")
            self._approved.add(deployment.id)

    def _ask(self, satoshis: int, purpose: str) -> None:
        if not self._approve(satoshis, purpose):
            raise WalletError(
                f"Nothing was sent: {satoshis:,} satoshis to {purpose} were not approved.",
                hint="Answer yes, or give --yes.",
            )


def verdict_of(record: Verification, network: str) -> ChainVerdict:
    """A recorded verification as a verdict."""
    accepted = record.state in (VerificationState.ACCEPTED, VerificationState.CONFIRMED)
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
    network: IntegerNetwork,
    kind: Kind,
    choice: NodeChoice,
    progress: Progress,
    *,
    approve: Approve = never,
    limit: int | None = None,
) -> Iterator[Service]:
    """The service of a network's contract on the chosen chain: connected, reconciled, ready to submit.

    `approve` is asked before coins that cost money are spent, up to `limit` satoshis in a day.
    """
    with connect(choice, kind, progress) as connection, Ledger(ledger_path()) as ledger:
        contract = contract_for(network, connection.wallet.pubkeyhash, kind)
        service = Service(contract, connection, ledger, approve, limit)
        service.reconcile()
        yield service


def ledger_path() -> Path:
    """Where the ledger is kept."""
    return home() / "ledger.sqlite"
