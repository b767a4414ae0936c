"""The program killed at every step of a submission, and the node killed at every step, in turn.

Afterwards no coin is missing, nothing is recorded that did not happen, nothing that happened is forgotten,
and the next run goes on by itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest

from app.chain.ledger.records import VerificationState
from tests.conftest import quiet
from tests.faults import world
from tests.faults.conftest import Driver
from tests.sizes import sized

SEEDS = itertools.count(100)
SIGKILL = -9


def settled(seed: int, *, at_most: int = 1) -> list[VerificationState]:
    """Open the service as the next run does, check everything, and verify another image.

    Returns the states of the records of picture `seed`; at most one of them may have happened.
    """
    with world.service() as opened:
        keep_node()
        world.check_coins(opened)
        assert world.claim(opened, next(SEEDS)).block_height is not None
    states = [record.state for record in world.records() if record.image == world.picture(seed)]
    assert sum(state in world.Taken for state in states) <= at_most
    return states


def keep_node() -> None:
    """The node that the run has found or started goes on between the programs; each would else start one."""
    world.node().start(quiet)


def walk(driver: Driver, victim: str, steps: Iterable[int]) -> dict[str, list[VerificationState]]:
    """Strike at each of these steps, until a submission ends before it; outcomes by step."""
    outcomes: dict[str, list[VerificationState]] = {}
    for at in steps:
        seed = next(SEEDS)
        done = driver.run(seed, at, victim)
        states = settled(seed)
        if len(done["steps"]) <= at:
            assert done["status"] == 0
            assert states == [VerificationState.CONFIRMED]
            return outcomes
        name = f"{at} {done['steps'][-1]}"
        outcomes[name] = states
        if victim == "app":
            assert done["status"] == SIGKILL, name
    return outcomes


@pytest.mark.timeout(280)
@pytest.mark.parametrize(
    ("victim", "stride"),
    [
        ("app", 16),
        ("node", 24),
        pytest.param("app", 1, marks=pytest.mark.exhaustive),
        pytest.param("node", 1, marks=pytest.mark.exhaustive),
    ],
)
def test_killed_in_the_middle_of_many(driver, victim, stride):
    """Of several claims made at once each happened once or not at all, and every coin is accounted for."""
    count, found = 3, set()
    for at in itertools.count(step=stride):
        seed = 10_000 + 100 * at + (victim == "node") * 50
        done = driver.run(seed, at, victim, count)
        with world.service() as opened:
            keep_node()
            world.check_coins(opened)
            images = [world.picture(number) for number in range(seed, seed + count)]
            taken = [record.image for record in world.records() if record.state in world.Taken]
            happened = [taken.count(image) for image in images]
            assert set(happened) <= {0, 1}
            found.add(sum(happened))
            verdicts = world.claim_many(opened, next(SEEDS) + 50_000, 2)
            assert all(verdict.block_height is not None for verdict in verdicts)
            opened.prepare(quiet)
        if len(done["steps"]) <= at:
            assert (done["status"], sum(happened)) == (0, count)
            break
    assert found == {0, count}


def places(names: list[str], *chosen: str) -> list[int]:
    """Where some steps stand among the steps of a submission."""
    return [names.index(name) for name in chosen]


def name_of(outcomes: dict[str, list[VerificationState]], step: str) -> str:
    return next(name for name in outcomes if name.split(" ", 1)[1] == step)


@pytest.mark.timeout(280)
@sized("every", False, True)
def test_the_program_killed_at_every_step(driver, every):
    """By default at the first step and the last, and around the sending."""
    names = driver.run(next(SEEDS))["steps"]
    assert len(names) >= 20
    chosen = [*places(names, "READY", "before send", "after send"), len(names) - 1]
    outcomes = walk(driver, "app", itertools.count() if every else chosen)
    assert len(outcomes) == len(names) if every else len(chosen)
    before, after = name_of(outcomes, "before send"), name_of(outcomes, "after send")
    assert outcomes[name_of(outcomes, "READY")] == []
    assert outcomes[before] == [VerificationState.ERROR]
    assert outcomes[after] == [VerificationState.CONFIRMED]
    late = [states for name, states in outcomes.items() if int(name.split()[0]) >= int(after.split()[0])]
    assert all(states == [VerificationState.CONFIRMED] for states in late)


@pytest.mark.timeout(280)
@sized("every", False, True)
def test_the_node_killed_at_every_step(driver, every):
    """What the node had taken and lost with its memory is sent again. By default around sending."""
    names = driver.run(next(SEEDS))["steps"]
    outcomes = walk(
        driver, "node", itertools.count() if every else places(names, "after send", "before mine")
    )
    late = [states for name, states in outcomes.items() if "mine" in name or "ACCEPTED" in name]
    assert late
    assert all(states == [VerificationState.CONFIRMED] for states in late)


@pytest.mark.parametrize(
    ("victim", "steps"),
    [
        ("app", (0, 2)),
        ("node", (1,)),
        pytest.param("app", range(6), marks=pytest.mark.exhaustive),
        pytest.param("node", (1, 3), marks=pytest.mark.exhaustive),
    ],
)
def test_killed_while_there_is_no_instance_yet(driver, victim, steps):
    """The first step of such a submission is a deployment: killed before, while and after it is sent."""
    for at in steps:
        with world.service() as opened:
            opened.prepare(quiet)
            # In a block, an instance is looked at again only when it is to be spent.
            opened.connection.backend.mine(opened.connection.wallet.address, 1)
            opened.reconcile()
            spend_all(opened)
            # A node that lost its memory may leave several: they are noticed here, not in the steps.
            assert opened.deployer.next_ready() is None
        seed = next(SEEDS)
        done = driver.run(seed, at, victim)
        assert done["steps"][0] == "before add_deployment"
        settled(seed)


def spend_all(opened) -> None:
    """Use up the instances that were deployed ahead, in the way that somebody else would."""
    from app.chain.backends.node_transactions import send
    from app.contract import SpendPlan, build_spend

    wallet = opened.connection.wallet
    for deployment in opened.ledger.open_deployments(opened.connection.chain_id):
        plan = SpendPlan(
            deployment.txid,
            deployment.output_index,
            deployment.value,
            300,
            bytes(wallet.locking_script.to_bytes()),
        )
        image = world.picture(next(SEEDS))
        tx = build_spend(opened.contract, plan, world.readings(image).fixed_digit, image, wallet.key)
        assert send(opened.connection.rpc, tx.to_bytes()).accepted
