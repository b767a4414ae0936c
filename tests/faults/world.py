"""A small contract on a real embedded node, and an exact account of where every coin is.

All blocks of the private chain pay this wallet, fees included. So once everything is in a block, what the
chain holds must be, to the satoshi, the wallet's coins and the contracts that the ledger calls open.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from app.chain.backends.rpc import Rpc, satoshis
from app.chain.connection import NodeChoice
from app.chain.ledger.records import Deployment, DeploymentState, Verification, VerificationState
from app.chain.ledger.store import Ledger
from app.chain.many import NewClaim, submit_many
from app.chain.node.process import EmbeddedNode
from app.chain.service import ChainVerdict, Readings, Service, ledger_path, open_service
from app.errors import InkproofError
from app.fixedpoint import IntegerModel, quantise
from app.script import Kind
from tests.conftest import quiet

Taken = (VerificationState.ACCEPTED, VerificationState.CONFIRMED)


@functools.cache
def model() -> IntegerModel:
    """A model whose contract has some 20 KB: the same code as the shipped one, faster."""
    rng = np.random.default_rng(51)
    return quantise(
        [(rng.normal(0, 0.05, (784, 4)), rng.normal(size=4)), (rng.normal(size=(4, 10)), np.zeros(10))]
    )


def picture(seed: int) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, 784, dtype=np.uint8).tobytes()


def readings(image: bytes) -> Readings:
    fixed = model().read(np.frombuffer(image, np.uint8))
    return Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)


def claim(service: Service, seed: int, *, by: int = 0, **options: Any) -> ChainVerdict:
    """Submit picture `seed` with the digit that the model reads plus `by`: true if that is 0."""
    image = picture(seed)
    told = readings(image)
    options.setdefault("progress", quiet)
    return service.submit(image, (told.fixed_digit + by) % 10, told, name=f"{seed}.png", **options)


def claim_many(service: Service, seed: int, count: int) -> list[ChainVerdict | InkproofError]:
    """Submit the pictures from `seed` on at once, each with the digit that the model reads."""
    claims = []
    for number in range(seed, seed + count):
        told = readings(picture(number))
        claims.append(NewClaim(f"{number}.png", picture(number), told.fixed_digit, told))
    return [answer for _, answer in submit_many(service, claims, quiet)]


@contextlib.contextmanager
def service(choice: NodeChoice | None = None) -> Iterator[Service]:
    """As the app opens it: on INKPROOF_HOME's own node, unless another is chosen."""
    with open_service(model(), Kind.PACKED, choice or NodeChoice(), quiet) as opened:
        yield opened


def node() -> EmbeddedNode:
    return EmbeddedNode("regtest")


def choice_of(embedded: EmbeddedNode, port: int | None = None) -> NodeChoice:
    """The embedded node (or what listens on `port` in front of it) as a node of one's own, by --rpc-url."""
    settings = conf(embedded)
    return NodeChoice(
        f"http://127.0.0.1:{port or settings['rpcport']}", settings["rpcuser"], settings["rpcpassword"]
    )


def conf(embedded: EmbeddedNode) -> dict[str, str]:
    lines = (embedded.folder / "bitcoin.conf").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def deployments(ledger: Ledger) -> list[Deployment]:
    with ledger.transaction() as db:
        numbers = [row[0] for row in db.execute("SELECT id FROM deployments ORDER BY id")]
    return [ledger.deployment(number) for number in numbers]


def verifications(ledger: Ledger) -> list[Verification]:
    return ledger.history(1_000)[::-1]


def records() -> list[Verification]:
    """What the ledger on the disk holds, oldest first."""
    with Ledger(ledger_path()) as ledger:
        return verifications(ledger)


def check(opened: Service) -> None:
    """With an instance ready and all in a block: every coin is accounted for, and ledger and chain agree."""
    check_coins(opened)
    _check_records(opened, opened.connection.rpc)
    opened.ledger.check()


MOST_BLOCKS = 5
"""Until nothing waits: on a busy machine a block lacked a transaction once that had just been sent."""


def check_coins(opened: Service) -> None:
    """With an instance ready and all in a block: every coin is accounted for.

    The cheaper part of `check`, after each fault. What one of them left wrong in a record stays wrong until
    all records are checked at the end.
    """
    rpc = opened.connection.rpc
    opened.prepare(quiet)
    waiting = None
    for _ in range(MOST_BLOCKS):
        opened.connection.backend.mine(opened.connection.wallet.address, 1)
        opened.reconcile()
        if (waiting := rpc.call("getrawmempool")) == []:
            break
    assert waiting == []
    _check_coins(opened, rpc)


def _check_coins(opened: Service, rpc: Rpc) -> None:
    mature = sum(coin.value for coin in opened.connection.backend.coins(opened.connection.wallet))
    held = sum(d.value for d in opened.ledger.open_deployments(opened.connection.chain_id))
    everything = satoshis(rpc.call("gettxoutsetinfo")["total_amount"])
    assert mature + _immature(rpc) + held == everything


def _immature(rpc: Rpc) -> int:
    """Satoshis of the coinbases that cannot be spent yet: of the last 100 blocks."""
    total, block = 0, rpc.call("getbestblockhash")
    for _ in range(100):
        value, block = _coinbase(rpc, block)
        total += value
        if block is None:
            break
    return total


_KNOWN: dict[str, tuple[int, str | None]] = {}


def _coinbase(rpc: Rpc, block: str) -> tuple[int, str | None]:
    """Satoshis that a block pays its miner, and the block before it; None before the first of our own."""
    if block not in _KNOWN:
        content = rpc.call("getblock", block, 2)
        value = sum(satoshis(output["value"]) for output in content["tx"][0]["vout"])
        _KNOWN[block] = value, content["previousblockhash"] if content["height"] > 1 else None
    return _KNOWN[block]


def _check_records(opened: Service, rpc: Rpc) -> None:
    for record in verifications(opened.ledger):
        found = opened.connection.backend.find(record.txid)
        if record.state is VerificationState.CONFIRMED:
            assert found is not None, f"{record.id} is recorded, and did not happen"
            assert (found.block_hash, found.block_height) == (record.block_hash, record.block_height)
            assert rpc.call("getblockhash", record.block_height) == record.block_hash
        else:
            assert record.state in (
                VerificationState.REFUSED,
                VerificationState.ERROR,
                VerificationState.LOST,
            )
            assert found is None, f"{record.id} happened, and is {record.state.value}"
    for deployment in deployments(opened.ledger):
        spenders = [v for v in verifications(opened.ledger) if v.deployment_id == deployment.id]
        happened = [v for v in spenders if v.state is VerificationState.CONFIRMED]
        assert len(happened) <= 1
        if deployment.state is DeploymentState.SPENT:
            assert len(happened) == 1 or deployment.reason
        elif deployment.state in (DeploymentState.SENT, DeploymentState.CONFIRMED):
            assert opened.connection.backend.is_unspent(deployment.txid, deployment.output_index)


def running() -> int:
    """Process of INKPROOF_HOME's node."""
    pid = node().status().pid
    assert pid is not None
    return pid


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
