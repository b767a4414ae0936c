"""Steps of ours: coins chosen, consent asked, recorded, judged here, sent."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bitcoinx import Script, Tx, TxOutput, hash_to_hex_str

from app.chain.connection import Connection
from app.chain.deploying import Approve
from app.chain.funding import fund
from app.chain.ledger.bounties import BountyBook, BountyRecord, BountyStep, NewStep, StepKind, StepState
from app.chain.ledger.spending import Spending
from app.chain.ledger.store import Ledger
from app.chain.refusals import refused
from app.chain.sendlock import SendLock
from app.chain.wallet.coins import Coin, fee_for
from app.chain.wallet.transactions import SIGNED_INPUT
from app.contract import judge_spend
from app.contract.bounty_spends import Coin as Paying
from app.contract.bounty_spends import Place
from app.contract.spend import SIGHASH
from app.errors import ChainError, WalletError
from app.progress import Progress

__all__ = ["Made", "Paid", "Sender"]

_DUST = 1_000
"""Change below this many satoshis is left to the miner."""


@dataclass(frozen=True)
class Made:
    """A step that is ready to be sent: its transaction, and the outputs that it spends."""

    tx: Tx
    spent: tuple[TxOutput, ...]
    fee: int


@dataclass(frozen=True)
class Paid:
    """Coins for a step, and the change that they leave: one output or none."""

    coins: tuple[Coin, ...]
    change: tuple[TxOutput, ...]
    fee: int

    @property
    def paying(self) -> list[Paying]:
        """The coins, as the contract's builders take them."""
        return [Paying(coin.txid, coin.index, coin.value) for coin in self.coins]


class Sender:
    """Sends the steps of one wallet on one chain; the ledger knows of each before anybody else does."""

    def __init__(self, connection: Connection, ledger: Ledger, spending: Spending, approve: Approve) -> None:
        self.connection = connection
        self.book = BountyBook(ledger)
        self.lock = SendLock(ledger.path)
        self._spending = spending
        self._approve = approve

    def fee(self, size: int) -> int:
        """Satoshis that so many bytes cost now."""
        return fee_for(size, self.connection.backend.fee_rate())

    def pay(self, need: int, size: Callable[[int], int], progress: Progress) -> Paid:
        """Coins for `need` satoshis and the fee of a transaction of `size(coins)` bytes."""
        wallet, rate = self.connection.wallet, self.connection.backend.fee_rate()
        each = fee_for(SIGNED_INPUT, rate)
        coins = fund(self.connection.backend, wallet, need + fee_for(size(0), rate), progress, each)
        fee = fee_for(size(len(coins)), rate)
        left = sum(coin.value for coin in coins) - need - fee
        if left < 0:
            raise WalletError("The coins do not pay for the step.", why=f"{-left:,} satoshis are missing.")
        if left < _DUST:
            return Paid(tuple(coins), (), fee + left)
        return Paid(tuple(coins), (TxOutput(left, wallet.locking_script),), fee)

    def signed(self, tx: Tx, place: Place, paid: Paid) -> Made:
        """A commit or reopening with the inputs of its coins signed."""
        wallet = self.connection.wallet
        for index, coin in enumerate(paid.coins, start=1):
            digest = tx.signature_hash(index, coin.value, wallet.locking_script, SIGHASH)
            signature = wallet.key.sign(digest, None) + bytes([SIGHASH])
            tx.inputs[index].script_sig = Script() << signature << wallet.public_key.to_bytes()
        return Made(tx, (place.output, *self.outputs_of(paid)), paid.fee)

    def check(self, made: Made, place: Place) -> None:
        """Run the contract here first. ChainError where it would refuse the step."""
        judged = judge_spend(made.tx, place.value, place.bounty.locking_script)
        if not judged.accepted:
            raise ChainError(
                "The bounty's contract would refuse this step, so it was not sent.",
                why=judged.reason,
                hint="See `inkproof bounty list` for what the bounty asks.",
            )

    def ask(self, satoshis: int, purpose: str) -> int | None:
        """Have an amount approved where coins cost money; its number in the day's spending, else None."""
        if not self.connection.network.costs_money:
            return None
        reserved = self._spending.reserve(satoshis, "bounty")
        try:
            if not self._approve(satoshis, purpose):
                raise WalletError(
                    f"Nothing was sent: {satoshis:,} satoshis to {purpose} were not approved.",
                    hint="Answer yes, or give --yes.",
                )
        except BaseException:
            self._spending.cancel(reserved)
            raise
        return reserved

    @contextlib.contextmanager
    def cancelling(self, reserved: int | None) -> Iterator[None]:
        """Take a reservation back if what it was for was refused."""
        try:
            yield
        except ChainError:
            if reserved is not None:
                self._spending.cancel(reserved)
            raise

    def outputs_of(self, paid: Paid) -> list[TxOutput]:
        """The outputs that the coins are."""
        return [TxOutput(coin.value, self.connection.wallet.locking_script) for coin in paid.coins]

    def send(
        self, record: BountyRecord, kind: StepKind, made: Made, image: bytes = b"", salt: bytes = b""
    ) -> BountyStep:
        """Record a step of a bounty and send it. `image` and `salt`: what a commit is to.

        ChainError with the node's reason if it is refused.
        """
        place = made.tx.inputs[0]
        value = made.tx.outputs[0].value if kind in (StepKind.COMMIT, StepKind.REOPEN) else 0
        new = NewStep(
            kind=kind,
            txid=made.tx.hex_hash(),
            spends=f"{hash_to_hex_str(place.prev_hash)}:{place.prev_idx}",
            raw_tx=made.tx.to_bytes(),
            value=value,
            fee=made.fee,
            image=image,
            salt=salt,
        )
        with self.lock.acquire():
            step = self.book.add_step(record.id, new)
            return self.deliver(step, made.spent)

    def deliver(self, step: BountyStep, spent: Sequence[TxOutput]) -> BountyStep:
        """Send a recorded step and record the answer. Called under the send lock."""
        sent = self.connection.backend.send(step.raw_tx, list(spent))
        if sent.accepted:
            return self.book.mark(step.id, StepState.SENT)
        self.book.mark(step.id, StepState.REFUSED, reason=sent.reason)
        raise refused(f"The node refused to {step.kind.value} the bounty.", sent)
