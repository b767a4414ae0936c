"""Nobody moves a bounty but by its four steps, each by the right person, in time, with the right outputs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

import pytest
from bitcoinx import Tx

from app.contract import judge_spend
from app.contract.classifier import program_for
from app.contract.rules import limits_in_block
from app.script import Kind
from app.script.run import policy_limits
from tests import bounties
from tests.attack import bounty
from tests.attack.bounty import Step
from tests.attack.conftest import TALLY
from tests.attack.forge import Attempt
from tests.attack.judging import Outcome
from tests.consensus import consensus_limits
from tests.sizes import sized

pytestmark = pytest.mark.slow

ANY = program_for(bounties.small_model(), Kind.PACKED)
"""Says that the script is a known one: the rules of a block without the narrower bounds for strangers'."""
FAMILIES: list[Callable[[], Iterator[Step]]] = [
    bounty.commits,
    bounty.merged,
    bounty.reveals,
    bounty.short_of,
    bounty.reopens,
    bounty.reclaims,
    bounty.calls,
]


def outcome(step: Step) -> Outcome:
    script, value = step.place.bounty.locking_script, step.place.value
    relayed, mined = (
        judge_spend(Tx.from_bytes(step.tx.to_bytes()), value, script, limits, step.index)
        for limits in (policy_limits(), consensus_limits())
    )
    attempt = Attempt(step.name, b"", value)  # its bytes are not kept: there may be very many
    return Outcome(attempt, relayed.accepted, mined.accepted, relayed.reason)


def refused(steps: Iterable[Step]) -> list[Outcome]:
    """Count forged steps; none may be accepted, by policy or in a block."""
    found = [outcome(step) for step in steps]
    for one in found:
        TALLY.forged(f"bounty, {one.attempt.name.split(':')[0]}", 2, one.policy + one.consensus)
    passed = [one for one in found if one.policy or one.consensus]
    assert [(one.attempt.name, one.policy) for one in passed] == []
    return found


def test_the_four_honest_steps_pass():
    for step in bounty.honest():
        found = outcome(step)
        TALLY.honest(f"bounty, {step.name}", 2, found.policy + found.consensus)
        assert (found.policy, found.consensus) == (True, True), (step.name, found.reason)


@sized("every", 8, 1)
@pytest.mark.parametrize("family", FAMILIES)
def test_forged_steps_are_refused(family, every):
    """Every eighth of them by default."""
    found = refused(itertools.islice(family(), 0, None, every))
    assert len(found) > 10 // every
    if family is bounty.short_of:
        # Only what the model does not read ends in false.
        assert all("left false" in one.reason for one in found)


@sized("every", 8, 1)
@pytest.mark.parametrize("family", [*FAMILIES[:1], *FAMILIES[2:-1]])
def test_forged_steps_are_refused_under_the_rules_since_chronicle(family, every, monkeypatch):
    """Version 2: unlocking scripts and signatures may be malleable. Every eighth step by default."""
    monkeypatch.setattr(bounty, "VERSION", 2)
    forged = list(family())[::every]
    taken = [step.name for step in forged if since_chronicle(step)]
    TALLY.forged("bounty, since Chronicle", len(forged), len(taken))
    assert forged and taken == []


def test_the_honest_steps_pass_under_the_rules_since_chronicle_too(monkeypatch):
    """A transaction of version 2 is another one: its preimage is computed again."""
    monkeypatch.setattr(bounty, "VERSION", 2)
    for step in bounty.redrafted():
        passed = since_chronicle(step)
        TALLY.honest("bounty, since Chronicle", 1, int(passed))
        assert passed, step.name


def since_chronicle(step: Step) -> bool:
    """Whether a block takes it, by the rules for a version above 1."""
    assert step.tx.version == 2
    limits = limits_in_block(step.tx, ANY)
    script = step.place.bounty.locking_script
    return judge_spend(step.tx, step.place.value, script, limits, step.index).accepted


def test_an_item_beneath_an_honest_step_is_not_relayed():
    """In a block it is the same step by the same person."""
    for step in bounty.honest():
        items = [item for _, item in step.tx.inputs[0].script_sig.ops_and_items()]
        found = outcome(bounty.with_items("more items", step, [b"\x01", *items]))
        assert (found.policy, found.consensus) == (False, True)


@sized("steps", 15, 40)
def test_random_damage_is_refused(steps):
    assert len(refused(bounty.mutants(1, steps))) == steps


@pytest.mark.attack
@pytest.mark.timeout(3600)
def test_much_random_damage_is_refused():
    assert len(refused(bounty.mutants(2, 12_000))) == 12_000
