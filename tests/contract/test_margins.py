"""What a contract takes of a node's limits is what the interpreter with those limits allows and refuses."""

from __future__ import annotations

import bitcoinx
import pytest
from bitcoinx import InterpreterLimits, MinerPolicy

from app import models
from app.contract import contract_for
from app.contract.margins import Margin, margins, needs_of
from app.errors import ScriptError
from app.fixedpoint import load
from app.script import run_program
from app.script.limits import SCRIPT_LIMIT

PICTURES = (bytes(784), b"\xff" * 784)


@pytest.fixture(scope="module")
def contract():
    return contract_for(load(models.MODELS["compact"].integers_path), bytes(20))


def runs(program, *, number, memory):
    """Whether an interpreter that allows so many bytes runs the program on both pictures."""
    policy = MinerPolicy(SCRIPT_LIMIT, number, memory, 2**32 - 1, 2**32 - 1)
    try:
        for picture in PICTURES:
            limits = InterpreterLimits(policy, is_genesis_enabled=True, is_consensus=False)
            run_program(program, picture, limits)
    except (ScriptError, bitcoinx.errors.StackMemoryUsageError):
        return False
    return True


def test_the_program_runs_with_just_what_it_needs_and_not_with_a_byte_less(contract):
    needs = needs_of(contract.program)
    assert runs(contract.program, number=needs.longest_number, memory=needs.memory)
    assert not runs(contract.program, number=needs.longest_number - 1, memory=needs.memory)
    assert not runs(contract.program, number=needs.longest_number, memory=needs.memory - 1)


def test_margins_are_what_is_left_of_each_limit(contract):
    found = {margin.what: margin for margin in margins(contract, 2.5)}
    assert list(found) == [
        *("script, bytes", "longest number, bytes", "memory, bytes"),
        *("time in a node, ms", "opcodes (Teranode)"),
    ]
    assert found["script, bytes"].taken == len(contract.locking_script)
    assert found["script, bytes"].left == 1 - len(contract.locking_script) / 500_000
    assert found["time in a node, ms"].left == 1 - 2.5 / 1000
    assert found["opcodes (Teranode)"].limit == 1_000_000


def test_a_limit_that_is_passed_leaves_less_than_nothing_and_one_not_measured_leaves_none():
    assert Margin("script, bytes", 750_000, 500_000).left == -0.5
    unmeasured = {"what": "time", "taken": None, "limit": 1000, "left": None}
    assert Margin("time", None, 1000).as_json() == unmeasured
