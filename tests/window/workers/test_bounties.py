"""The chain worker's part in the card of bounties, on a real node, with two people's wallets."""

from __future__ import annotations

import queue
from dataclasses import dataclass, replace
from types import SimpleNamespace

from app.chain.bounty.readers import reader_named
from app.window.model.bounty_values import (
    BountyFailed,
    BountyList,
    BountyMark,
    BountyReached,
    BountyStep,
    ClaimBounty,
    LookAtBounties,
    LookUpBounty,
    RevealBounty,
)
from app.window.model.protocol import Said
from app.window.workers.bounties import BountyDesk
from tests.chain.bounty.conftest import DEPOSIT, REWARD, Person, height, mine, person, terms_for
from tests.window.states import PICTURE


@dataclass
class At:
    """Somebody's desk, and what it posts."""

    desk: BountyDesk
    posted: queue.SimpleQueue

    def said(self):
        """Everything posted since the last call."""
        return [self.posted.get() for _ in range(self.posted.qsize())]

    def rows(self, request):
        """The list after a request, by number."""
        self.desk.handle(request)
        (*_, last) = (one for one in self.said() if isinstance(one, BountyList))
        return {row.number: row for row in last.rows}


def at(one: Person, approve=lambda _satoshis, _purpose: True, **changes) -> At:
    """The desk of a person's window. `changes`: of the network that it takes itself to be on."""
    posted = queue.SimpleQueue()
    desk = BountyDesk(posted.put, approve, limit=None)
    connection = one.bounties.connection
    connection = replace(connection, network=replace(connection.network, **changes))
    desk.open(SimpleNamespace(connection=connection, ledger=one.bounties.ledger))
    return At(desk, posted)


def posted_by(poster: Person, **changes):
    reader = reader_named("compact")
    terms = terms_for(reader, PICTURE, poster, height(poster) + 300, **changes)
    return poster.bounties.post(reader, terms, REWARD)


LOOK = LookAtBounties(4, PICTURE)


def test_a_bounty_is_looked_up_by_its_line_and_compared_with_the_drawing(poster, claimant):
    standing = posted_by(poster)
    ben = at(claimant)
    assert ben.rows(LOOK) == {}
    (row,) = ben.rows(LookUpBounty(poster.bounties.share(standing))).values()
    assert (row.mark, row.holds, row.deposit, row.model) == (BountyMark.OPEN, REWARD, DEPOSIT, "compact")
    assert (row.digit, row.digit_read, row.earns, row.posted_here) == (7, 7, True, False)
    assert row.fees == claimant.bounties.claim_fees(standing.origin.bounty)
    (row,) = ben.rows(LookAtBounties(5, bytes(784))).values()
    assert row.earns is False
    (row,) = at(poster).rows(LookAtBounties(5, None)).values()
    assert (row.earns, row.posted_here) == (None, True)


def test_a_line_that_names_no_bounty_is_refused_in_words(claimant):
    ben = at(claimant)
    ben.desk.handle(LookUpBounty("a line of a poem"))
    failed, listed = ben.said()
    assert isinstance(failed, BountyFailed) and failed.number is None and failed.notice.error
    assert isinstance(listed, BountyList)


def test_on_a_private_chain_one_request_claims_it_whole(poster, claimant):
    standing = posted_by(poster)
    ben = at(claimant)
    ben.rows(LookUpBounty(poster.bounties.share(standing)))
    ben.desk.handle(ClaimBounty(1, PICTURE))
    said = ben.said()
    steps = [one.step for one in said if isinstance(one, BountyReached)]
    assert [step for step in BountyStep if step in steps] == list(BountyStep)
    assert steps == sorted(steps, key=list(BountyStep).index)
    assert said[-1].rows[0].mark is BountyMark.PAID
    assert poster.bounties.named("1").status == "paid"


def test_where_others_mine_the_drawing_is_shown_only_behind_three_blocks(poster, claimant):
    standing = posted_by(poster, window=40)
    ben = at(claimant, may_mine=False)
    ben.rows(LookUpBounty(poster.bounties.share(standing)))
    ben.desk.handle(ClaimBounty(1, PICTURE))
    for blocks in (3, 2, 1):
        reached = [one for one in ben.said() if isinstance(one, BountyReached)][-1]
        assert f"in {blocks} more block" in reached.note
        assert poster.bounties.named("1").status == "committed"
        mine(poster, 1)
        ben.desk.refresh()
    assert [one.step for one in ben.said() if isinstance(one, BountyReached)][-1] is BountyStep.REVEALED
    mine(poster, 1)
    ben.desk.refresh()
    assert [one.step for one in ben.said() if isinstance(one, BountyReached)] == [BountyStep.PAID]
    ben.desk.refresh()
    assert ben.said() == []


def test_a_commitment_of_an_earlier_run_is_reported_and_revealed(poster, claimant):
    standing = posted_by(poster, window=40)
    before = at(claimant, may_mine=False)
    before.rows(LookUpBounty(poster.bounties.share(standing)))
    before.desk.handle(ClaimBounty(1, PICTURE))
    ben = at(claimant)  # the window is opened again
    (said,) = ben.said()
    assert isinstance(said, Said) and "waits for its drawing" in said.notice.what
    assert ben.rows(LOOK)[1].mark is BountyMark.OURS
    ben.desk.handle(RevealBounty(1))
    assert [one.step for one in ben.said() if isinstance(one, BountyReached)][-1] is BountyStep.PAID


def test_where_coins_cost_money_each_step_is_asked_for_and_a_no_sends_nothing(poster, claimant):
    standing = posted_by(poster, window=40)
    asked, answers = [], [False, True, True]

    def approve(satoshis, purpose):
        asked.append((satoshis, purpose))
        return answers.pop(0)

    claimant.bounties.named(poster.bounties.share(standing))
    ben = at(claimant, approve, chain="main")
    ben.desk.handle(ClaimBounty(1, PICTURE))
    failed, listed = ben.said()
    assert (failed.number, listed.rows[0].mark) == (1, BountyMark.OPEN)
    assert "not approved" in failed.notice.what
    ((satoshis, purpose),) = asked
    assert satoshis > DEPOSIT and "the deposit is lost if" in purpose
    ben.desk.handle(ClaimBounty(1, PICTURE))
    assert [one.step for one in ben.said() if isinstance(one, BountyReached)][-1] is BountyStep.PAID
    assert [purpose.split()[0] for _, purpose in asked] == ["commit", "commit", "reveal;"]


def test_a_drawing_that_does_not_earn_it_is_not_sent(poster, claimant):
    standing = posted_by(poster)
    ben = at(claimant)
    ben.rows(LookUpBounty(poster.bounties.share(standing)))
    ben.desk.handle(ClaimBounty(1, bytes(784)))
    failed, listed = ben.said()
    assert (failed.number, failed.notice.what) == (
        1,
        "That image does not earn the bounty, so nothing was sent.",
    )
    assert listed.rows[0].mark is BountyMark.OPEN


def test_a_bounty_that_is_held_or_has_ended_is_listed_as_such(poster, claimant, tmp_path, regtest):
    standing = posted_by(poster)
    ben = at(claimant)
    line = poster.bounties.share(standing)
    ben.rows(LookUpBounty(line))
    with person(regtest, tmp_path / "third") as third:
        third.bounties.commit(third.bounties.named(line), PICTURE)
    row = ben.rows(LOOK)[1]
    assert (row.mark, row.earns) == (BountyMark.HELD, None)
    assert row.expires == height(poster) + 12 - 1


def test_an_open_bounty_past_its_last_block_is_not_offered(poster, claimant):
    reader = reader_named("compact")
    terms = terms_for(reader, PICTURE, poster, height(poster) + 2)
    line = poster.bounties.share(poster.bounties.post(reader, terms, REWARD))
    ben = at(claimant)
    assert ben.rows(LookUpBounty(line))[1].mark is BountyMark.OPEN
    mine(poster, 3)
    row = ben.rows(LOOK)[1]
    assert (row.mark, row.earns) == (BountyMark.OVER, None)
