"""A program that ends at any moment of a post, a commit or a reveal; the next one goes on by itself.

A moment is before or after a write to the ledger, a transaction sent, a block mined. The program ends by an
exception that nothing in it catches; then a new program opens the same files. Afterwards the step has
happened once or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.chain.backends.node import NodeBackend
from app.chain.bounty.following import Standing
from app.chain.bounty.service import Bounties
from app.chain.ledger.bounties import BountyBook, StepState
from tests.chain.bounty.conftest import CHAIN, DEPOSIT, REWARD, height, person, terms_for
from tests.faults.driver import Steps
from tests.sizes import sized

WATCHED = ((BountyBook, ("add", "add_step", "mark")), (NodeBackend, ("send", "mine")))
MOST = 40
Act = Callable[[Bounties], Standing]


class EndedError(BaseException):
    """The end of a program."""


def ended_at(regtest: Any, folder: Any, act: Act, at: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run one step of a person's program, which ends at its `at`th moment; whether it did."""

    def strike() -> None:
        raise EndedError

    with person(regtest, folder) as one, monkeypatch.context() as patched:
        steps = Steps(at, strike)
        for owner, methods in WATCHED:
            for method in methods:
                patched.setattr(owner, method, getattr(owner, method))  # put back at the end
                steps.watch(owner, method)
        try:
            act(one.bounties)
        except EndedError:
            return True
    return False


def resumed(regtest: Any, folder: Any) -> list[Standing]:
    """The next program: everything is settled, and nothing is open."""
    with person(regtest, folder) as one:
        one.bounties.resume()
        assert one.bounties.book.open_steps(CHAIN) == []
        return one.bounties.all()


@sized("moments", (0, 3), range(MOST))
def test_a_post_happens_once_or_not_at_all(regtest, tmp_path, compact, seven, monkeypatch, moments):
    """At two moments by default."""
    for at in moments:
        folder = tmp_path / f"{at}"
        with person(regtest, folder) as one:
            terms = terms_for(compact, seven, one, height(one) + 500)
        ended = ended_at(regtest, folder, lambda b, t=terms: b.post(compact, t, REWARD), at, monkeypatch)
        found = resumed(regtest, folder)
        assert len(found) == (0 if at == 0 else 1), at
        assert all(one.status == "open" and one.steps[0].state is StepState.CONFIRMED for one in found)
        if not ended:
            break
    assert ended or 8 <= at < MOST - 1


@sized("moments", (3, 6), range(MOST))
def test_a_commit_and_a_reveal_happen_once_or_not_at_all(
    regtest, tmp_path, compact, seven, monkeypatch, moments
):
    """At two moments by default."""
    for at in moments:
        folder = tmp_path / f"{at}"
        with person(regtest, folder) as one:
            one.bounties.post(compact, terms_for(compact, seven, one, height(one) + 500, window=100), REWARD)
        ends = []
        for act, before, after in (
            (lambda b: b.commit(b.all()[0], seven), "open", "committed"),
            (lambda b: b.reveal(b.all()[0]), "committed", "paid"),
        ):
            ends.append(ended_at(regtest, folder, act, at, monkeypatch))
            (now,) = resumed(regtest, folder)
            assert now.status in ((before, after) if ends[-1] else (after,)), at
            if now.status == before:
                with person(regtest, folder) as one:
                    now = act(one.bounties)
            assert now.status == after
            assert [step.kind.value for step in now.steps] == ["post", "commit", "reveal"][: len(now.steps)]
            if after == "committed":
                assert (now.place.value, now.held_by_us) == (REWARD + DEPOSIT, True)
        if not any(ends):
            break
    assert any(ends) or 8 <= at < MOST - 1
