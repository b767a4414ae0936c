"""A node of 1.2 or newer, named in INKPROOF_BITCOIND: before and after Chronicle, and without a wallet.

Such a node cannot be fetched from a package index, so elsewhere these tests are skipped.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from app import models
from app.chain.connection import NodeChoice
from app.chain.node.process import EmbeddedNode
from app.chain.service import Readings, open_service
from app.fixedpoint import load
from app.script import Kind
from tests.conftest import quiet
from tests.faults import world

ACTIVE = 120
"""The height from which Chronicle is active where a test asks for it; a regtest node's own is 15,000."""
AFTER = [f"chronicleactivationheight={ACTIVE}", "maxchroniclegracefulperiod=1"]
FITTING = [model.name for model in models.MODELS.values() if not model.raised]


def version_of(program: Path) -> tuple[int, int]:
    told = subprocess.run([program, "-version"], capture_output=True, text=True, check=True, timeout=60)
    found = re.search(r"v?(\d+)\.(\d+)", told.stdout)
    assert found is not None, told.stdout
    return int(found[1]), int(found[2])


@pytest.fixture
def newer(bitcoind: Path, home: Path) -> None:
    version = version_of(bitcoind)
    if version < (1, 2):
        pytest.skip(f"INKPROOF_BITCOIND names no node of 1.2 or newer; this is {version[0]}.{version[1]}")


def test_the_version_of_the_node_at_hand_is_read(bitcoind: Path) -> None:
    assert (1, 0) <= version_of(bitcoind) < (100, 0)


@pytest.mark.newer_node
@pytest.mark.parametrize("flags", [[], AFTER], ids=["before Chronicle", "after Chronicle"])
@pytest.mark.parametrize("name", FITTING)
def test_a_contract_accepts_a_true_claim_and_refuses_a_false_one(newer: None, name: str, flags: list[str]):
    node = EmbeddedNode("regtest", extra_flags=flags)
    node.start(quiet)
    model = load(models.named(name).integers_path)
    image = world.picture(5)
    fixed = model.read(np.frombuffer(image, np.uint8))
    told = Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)
    with open_service(model, Kind.PACKED, NodeChoice(), quiet) as service:
        service.connection.backend.mine(service.connection.wallet.address, ACTIVE)
        assert service.status().height > ACTIVE
        taken = service.submit(image, fixed.digit, told, progress=quiet)
        refused = service.submit(image, (fixed.digit + 1) % 10, told, progress=quiet)
    assert taken.accepted and taken.block_height is not None
    assert not refused.accepted and refused.block_height is None


@pytest.mark.newer_node
@pytest.mark.parametrize("flags", [[], ["disablewallet=1"]], ids=["with its wallet", "without a wallet"])
def test_every_coin_is_accounted_for(newer: None, flags: list[str]) -> None:
    node = EmbeddedNode("regtest", extra_flags=[*AFTER, *flags])
    node.start(quiet)
    with world.service(world.choice_of(node)) as opened:
        for seed in (1, 2):
            assert world.claim(opened, seed).block_height is not None
            assert not world.claim(opened, seed, by=1).accepted
        assert all(verdict.accepted for verdict in world.claim_many(opened, 10, 4))
        world.check(opened)
