"""Instances of the contract: found ready to be spent, or deployed, with consent where they cost money."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Sequence

from bitcoinx import Tx, TxOutput

from app import models
from app.chain.backends.base import Refusal, Sent
from app.chain.connection import Connection
from app.chain.funding import fund
from app.chain.ledger.records import Deployment, DeploymentState, NewDeployment, Verification
from app.chain.ledger.spending import Spending
from app.chain.ledger.store import Ledger
from app.chain.reconcile import HOLDING, adopt_spender, rebroadcast
from app.chain.refusals import refused
from app.chain.sendlock import SendLock
from app.chain.wallet.coins import fee_for
from app.chain.wallet.transactions import SIGNED_INPUT, build_deployment, deployment_size
from app.contract import DigitContract
from app.contract.spend import spend_size
from app.errors import ChainError, WalletError
from app.progress import Progress

__all__ = ["ATTEMPTS", "Approve", "Deployer"]

ATTEMPTS = 3
"""How often a transaction is rebuilt because another program has spent the same coins."""
_GATHERED = 5
"""Small coins that a deployment takes along: more than a verification and its block leave behind."""
_MOST_COPIES = 25
"""Instances in one deployment transaction: a proof of each carries the whole."""
_MOST_LISTED = 1_000
"""Open instances that are looked at: far more than are ever left."""
_MOST_BYTES = 500_000
"""Bytes of Script in one deployment transaction of several instances."""
_SPARE = 1_000
"""Satoshis a contract holds beyond twice its spend's fee: the change of the spend is never dust."""

Approve = Callable[[int, str], bool]
"""Asked before coins that cost money are spent: satoshis and what for. Answers yes or no."""


class Deployer:
    """Instances of one contract on one chain."""

    def __init__(
        self,
        contract: DigitContract,
        connection: Connection,
        ledger: Ledger,
        spending: Spending,
        approve: Approve,
    ) -> None:
        self.contract = contract
        self.connection = connection
        self.ledger = ledger
        self.send_lock = SendLock(ledger.path)
        self.approve = approve
        self._spending = spending
        self._approved: set[int] = set()
        self.rate_seconds = 1.0
        """How long a fee rate is taken for unchanged: one submission needs it five times."""
        self._rate, self._rate_asked = 0, -math.inf
        self._output: tuple[int, TxOutput | None] = (0, None)
        """The deployment looked at last, by its id, and its output: one submission needs it twice."""
        self.recovered: list[Verification] = []
        """Verifications that were given up and then found in the chain, since the caller last took them."""

    def owns(self, deployment: Deployment) -> bool:
        """Whether a deployment is of this contract, and its owner ours."""
        mine = (self.contract.sha256, self.contract.owner.hex())
        return (deployment.contract_sha256, deployment.owner) == mine

    def output_of(self, deployment: Deployment) -> TxOutput | None:
        """The output of a deployment, as its txid commits to it; None if it does not hold this contract.

        A claim signs the value that it spends: with a wrong one the signature would be wrong.
        """
        number, output = self._output
        if number == deployment.id and output is not None:
            return output
        output = deployment.output()
        if output is None and (found := self.connection.backend.find(deployment.txid)) is not None:
            output = deployment.output(found.raw)
        if output is None or output.script_pubkey.to_bytes() != self.contract.locking_script:
            return None
        self._output = deployment.id, output
        return output

    def next_ready(self) -> Deployment | None:
        """The first open deployment of this contract that is unspent and can pay its spend, if there is one.

        Those that the node does not know as unspent are settled in the ledger.
        """
        for known in self._open():
            deployment = self.ledger.deployment(known.id)
            output = self.output_of(deployment)
            if output is not None and output.value < self._least():
                continue
            there = self.connection.backend.is_unspent(deployment.txid, deployment.output_index)
            if (there or self._settle_missing(deployment)) and output is not None:
                return deployment
        return None

    def several(self, count: int, progress: Progress) -> list[Deployment]:
        """That many instances that the ledger calls open, oldest first; what is missing is deployed.

        Without their bytes. The node is not asked about them: a claim on one that is spent is refused. For a
        private chain. Errors are those of `deploy`.
        """
        for _ in range(1 + count):
            found = [d for d in self._open() if d.value >= self._least()][:count]
            if len(found) == count:
                return found
            self.deploy(progress, min(self.most_copies, count - len(found)))
        raise ChainError("Other programs take all instances of the contract.", hint="Try again later.")

    @property
    def most_copies(self) -> int:
        """How many instances one transaction deploys at most."""
        return max(1, min(_MOST_COPIES, _MOST_BYTES // len(self.contract.locking_script)))

    def _open(self) -> list[Deployment]:
        """Open deployments of this contract, oldest first, without their bytes."""
        found = self.ledger.open_deployments(
            self.connection.chain_id,
            kind=self.contract.kind.value,
            contract_sha256=self.contract.sha256,
            with_bytes=False,
            limit=_MOST_LISTED,
        )
        return [deployment for deployment in found if self.owns(deployment)]

    def _least(self) -> int:
        """Satoshis that an instance must hold to pay its spend."""
        return self.spend_fee() + _SPARE // 2

    def left_open(self) -> list[Deployment]:
        """Deployments of this contract that may have been sent, with no answer recorded."""
        deployments, _ = self.ledger.unreconciled(self.connection.chain_id)
        return [d for d in deployments if d.state is DeploymentState.PREPARED and self.owns(d)]

    def _settle_missing(self, deployment: Deployment) -> bool:
        """Rebroadcast a missing deployment or mark it spent; True if it can be used."""
        if any(record.state in HOLDING for record in self.ledger.verifications_on(deployment.id)):
            return False  # another of our programs has used it since it was listed, and records that itself
        backend = self.connection.backend
        if backend.find(deployment.txid) is None:
            return rebroadcast(backend, self.ledger, deployment)
        if (ours := adopt_spender(backend, self.ledger, deployment)) is not None:
            self.recovered.append(ours)
        return False

    def deploy(self, progress: Progress, copies: int = 1) -> Deployment:
        """Deploy one more instance, or several at once, and return the first.

        ChainError with the node's reason if it is refused.
        """
        self._check_script_limit()
        rate = self._fee_rate()
        value = 2 * self.spend_fee() + _SPARE
        for _ in range(ATTEMPTS):
            # Where nobody is asked for consent, the coins are chosen under the lock as well.
            with (
                contextlib.nullcontext() if self.connection.network.costs_money else self.send_lock.acquire()
            ):
                tried = self._deploy_once(rate, value, copies, progress)
            if tried is not None:
                sent, deployment = tried
                if sent.accepted:
                    return deployment
                if not self.prepare_retry(sent.refusal):
                    raise refused("The node refused to take the contract.", sent)
        raise ChainError(
            "The contract was not deployed.",
            why="Another program used the same coins, three times in a row.",
            hint="Try again when it has finished.",
        )

    def _deploy_once(
        self, rate: int, value: int, copies: int, progress: Progress
    ) -> tuple[Sent, Deployment] | None:
        """Choose coins, ask for consent, send. None if another program has spent the same coins."""
        backend, wallet, script = (
            self.connection.backend,
            self.connection.wallet,
            self.contract.locking_script,
        )
        # Each coin pays for itself: how many it takes is known only when they are chosen.
        need = copies * value + fee_for(deployment_size(script, 0, copies), rate)
        extra = 0 if self.connection.network.costs_money else _GATHERED + copies
        coins = fund(backend, wallet, need, progress, fee_for(SIGNED_INPUT, rate), extra=extra)
        tx, fee = build_deployment(script, value, coins, wallet, rate, copies)
        reserved = self._reserve(value, fee)
        with self.send_lock.acquire():
            deployments = self._record(tx, value, copies)
            if deployments:
                spent = [TxOutput(coin.value, wallet.locking_script) for coin in coins]
                sent = backend.send(tx.to_bytes(), spent)
                self._note(deployments, sent)
                if sent.accepted:
                    self._approved.add(deployments[0].id)
                    return sent, self.ledger.deployment(deployments[0].id)
        if reserved is not None:
            self._spending.cancel(reserved)
        return (sent, deployments[0]) if deployments else None

    def _note(self, deployments: Sequence[Deployment], sent: Sent) -> None:
        """Put the node's answer in the ledger."""
        state = DeploymentState.SENT if sent.accepted else DeploymentState.REFUSED
        numbers = [deployment.id for deployment in deployments]
        self.ledger.mark_deployments(numbers, state, reason=sent.reason)

    def _record(self, tx: Tx, value: int, copies: int) -> list[Deployment]:
        """Put the instances of a deployment in the ledger, all or none.

        None if another program has just made the very same one: signatures are deterministic, and the same
        coins make the same transaction, also after a refusal.
        """
        with self.ledger.together():
            raw = tx.to_bytes()
            made = [self._record_one(raw, tx.hex_hash(), value, index) for index in range(copies)]
        return [deployment for deployment in made if deployment is not None]

    def _record_one(self, raw: bytes, txid: str, value: int, index: int) -> Deployment | None:
        known = self.ledger.deployment_of(self.connection.chain_id, txid, index)
        if known is None:
            new = NewDeployment(
                chain_id=self.connection.chain_id,
                kind=self.contract.kind.value,
                contract_sha256=self.contract.sha256,
                model_sha256=self.contract.model.sha256,
                owner=self.contract.owner.hex(),
                txid=txid,
                output_index=index,
                value=value,
                raw_tx=raw,
            )
            return self.ledger.add_deployment(new)
        if known.state not in (DeploymentState.REFUSED, DeploymentState.LOST):
            return None
        return self.ledger.mark_deployment(known.id, DeploymentState.PREPARED)

    def prepare_retry(self, refusal: Refusal | None) -> bool:
        """Mine a block if too many transactions wait for one; True if a new attempt can succeed."""
        if refusal is Refusal.LONG_CHAIN and self.connection.network.may_mine:
            self.connection.backend.mine(self.connection.wallet.address, 1)
            return True
        # Another program, or somebody else, spent the same coins: others are chosen.
        return refusal in (Refusal.MISSING_INPUTS, Refusal.CONFLICT)

    def spend_fee(self) -> int:
        """Satoshis that a verification pays now."""
        size = spend_size(self.connection.wallet.locking_script.to_bytes())
        return fee_for(size, self._fee_rate())

    def _fee_rate(self) -> int:
        """The rate now, asked for again after `rate_seconds`."""
        if time.monotonic() - self._rate_asked >= self.rate_seconds:
            self._rate = self.connection.backend.fee_rate()
            self._rate_asked = time.monotonic()
        return self._rate

    def _check_script_limit(self) -> None:
        """ChainError if the script is too long for the network: coins behind it would be lost."""
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
        later = self.spend_fee()
        size = len(self.contract.locking_script)
        others = " and ".join(f"{name} has {other:,}" for name, other in models.smaller(size).items())
        compared = f", where {others}" if others else ""
        purpose = (
            f"deploy the contract ({size:,} bytes{compared}; fee {fee:,}) and verify one image with it "
            f"(fee {later:,}); {value - later:,} more are held by the contract until then and come back"
        )
        try:
            self._ask(fee + later, purpose)
        except BaseException:
            self._spending.cancel(reserved)
            raise
        return reserved

    def ask_once(self, deployment: Deployment) -> None:
        """A verification is approved together with its deployment, or by itself if that is from before."""
        if self.connection.network.costs_money and deployment.id not in self._approved:
            self._ask(self.spend_fee(), "verify one image; the deployed contract holds them already")
            self._approved.add(deployment.id)

    def _ask(self, satoshis: int, purpose: str) -> None:
        if not self.approve(satoshis, purpose):
            raise WalletError(
                f"Nothing was sent: {satoshis:,} satoshis to {purpose} were not approved.",
                hint="Answer yes, or give --yes.",
            )
