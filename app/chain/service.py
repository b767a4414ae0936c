"""Deploy the contract, put claims to it, and keep the ledger true to the chain."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bitcoinx import Tx, TxOutput

from app.chain.backends.base import Refusal, Sent
from app.chain.claims import ChainVerdict as ChainVerdict
from app.chain.claims import ClaimStage as ClaimStage
from app.chain.claims import Readings as Readings
from app.chain.claims import StageCallback as StageCallback
from app.chain.claims import is_taken
from app.chain.claims import verdict_of as verdict_of
from app.chain.connection import Connection, NodeChoice, connect
from app.chain.deploying import ATTEMPTS, Deployer
from app.chain.deploying import Approve as Approve
from app.chain.funding import balance
from app.chain.ledger.records import Deployment, NewVerification, Verification, VerificationState
from app.chain.ledger.spending import Spending, daily_limit
from app.chain.ledger.store import Ledger
from app.chain.reconcile import recheck_confirmed, reconcile, reopen
from app.chain.refusals import refused
from app.contract import DigitContract, Judgement, SpendPlan, build_spend, judge_spend
from app.contract.classifier import program_for
from app.contract.rules import limits_for, needs_raised_policy
from app.errors import ChainError, DeploymentTakenError, WalletError
from app.fixedpoint import IntegerModel
from app.paths import home
from app.progress import Progress
from app.script import Kind

_BURIED = 100
"""Blocks on top of one that is taken for final."""
_OWN_BURIED = 10
"""The same on a private chain, where nobody else mines."""


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
        self.spending = Spending(ledger, connection.chain_id, daily_limit(limit))
        self.deployer = Deployer(contract, connection, ledger, self.spending, approve)

    def prepare(self, progress: Progress) -> Deployment:
        """A deployment that can be spent now; the contract is deployed if there is none.

        PendingError where one was sent before and the network has not decided about it: it is paid for.
        """
        deployment = self.deployer.next_ready() or self._settle_deployment_left_open()
        if deployment is not None:
            return deployment
        progress(f"Deploying the contract ({len(self.contract.locking_script):,} bytes)", None)
        return self.deployer.deploy(progress)

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
        """Claim that the contract reads `claim` in `image` (784 bytes), and send it to the node.

        A refusal is a verdict if the script, run here as well, ends in false. Any other refusal is a
        ChainError, with the node's reason. The claim is in the ledger before it is sent.
        """
        known = self._settle_left_open(image, claim)
        for _ in range(ATTEMPTS):
            if known is not None:
                on_stage(ClaimStage.SIGNED, known.txid)
                return self._taken(known, progress, on_stage)
            deployment = self.prepare(progress)
            if (known := self._take_recovered(image, claim)) is not None:
                continue
            self.deployer.ask_once(deployment)
            on_stage(ClaimStage.READY, f"{deployment.txid}:{deployment.output_index}")
            output = self.deployer.output_of(deployment)
            if output is None:
                continue
            with self.deployer.send_lock.acquire():
                try:
                    record = self.record(deployment, output.value, image, claim, readings, name)
                except DeploymentTakenError:
                    continue  # another program has taken the deployment
                on_stage(ClaimStage.SIGNED, record.txid)
                sent = self.connection.backend.send(record.raw_tx, [output])
                judgement = self.judge_refused(record, sent, output)
                self.note(record, sent, judgement)
            if sent.accepted:
                return self._taken(record, progress, on_stage)
            if judgement is not None and judgement.disagrees:
                on_stage(ClaimStage.REFUSED, sent.reason)
                return self._verdict(record)
            if judgement is not None:
                raise _unfounded(sent, judgement)
            if not self.deployer.prepare_retry(sent.refusal):
                raise refused("The node did not judge the claim.", sent)
        raise ChainError(
            "The deployed contract was spent by somebody else, three times in a row.",
            hint="Is another program using the same wallet? Try again when it has finished.",
        )

    def reconcile(self) -> None:
        """Bring the ledger in line with the chain: whatever a crash or a pause left open is settled."""
        reconcile(self.connection.backend, self.ledger, self.connection.chain_id)

    def confirm(self) -> None:
        """Mine a block on a private chain, and settle what it holds; what it does not hold is looked for."""
        self.settle(self.mine())
        _, left = self.ledger.unreconciled(self.connection.chain_id)
        if left:
            self.reconcile()

    def mine(self) -> list[str]:
        """Mine a block on a private chain; its hash, in a list."""
        return self.connection.backend.mine(self.connection.wallet.address, 1)

    def settle(self, blocks: Sequence[str]) -> None:
        """Record what these blocks of a private chain confirm; drop what is superfluous beneath them."""
        chain_id = self.connection.chain_id
        recheck_confirmed(self.connection.backend, self.ledger, chain_id)
        for block_hash in blocks:
            height, txids = self.connection.node.transactions_in(block_hash)
            with self.ledger.together():
                self.ledger.confirm(chain_id, block_hash, height, txids)
                self.ledger.shrink(chain_id, height - _OWN_BURIED, pack=False)

    def resume(self) -> None:
        """Go on where the last run ended: settle what it left open and, on a private chain, confirm it."""
        self.reconcile()
        reopen(self.connection.backend, self.ledger, self.connection.chain_id)
        waiting = self.ledger.newest_in(self.connection.chain_id, VerificationState.ACCEPTED, 1)
        if waiting:
            self._confirm(silent, waiting[0])
        self._shrink()

    def _shrink(self) -> None:
        """Drop from the ledger what final blocks make superfluous, and shrink its file."""
        buried = _OWN_BURIED if self.connection.network.may_mine else _BURIED
        self.ledger.shrink(self.connection.chain_id, self.connection.backend.tip().height - buried)

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

    def record(
        self, deployment: Deployment, value: int, image: bytes, claim: int, readings: Readings, name: str
    ) -> Verification:
        """Sign a claim on a deployment that holds `value` satoshis, and put it in the ledger as `prepared`.

        DeploymentTakenError where another verification holds the deployment.
        """
        fee = self.deployer.spend_fee()
        payout = self.connection.wallet.locking_script.to_bytes()
        plan = SpendPlan(deployment.txid, deployment.output_index, value, fee, payout)
        tx: Tx = build_spend(self.contract, plan, claim, image, self.connection.wallet.key)
        for earlier in self.ledger.verifications_on(deployment.id):
            # Signatures are deterministic: the same claim on the same instance is the same transaction.
            if earlier.txid == tx.hex_hash() and earlier.state is VerificationState.ERROR:
                return self.ledger.mark_verification(earlier.id, VerificationState.PREPARED)
        new = NewVerification(
            deployment_id=deployment.id,
            image_name=name,
            image=image,
            claim=claim,
            float_digit=readings.float_digit,
            fixed_digit=readings.fixed_digit,
            probabilities=tuple(readings.probabilities),
            logits=tuple(readings.logits),
            txid=tx.hex_hash(),
            raw_tx=tx.to_bytes(),
            fee=fee,
            size=tx.size(),
            script_bytes=len(self.contract.locking_script),
        )
        return self.ledger.add_verification(new)

    def _settle_left_open(self, image: bytes, claim: int) -> Verification | None:
        """Settle the same claim if it was sent before with no answer recorded; returns it if it was taken.

        It must not be made twice. PendingError if the network has not decided about it. Only claims put to
        this contract count: the ledger holds every model's, and another one may read another digit.
        """
        chain_id = self.connection.chain_id
        left = [
            record
            for record in self.ledger.newest_in(chain_id, VerificationState.PREPARED)
            if (record.image, record.claim) == (image, claim)
            and self.deployer.owns(self.ledger.deployment(record.deployment_id))
        ]
        if left:
            self.reconcile()
        settled = [self.ledger.verification(record.id) for record in left]
        for record in settled:
            if record.state is VerificationState.PREPARED:
                self._raise_if_pending(record.txid)
        return next((record for record in settled if is_taken(record)), None)

    def _settle_deployment_left_open(self) -> Deployment | None:
        """Settle a deployment that was sent before with no answer recorded; returns it if it can be spent.

        So it is paid for once. PendingError if the network has not decided about it.
        """
        for _ in range(2):  # the network may decide between two questions
            if not self.deployer.left_open():
                break
            self.reconcile()
            if (deployment := self.deployer.next_ready()) is not None:
                return deployment
            for left in self.deployer.left_open():
                self._raise_if_pending(left.txid)
        return None

    def _raise_if_pending(self, txid: str) -> None:
        """PendingError if the network has a transaction and has not decided about it.

        Otherwise, if its record is still `prepared`, another program is sending it now.
        """
        self.connection.backend.find(txid)

    def _take_recovered(self, image: bytes, claim: int) -> Verification | None:
        """The same claim if it had been given up and has just been found in the chain."""
        found, self.deployer.recovered = self.deployer.recovered, []
        return next((record for record in found if (record.image, record.claim) == (image, claim)), None)

    def judge_refused(self, record: Verification, sent: Sent, output: TxOutput) -> Judgement | None:
        """Run a claim here that was refused for its script; None for any other answer.

        A service can say what it likes. A verdict is only what the script itself, run to its end, says.
        """
        if sent.accepted or sent.refusal is not Refusal.SCRIPT:
            return None
        script = output.script_pubkey.to_bytes()
        limits = limits_for(self.contract.program)
        return judge_spend(Tx.from_bytes(record.raw_tx), output.value, script, limits)

    def note(self, record: Verification, sent: Sent, judgement: Judgement | None) -> None:
        """Put the node's answer in the ledger: refused only if the claim is wrong."""
        state = VerificationState.ERROR
        if sent.accepted:
            state = VerificationState.ACCEPTED
        elif judgement is not None and judgement.disagrees:
            state = VerificationState.REFUSED
        self.ledger.mark_verification(record.id, state, reason=sent.reason)

    def _taken(self, record: Verification, progress: Progress, on_stage: StageCallback) -> ChainVerdict:
        """Go on with a claim that the node took. It stands, whatever fails afterwards."""
        on_stage(ClaimStage.ACCEPTED, record.txid)
        with contextlib.suppress(ChainError):
            self._confirm(on_stage, record)
        self._look_ahead(progress)
        return self._verdict(record)

    def _verdict(self, record: Verification) -> ChainVerdict:
        return verdict_of(self.ledger.verification(record.id), self.connection.network.name)

    def _look_ahead(self, progress: Progress) -> None:
        """Deploy the next instance now, so that nobody waits for it later.

        An error is left to the next `prepare`, which meets it again. Not where it costs money: there may be
        no next verification.
        """
        if self.connection.network.costs_money:
            return
        with contextlib.suppress(ChainError, WalletError):
            self.prepare(progress)

    def _confirm(self, on_stage: StageCallback, record: Verification) -> None:
        """On a private chain, mine the block that confirms; elsewhere miners do, and reconcile notices."""
        if not self.connection.network.may_mine:
            return
        self.confirm()
        settled = self.ledger.verification(record.id)
        if settled.block_height is not None:
            on_stage(ClaimStage.CONFIRMED, f"{settled.block_height}")


def _unfounded(sent: Sent, judgement: Judgement) -> ChainError:
    """The error for a refusal that speaks of the script, which is not what the script says."""
    here = "accepts the claim" if judgement.accepted else f"does not come to its end: {judgement.reason}"
    return ChainError(
        "The claim was refused, but not by the contract.",
        why=f"The answer was: {sent.reason}. Run here, the contract's script {here}.",
        hint="Try again. If it stays so, do not trust this node or service; use another one.",
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
