"""Instances of the contract: found ready to be spent, or deployed, with consent where they cost money."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from bitcoinx import Tx, TxOutput

from app.chain.backends.base import Refusal, Sent
from app.chain.connection import Connection
from app.chain.funding import fund
from app.chain.ledger.records import Deployment, DeploymentState, Verification, VerificationState
from app.chain.ledger.spending import Spending
from app.chain.ledger.store import Ledger
from app.chain.reconcile import SOMEBODY_ELSE, claimed_back, revived
from app.chain.refusals import refused
from app.chain.sendlock import Turn
from app.chain.wallet.coins import fee_for
from app.chain.wallet.transactions import SIGNED_INPUT, build_deployment, deployment_size
from app.contract import DigitContract
from app.contract.spend import spend_size
from app.errors import ChainError, WalletError
from app.progress import Progress

__all__ = ["ATTEMPTS", "Approve", "Deployer"]

ATTEMPTS = 3
"""Times that a transaction is made anew when another program was quicker with the coins."""
_SPARE = 1_000
"""Satoshis a contract holds beyond twice its spend's fee: the change of the spend is never dust."""
_RATE_SECONDS = 1.0
_HOLDING = frozenset({VerificationState.PREPARED, VerificationState.ACCEPTED, VerificationState.CONFIRMED})
"""A verification in one of these states holds its deployment: no other one may spend it."""

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
        self.turn = Turn(ledger.path)
        self.approve = approve
        self._spending = spending
        self._approved: set[int] = set()
        self._rate, self._rate_until = 0, 0.0
        self.claimed_back: list[Verification] = []
        """Verifications that were given up and then found in the chain, since the caller last looked."""

    def owns(self, deployment: Deployment) -> bool:
        """Whether a deployment is of this contract, and its owner ours."""
        mine = (self.contract.sha256, self.contract.owner.hex())
        return (deployment.contract_sha256, deployment.owner) == mine

    def ready(self) -> Iterator[Deployment]:
        """Open deployments of this contract that the node knows as unspent and that can pay their spend."""
        backend = self.connection.backend
        need = self.spend_fee() + _SPARE // 2
        for deployment in self.ledger.open_deployments(
            self.connection.chain_id, kind=self.contract.kind.value, contract_sha256=self.contract.sha256
        ):
            if not self.owns(deployment) or deployment.value < need:
                continue
            if backend.is_unspent(deployment.txid, deployment.output_index) or self._is_back(deployment):
                yield deployment

    def left_open(self) -> list[Deployment]:
        """Deployments of this contract that were perhaps sent, and whose answer nobody has heard."""
        deployments, _ = self.ledger.unreconciled(self.connection.chain_id)
        return [d for d in deployments if d.state is DeploymentState.PREPARED and self.owns(d)]

    def _is_back(self, deployment: Deployment) -> bool:
        """What became of a deployment that is not there; whether it could be sent again."""
        if any(record.state in _HOLDING for record in self.ledger.verifications_on(deployment.id)):
            return False  # another program of ours was quicker since it was listed, and records that itself
        backend = self.connection.backend
        if backend.find(deployment.txid) is None:
            return revived(backend, self.ledger, deployment)
        if (ours := claimed_back(backend, self.ledger, deployment)) is not None:
            self.claimed_back.append(ours)
        self.ledger.mark_deployment(
            deployment.id, DeploymentState.SPENT, reason="" if ours else SOMEBODY_ELSE
        )
        return False

    def deploy(self, progress: Progress) -> Deployment:
        """Deploy one more instance. ChainError in the node's words if it is refused."""
        self._check_script_limit()
        rate = self._fee_rate()
        value = 2 * self.spend_fee() + _SPARE
        for _ in range(ATTEMPTS):
            # Where nobody is asked for consent, the coins are chosen in our turn as well.
            with contextlib.nullcontext() if self.connection.network.costs_money else self.turn.take():
                tried = self._deploy_once(rate, value, progress)
            if tried is not None:
                sent, deployment = tried
                if sent.accepted:
                    return deployment
                if not self.may_pass(sent.refusal):
                    raise refused("The node refused to take the contract.", sent)
        raise ChainError(
            "The contract was not deployed.",
            why="Another program used the same coins, three times in a row.",
            hint="Try again when it has finished.",
        )

    def _deploy_once(self, rate: int, value: int, progress: Progress) -> tuple[Sent, Deployment] | None:
        """Choose coins, ask for consent, send. None if another program was quicker with the same coins."""
        backend, wallet, script = (
            self.connection.backend,
            self.connection.wallet,
            self.contract.locking_script,
        )
        # Each coin pays for itself: how many it takes is known only when they are chosen.
        need = value + fee_for(deployment_size(script, 0), rate)
        coins = fund(backend, wallet, need, progress, fee_for(SIGNED_INPUT, rate))
        tx, fee = build_deployment(script, value, coins, wallet, rate)
        reserved = self._reserve(value, fee)
        with self.turn.take():
            deployment = self._record(tx, value)
            if deployment is not None:
                spent = [TxOutput(coin.value, wallet.locking_script) for coin in coins]
                sent = backend.send(deployment.raw_tx, spent)
                if sent.accepted:
                    self._approved.add(deployment.id)
                    return sent, self.ledger.mark_deployment(deployment.id, DeploymentState.SENT)
                self.ledger.mark_deployment(deployment.id, DeploymentState.REFUSED, reason=sent.reason)
        if reserved is not None:
            self._spending.cancel(reserved)
        return None if deployment is None else (sent, deployment)

    def _record(self, tx: Tx, value: int) -> Deployment | None:
        """Put a deployment in the ledger; None if another program has just made the very same one.

        Signatures are deterministic: the same coins make the same transaction, also after a refusal.
        """
        known = self.ledger.deployment_of(self.connection.chain_id, tx.hex_hash(), 0)
        if known is None:
            return self.ledger.add_deployment(
                chain_id=self.connection.chain_id,
                kind=self.contract.kind.value,
                contract_sha256=self.contract.sha256,
                model_sha256=self.contract.model.sha256,
                owner=self.contract.owner.hex(),
                txid=tx.hex_hash(),
                output_index=0,
                value=value,
                raw_tx=tx.to_bytes(),
            )
        if known.state not in (DeploymentState.REFUSED, DeploymentState.LOST):
            return None
        return self.ledger.mark_deployment(known.id, DeploymentState.PREPARED)

    def may_pass(self, refusal: Refusal | None) -> bool:
        """Whether it is worth making the transaction anew: other coins, or a block first."""
        if refusal is Refusal.LONG_CHAIN and self.connection.network.may_mine:
            self.connection.backend.mine(self.connection.wallet.address, 1)
            return True
        # Another program, or somebody else, spent the same coins.
        return refusal in (Refusal.MISSING_INPUTS, Refusal.CONFLICT)

    def spend_fee(self) -> int:
        """Satoshis that a verification pays now."""
        size = spend_size(self.connection.wallet.locking_script.to_bytes())
        return fee_for(size, self._fee_rate())

    def _fee_rate(self) -> int:
        """The rate now. One submission needs it five times; whoever sets it does not change it as often."""
        if time.monotonic() >= self._rate_until:
            self._rate = self.connection.backend.fee_rate()
            self._rate_until = time.monotonic() + _RATE_SECONDS
        return self._rate

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
        later = self.spend_fee()
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
