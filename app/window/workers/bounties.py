"""Bounties for the window's card: listed, compared with the drawing, looked up, claimed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.errors import ChainError, InkproofError, UnreachableError
from app.window.model.bounty_values import (
    BountyFailed,
    BountyList,
    BountyMark,
    BountyReached,
    BountyRequest,
    BountyRow,
    BountyStep,
    ClaimBounty,
    LookAtBounties,
    LookUpBounty,
    RevealBounty,
    claimed_by,
)
from app.window.model.protocol import Message, Said
from app.window.model.values import Notice
from app.window.workers.judging import notice_of

if TYPE_CHECKING:
    from app.chain.bounty.following import Standing
    from app.chain.bounty.service import Bounties, BountyStage
    from app.chain.deploying import Approve
    from app.chain.service import Service

__all__ = ["BountyDesk"]

_SHOWN = 60
"""Rows of the list, at most."""
_ORDER = (BountyMark.OURS, BountyMark.OPEN, BountyMark.HELD)
"""What can still be earned comes first."""


class BountyDesk:
    """Carries out requests with one service after another; a claim outlives the service it began with."""

    def __init__(self, post: Callable[[Message], None], approve: Approve, limit: int | None) -> None:
        """`approve` is asked before coins that cost money leave; `limit` is theirs for a day, in satoshis."""
        self._post = post
        self._approve = approve
        self._limit = limit
        self._bounties: Bounties
        self._look = LookAtBounties(-1, None)
        self._claimed: int | None = None
        """The bounty whose claim is under way."""

    def open(self, service: Service) -> None:
        """Work with this service from now on, and say whether a commitment of an earlier run waits."""
        from app.chain.bounty.service import Bounties

        self._bounties = Bounties(service.connection, service.ledger, self._approve, self._limit)
        if not self._bounties.book.all(service.connection.chain_id):
            return
        self._bounties.resume()
        if self._claimed is None and any(one.held_by_us for one in self._bounties.all()):
            notice = Notice("A bounty that you have committed to waits for its drawing.", hint="Press B.")
            self._post(Said(notice))

    def handle(self, request: BountyRequest) -> None:
        """Carry a request out, and post the list as it is then. UnreachableError if the node is gone."""
        self._guarded(claimed_by(request), lambda: self._carry_out(request))
        self._guarded(None, self._show)

    def refresh(self) -> None:
        """Advance the claim under way as far as the chain allows."""
        if self._claimed is not None:
            self._guarded(self._claimed, self._advance)
            self._guarded(None, self._show)

    def _guarded(self, number: int | None, act: Callable[[], None]) -> None:
        try:
            act()
        except UnreachableError:
            raise
        except InkproofError as error:
            if number is not None:
                self._claimed = None
            self._post(BountyFailed(number, notice_of(error)))

    def _carry_out(self, request: BountyRequest) -> None:
        match request:
            case LookAtBounties():
                self._look = request
            case LookUpBounty(line):
                found = self._bounties.named(line)
                notice = Notice(f"It is bounty {found.record.id} of your list.", error=False)
                self._post(Said(notice))
            case ClaimBounty(number, picture):
                standing = self._bounties.named(f"{number}")
                self._bounties.commit(standing, picture, on_stage=self._stages(number))
                self._claimed = number
                self._advance()
            case RevealBounty(number):
                self._claimed = number
                self._advance()

    def _advance(self) -> None:
        """Reveal once the commitment is deep enough, and see the reveal into a block."""
        number, bounties = self._claimed, self._bounties
        assert number is not None
        standing = bounties.named(f"{number}")
        if standing.place is not None:
            wait = bounties.blocks_to_wait(standing)
            if wait:
                block = standing.steps[-1].block_height
                step = BountyStep.COMMITTED if block is None else BountyStep.IN_BLOCK
                blocks = f"{wait} more block{'s' if wait > 1 else ''}"
                self._post(BountyReached(number, step, f"The drawing is shown in {blocks}, by itself."))
                return
            standing = bounties.reveal(standing, on_stage=self._stages(number))
        last = standing.ended_by
        if last is None or not last.ours:
            raise ChainError("Somebody else has ended that bounty.", hint="See `inkproof bounty list`.")
        if last.block_height is None:
            self._post(BountyReached(number, BountyStep.REVEALED, "The payment waits for a block."))
        else:
            self._claimed = None
            self._post(BountyReached(number, BountyStep.PAID))

    def _stages(self, number: int) -> Callable[[BountyStage, str], None]:
        def on_stage(stage: BountyStage, _text: str) -> None:
            self._post(BountyReached(number, BountyStep[stage.name]))

        return on_stage

    # --- the list ---

    def _show(self) -> None:
        look, network = self._look, self._bounties.connection.network.name
        height = self._bounties.connection.backend.tip().height
        rows = [self._row(one, height, look.picture) for one in reversed(self._bounties.all())]
        rows.sort(key=lambda row: _ORDER.index(row.mark) if row.mark in _ORDER else len(_ORDER))
        self._post(BountyList(look.revision, network, tuple(rows[:_SHOWN])))

    def _row(self, standing: Standing, height: int, picture: bytes | None) -> BountyRow:
        from app.chain.bounty.readers import earning, reader_of
        from app.contract.bounty import sureness_of

        terms, state, place = standing.origin.bounty.terms, standing.state, standing.place
        mark = _mark(standing, height)
        fees = self._bounties.claim_fees(standing.origin.bounty) if mark is BountyMark.OPEN else 0
        reader = reader_of(standing.origin.bounty.code)
        trouble, read = "", None
        if mark is BountyMark.OPEN and place is not None and place.value <= fees:
            trouble = f"It costs more than it pays: a commit and a reveal cost {fees:,} satoshis in fees."
        if reader is None:
            trouble = "Its model is not known here: import it first, then open this card again."
        elif picture is not None and mark is BountyMark.OPEN:
            read = earning(terms, reader.logits(picture))
        return BountyRow(
            number=standing.record.id,
            digit=terms.digit,
            holds=(place or standing.origin).value,
            model=reader.name if reader else "",
            mark=mark,
            sureness=sureness_of(terms.margin, reader.denominator) if reader else None,
            deposit=terms.deposit,
            window=terms.window,
            last_block=terms.last_block,
            expires=None if state is None or state.is_open else state.expires,
            fees=fees,
            wait=self._bounties.blocks_to_wait(standing) if mark is BountyMark.OURS else 0,
            posted_here=standing.record.posted_here,
            trouble=trouble,
            digit_read=read.digit if read else None,
            earns=read.earns if read else None,
        )


def _mark(standing: Standing, height: int) -> BountyMark:
    """Where a bounty stands while the newest block is `height`."""
    if standing.held_by_us:
        return BountyMark.OURS
    if standing.status == "open" and height > standing.origin.bounty.terms.last_block:
        return BountyMark.OVER
    return {
        "open": BountyMark.OPEN,
        "committed": BountyMark.HELD,
        "paid": BountyMark.PAID,
        "reclaimed": BountyMark.RECLAIMED,
        "unknown": BountyMark.UNKNOWN,
    }[standing.status]
