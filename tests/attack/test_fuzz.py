"""Random damage to honest spends, and plain noise, through the interpreter."""

from __future__ import annotations

import pytest
from bitcoinx import Tx

from app.script.run import policy_limits
from tests.attack.conftest import TALLY
from tests.attack.forge import Forger, is_true
from tests.attack.judging import Judges, fuzz_many
from tests.attack.mutations import mutants
from tests.consensus import consensus_limits


def run(judges: Judges, first: int, spends: int) -> None:
    """Judge `spends` mutants: none passes, and they reach many places of the contract."""
    found = fuzz_many(judges, first, spends)
    for name, count in found.tried.items():
        TALLY.forged(f"fuzz: {name}", count, sum(a.name == name for a in found.accepted))
    assert found.accepted == []
    assert found.tried.total() >= spends
    assert len(found.stopped) >= 8, "the spends fail for many reasons: they reach many places of the contract"
    assert any("left false" in reason for reason in found.stopped), "some run to the contract's last word"


def test_mutated_spends_never_pass(judges, refused, forger):
    run(judges, 0, 100)
    refused(
        "fuzz: control", [forger.attempt("false", bytes(784), 11)], [forger.finished("true", honest(forger))]
    )


@pytest.mark.attack
@pytest.mark.timeout(3 * 3600)
def test_over_a_hundred_thousand_mutated_spends_never_pass(judges):
    run(judges, 100, 100_000)


def test_whatever_the_rules_of_a_block_refuse_policy_refuses():
    """So the fuzz need not judge twice."""
    policy, block = policy_limits(), consensus_limits()
    assert block.flags & policy.flags == block.flags
    for limit in ("script_size", "script_num_length", "stack_memory_usage", "ops_per_script"):
        assert getattr(policy, limit) <= getattr(block, limit)


def test_the_same_seed_makes_the_same_spends(forger):
    one, two = ([attempt.tx for attempt in mutants(forger, 5, 60)] for _ in range(2))
    assert one == two
    assert len(set(one)) > 55
    assert [attempt.tx for attempt in mutants(forger, 6, 60)] != one


def test_a_true_claim_is_distinguished_from_a_forged_one(forger):
    assert is_true(honest(forger), forger)
    for attempt in mutants(forger, 7, 100):
        assert not is_true(Tx.from_bytes(attempt.tx), forger)


def honest(forger: Forger) -> Tx:
    return Tx.from_bytes(forger.honest)
