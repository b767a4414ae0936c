"""Every limit of a node has a margin, and a margin is what is left."""

from __future__ import annotations

import pytest
from bitcoinx import Ops, Script

from app import models
from app.contract import contract_for
from app.contract.margins import Margin, margins
from app.fixedpoint import load
from app.script import needs_of


@pytest.fixture(scope="module")
def contract():
    return contract_for(load(models.MODELS["compact"].integers_path), bytes(20))


def test_margins_are_what_is_left_of_each_limit(contract):
    found = {margin.what: margin for margin in margins(contract, 2.5)}
    assert list(found) == [
        *("script, bytes", "longest number, bytes", "memory, bytes"),
        *("time in a node, ms", "opcodes (Teranode)"),
    ]
    assert found["script, bytes"].taken == len(contract.locking_script)
    assert found["script, bytes"].left == 1 - len(contract.locking_script) / 500_000
    needs = needs_of(contract.program, 784)
    assert found["longest number, bytes"].taken == needs.longest_number
    assert found["memory, bytes"].taken == needs.memory
    assert found["time in a node, ms"].left == 1 - 2.5 / 1000
    opcodes = [op for op, _ in Script(contract.locking_script).ops_and_items() if op > Ops.OP_16]
    assert found["opcodes (Teranode)"].taken == len(opcodes)
    assert found["opcodes (Teranode)"].limit == 1_000_000


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in ("handwriting", "mlp") else [pytest.mark.exhaustive])
        for name in models.MODELS
    ],
)
def test_a_model_that_ships_is_within_every_limit_unless_it_says_otherwise(name):
    model = models.named(name)
    found = margins(contract_for(load(model.integers_path), bytes(20)))
    passed = [margin.what for margin in found if margin.left is not None and margin.left < 0]
    assert passed == (["script, bytes"] if model.raised else [])


def test_a_limit_that_is_passed_leaves_less_than_nothing_and_one_not_measured_leaves_none():
    assert Margin("script, bytes", 750_000, 500_000).left == -0.5
    unmeasured = {"what": "time", "taken": None, "limit": 1000, "left": None}
    assert Margin("time", None, 1000).as_json() == unmeasured
