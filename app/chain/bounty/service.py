"""Post bounties, find those of others, claim them, open them again, take them back."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from enum import Enum

from app.chain.bounty.drafting import Wish, terms_of
from app.chain.bounty.following import Standing, follow
from app.chain.bounty.readers import Reader
from app.chain.bounty.sending import Made, Sender
from app.chain.bounty.settling import settle
from app.chain.bounty.watching import Watcher
from app.chain.connection import Connection, NodeChoice, connect
from app.chain.deploying import Approve
from app.chain.funding import fund
from app.chain.ledger.bounties import BountyStep, NewBounty, NewStep, StepKind, StepState
from app.chain.ledger.spending import Spending, daily_limit
from app.chain.ledger.store import Ledger
from app.chain.service import ledger_path, never
from app.chain.wallet.transactions import build_deployment, deployment_size
from app.contract.bounty import SALT_BYTES, Bounty, Terms, commitment_to
from app.contract.bounty_spends import (
    Place,
    build_commit,
    build_reclaim,
    build_reopen,
    build_reveal,
    commit_size,
    reclaim_size,
    reopen_size,
    reveal_size,
)
from app.errors import ChainError, ContractError
from app.progress import Progress, silent
from app.script import Kind

__all__ = ["Bounties", "BountyStage", "StageCallback", "open_bounties"]

_CAREFUL = 3
"""Blocks on a commitment before its image is shown, where blocks are others' work."""
_SHORTEST_PRIVATE = 3
"""Blocks that a commitment lasts at least on a private chain, where whoever commits mines the next one."""
_TIME_TO_REVEAL = 6
"""Blocks before the expiry from which on a reveal may come too late to be mined in time."""


class BountyStage(Enum):
    """What has just happened to a claim, in this order."""

    COMMITTED = "commitment sent"
    IN_BLOCK = "commitment in a block"
    REVEALED = "image shown"
    PAID = "paid, in a block"


StageCallback = Callable[[BountyStage, str], None]


def unheard(_stage: BountyStage, _text: str) -> None:
    """For callers that do not follow the stages."""


class Bounties(Watcher):
    """A wallet's bounties and claims on one chain. Use it from one thread; `open_bounties` makes it."""

    def __init__(
        self, connection: Connection, ledger: Ledger, approve: Approve, limit: int | None = None
    ) -> None:
        """`approve` is asked before coins that cost money leave; `limit` is theirs for a day, in satoshis."""
        super().__init__(connection, ledger)
        spending = Spending(ledger, connection.chain_id, daily_limit(limit))
        self.sender = Sender(connection, ledger, spending, approve)

    def resume(self) -> None:
        """Settle what the last run left open, and on a private chain confirm it."""
        backend, chain_id = self.connection.backend, self.connection.chain_id
        settle(backend, self.ledger, chain_id)
        if any(step.state is StepState.SENT for step in self.book.open_steps(chain_id)):
            self._confirm()
            settle(backend, self.ledger, chain_id)

    def draft(self, wish: Wish, reader: Reader, progress: Progress = silent) -> Terms:
        """The terms that a wish comes to now. ContractError for a wish that makes no sound bounty.

        On a private chain the wallet's first coins are earned before: that takes a hundred blocks, and
        heights count from then on.
        """
        if self.connection.network.may_mine:
            fund(self.connection.backend, self.connection.wallet, wish.reward, progress)
        return terms_of(wish, reader, self.connection)

    def post(self, reader: Reader, terms: Terms, reward: int, progress: Progress = silent) -> Standing:
        """Put a bounty on the chain. ContractError if the model is too big or the reward is dust."""
        connection = self.connection
        bounty = reader.bounty(terms)
        script = bounty.locking_script
        wallet = connection.wallet
        self._check_window(terms)
        costs = self.claim_fees(bounty)
        if reward <= costs:
            raise ContractError(
                f"A reward of {reward:,} satoshis is worth too little.",
                why=f"Earning it costs {costs:,} in fees: a commit and a reveal.",
                hint="Give more, or take a smaller model: see `inkproof bounty costs`.",
            )
        if terms.last_block <= connection.backend.tip().height:
            raise ContractError(
                "That bounty would have ended already.",
                why=f"The newest block is {connection.backend.tip().height:,}.",
                hint="Give --until a later block, or +N for N blocks from now.",
            )
        self._check_limit(len(script))
        progress(f"Posting the bounty ({len(script):,} bytes)", None)
        paid = self.sender.pay(reward, lambda coins: deployment_size(script, coins), progress)
        tx, fee = build_deployment(script, reward, paid.coins, wallet, connection.backend.fee_rate())
        purpose = (
            f"post a bounty (fee {fee:,}); the reward of {reward:,} goes to whoever earns it, "
            f"and comes back to you only after block {terms.last_block:,}"
        )
        reserved = self.sender.ask(reward + fee, purpose)
        with self.sender.cancelling(reserved), self.sender.lock.acquire():
            new = NewBounty(
                chain_id=connection.chain_id,
                txid=tx.hex_hash(),
                output_index=0,
                model_sha256=reader.model.sha256,
                posted_here=True,
            )
            step = NewStep(
                kind=StepKind.POST, txid=new.txid, spends="", raw_tx=tx.to_bytes(), value=reward, fee=fee
            )
            record, post = self.book.add(new, step)
            self.sender.deliver(post, self.sender.outputs_of(paid))
        self._confirm()
        return follow(connection.backend, self.book, record)

    def claim_fees(self, bounty: Bounty) -> int:
        """Satoshis that a commit and a reveal cost now, the deposit not counted: it comes back."""
        size = reveal_size(bytes(self.connection.wallet.locking_script))
        return self.sender.fee(commit_size(bounty, 1)) + self.sender.fee(size)

    def commit(
        self, standing: Standing, image: bytes, progress: Progress = silent, on_stage: StageCallback = unheard
    ) -> Standing:
        """Commit to an image that earns an open bounty; image and salt are in the ledger before it is sent.

        ContractError if the image does not earn it, ChainError if the bounty is not open.
        """
        place = self._open_place(standing)
        terms = place.bounty.terms
        self._check_earning(standing, image)
        self._check_window(terms)
        costs = self.claim_fees(place.bounty)
        if place.value <= costs:
            raise ContractError(
                "That bounty costs more than it pays.",
                why=f"It holds {place.value:,} satoshis; a commit and a reveal cost {costs:,} in fees.",
            )
        progress("Committing to the image", None)
        # Coins come first, because earning them on a private chain takes blocks.
        paid = self.sender.pay(terms.deposit, lambda coins: commit_size(place.bounty, coins), progress)
        height = self.connection.backend.tip().height
        if height > terms.last_block:
            raise ChainError(
                "That bounty has ended: its poster can take it back at any time.",
                why=f"Its last block was {terms.last_block:,}; the newest is {height:,}.",
            )
        salt = secrets.token_bytes(SALT_BYTES)
        commitment = commitment_to(image, salt, self.connection.wallet.pubkeyhash)
        tx = build_commit(place, commitment, height, paid.paying, paid.change)
        made = self.sender.signed(tx, place, paid)
        self.sender.check(made, place)
        purpose = (
            f"commit to an image (fee {made.fee:,}, deposit {terms.deposit:,}); the deposit is lost if the "
            f"image is not revealed by block {height + terms.window:,}"
        )
        reserved = self.sender.ask(terms.deposit + made.fee, purpose)
        with self.sender.cancelling(reserved):
            step = self.sender.send(standing.record, StepKind.COMMIT, made, image, salt)
        on_stage(BountyStage.COMMITTED, step.txid)
        self._confirm()
        after = follow(self.connection.backend, self.book, standing.record)
        if after.steps[-1].block_height is not None:
            on_stage(BountyStage.IN_BLOCK, f"{after.steps[-1].block_height}")
        return after

    def blocks_to_wait(self, standing: Standing, depth: int | None = None) -> int:
        """Blocks until our commitment is deep enough to show the image; 0 where it can be shown now.

        `depth`: blocks that hold it or stand on it. ChainError where no commitment of ours is on the bounty.
        """
        self._our_commit(standing)
        step = standing.steps[-1]
        wanted = depth or (1 if self.connection.network.may_mine else _CAREFUL)
        if step.block_height is None:
            return wanted
        return max(0, wanted - (self.connection.backend.tip().height - step.block_height + 1))

    def reveal(
        self,
        standing: Standing,
        *,
        depth: int | None = None,
        late: bool = False,
        on_stage: StageCallback = unheard,
    ) -> Standing:
        """Show the image that we committed to, and take reward and deposit.

        ChainError where the commitment is not deep enough in the chain, or expires so soon (`late` not given)
        that the image could be shown and still earn nothing.
        """
        step = self._our_commit(standing)
        wait = self.blocks_to_wait(standing, depth)
        if wait:
            raise ChainError(
                "The commitment is not deep enough in the chain to show the image.",
                why="Whoever sees the image earlier could commit to it first.",
                hint=f"Try again in {wait} block{'s' if wait > 1 else ''}.",
            )
        place = self._place(standing)
        self._check_time(place, late)
        wallet = self.connection.wallet
        payout = bytes(wallet.locking_script)
        fee = self.sender.fee(reveal_size(payout))
        tx = build_reveal(place, step.image, step.salt, wallet.key, payout, fee)
        made = Made(tx, (place.output,), fee)
        self.sender.check(made, place)
        with self.sender.cancelling(self.sender.ask(fee, "reveal; they are taken out of the bounty")):
            sent = self.sender.send(standing.record, StepKind.REVEAL, made)
        on_stage(BountyStage.REVEALED, sent.txid)
        self._confirm()
        after = follow(self.connection.backend, self.book, standing.record)
        if after.ended_by is not None and after.ended_by.block_height is not None:
            on_stage(BountyStage.PAID, f"{after.ended_by.block_height}")
        return after

    def reopen(self, standing: Standing, progress: Progress = silent) -> Standing:
        """Open a bounty whose commitment has expired; its deposit stays in it. ChainError before that."""
        place = self._place(standing)
        state = place.bounty.state
        if state.is_open:
            raise ChainError("That bounty is open already.", hint="See `inkproof bounty list`.")
        height = self.connection.backend.tip().height
        if height < state.expires:
            raise ChainError(
                "The commitment on that bounty has not expired.",
                why=f"It lasts until block {state.expires:,}; the newest is {height:,}.",
                hint=f"Try again in {state.expires - height:,} blocks.",
            )
        paid = self.sender.pay(0, lambda coins: reopen_size(place.bounty, coins), progress)
        tx = build_reopen(place, state.expires, paid.paying, paid.change)
        made = self.sender.signed(tx, place, paid)
        self.sender.check(made, place)
        with self.sender.cancelling(self.sender.ask(made.fee, "open the bounty again")):
            self.sender.send(standing.record, StepKind.REOPEN, made)
        self._confirm()
        return follow(self.connection.backend, self.book, standing.record)

    def reclaim(self, standing: Standing) -> Standing:
        """Take an open bounty of ours back after its last block. ChainError before that, or if it is held."""
        place = self._open_place(standing)
        terms, wallet = place.bounty.terms, self.connection.wallet
        if terms.poster != wallet.pubkeyhash:
            raise ChainError("That bounty is another wallet's.", why="Only its poster can take it back.")
        height = self.connection.backend.tip().height
        if height <= terms.last_block:
            raise ChainError(
                "That bounty has not ended.",
                why=f"Its last block is {terms.last_block:,}; the newest is {height:,}.",
                hint=f"Try again in {terms.last_block - height + 1:,} blocks.",
            )
        payout = bytes(wallet.locking_script)
        fee = self.sender.fee(reclaim_size(place.bounty, payout))
        made = Made(build_reclaim(place, terms.last_block + 1, wallet.key, payout, fee), (place.output,), fee)
        self.sender.check(made, place)
        with self.sender.cancelling(self.sender.ask(fee, "take the bounty back, out of what it holds")):
            self.sender.send(standing.record, StepKind.RECLAIM, made)
        self._confirm()
        return follow(self.connection.backend, self.book, standing.record)

    def _place(self, standing: Standing) -> Place:
        if standing.place is None:
            last = standing.ended_by
            why = "Its post is not on this chain." if last is None else f"A {last.kind.value} ended it."
            raise ChainError(
                "That bounty is not there any more.", why=why, hint="See `inkproof bounty list`."
            )
        return standing.place

    def _open_place(self, standing: Standing) -> Place:
        place = self._place(standing)
        state = place.bounty.state
        if not state.is_open:
            raise ChainError(
                "Somebody's commitment holds that bounty.",
                why=f"It expires at block {state.expires:,}, if it is not revealed before.",
                hint="Afterwards anybody opens it again: `inkproof bounty reopen`.",
            )
        return place

    def _our_commit(self, standing: Standing) -> BountyStep:
        """The commitment of ours that holds a bounty now."""
        self._place(standing)
        if standing.secret is not None:
            return standing.secret
        raise ChainError(
            "No commitment of yours holds that bounty.",
            why="Only what was committed to from this data folder can be revealed from it.",
            hint="Commit to an image first: `inkproof bounty commit`.",
        )

    def _check_earning(self, standing: Standing, image: bytes) -> None:
        found = self.would_earn(standing, image)
        if not found.earns:
            wanted = standing.origin.bounty.terms.digit
            raise ContractError(
                "That image does not earn the bounty, so nothing was sent.",
                why=f"The model reads {found.digit}; the margin of {wanted} is {found.margin:,} of "
                f"{found.needed:,} needed.",
                hint="Draw it more clearly.",
            )

    def _check_window(self, terms: Terms) -> None:
        """ContractError if a commitment does not last long enough to be revealed with care."""
        private = self.connection.network.may_mine
        least = _SHORTEST_PRIVATE if private else _CAREFUL + _TIME_TO_REVEAL + 1
        if terms.window < least:
            raise ContractError(
                "A commitment on that bounty expires too soon to be revealed.",
                why=f"It lasts {terms.window:,} blocks; on {self.connection.network.name} it takes {least}.",
                hint="Its deposit would be lost: leave it alone, or ask for one with a longer window.",
            )

    def _check_time(self, place: Place, late: bool) -> None:
        """ChainError if a reveal may not be mined before the commitment expires, unless `late`."""
        terms = place.bounty.terms
        left = place.bounty.state.expires - self.connection.backend.tip().height
        if left <= min(_TIME_TO_REVEAL, terms.window // 2) and not late:
            raise ChainError(
                "The commitment expires too soon to show the image.",
                why=f"{max(left, 0):,} blocks are left. If none of them takes the reveal, somebody else can "
                "open the bounty again and commit to the image that you have shown.",
                hint="`inkproof bounty reveal --late` reveals all the same: nothing else saves the deposit.",
            )

    def _check_limit(self, size: int) -> None:
        """ChainError if the script is too long for the network: coins behind it would be lost."""
        limit = self.connection.backend.script_limit()
        if limit is not None and size > limit:
            raise ChainError(
                f"The bounty is too big for {self.connection.network.name}.",
                why=f"It has {size:,} bytes of Script; at most {limit:,} are let through there.",
                hint="Take a smaller model.",
            )

    def _confirm(self) -> None:
        """On a private chain, mine the block that confirms; elsewhere miners do."""
        if self.connection.network.may_mine:
            with contextlib.suppress(ChainError):
                self.connection.backend.mine(self.connection.wallet.address, 1)


@contextlib.contextmanager
def open_bounties(
    choice: NodeChoice, progress: Progress, *, approve: Approve = never, limit: int | None = None
) -> Iterator[Bounties]:
    """The bounties on the chosen chain: connected, and what the last run left open is settled."""
    with connect(choice, Kind.PACKED, progress) as connection, Ledger(ledger_path()) as ledger:
        bounties = Bounties(connection, ledger, approve, limit)
        bounties.resume()
        yield bounties
