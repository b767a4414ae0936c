"""Two people on one real node: each with a wallet and a ledger of her own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from app.chain.backends.account import Account, OwnBlock
from app.chain.backends.node import NodeBackend
from app.chain.bounty.readers import Reader, reader_named
from app.chain.bounty.service import Bounties
from app.chain.connection import Connection
from app.chain.ledger.coinstore import CoinStore
from app.chain.ledger.store import Ledger
from app.chain.networks import REGTEST
from app.chain.service import never
from app.chain.wallet.key import Wallet
from app.contract.bounty import Terms, margin_of
from app.drawing import read_picture
from tests.chain.payments import fresh_coin, pay
from tests.conftest import Regtest

REWARD, DEPOSIT, WINDOW = 20_000, 3_000, 12
CHAIN = "regtest@test"


@dataclass
class Person:
    """A person: her bounties, and the file of her ledger."""

    bounties: Bounties
    ledger: Path
    wallet: Wallet

    @property
    def coins(self) -> int:
        """Satoshis that the node knows as hers."""
        return sum(coin.value for coin in self.bounties.connection.backend.coins(self.wallet))


class Coins(NodeBackend):
    """The node, with coins looked up in its set of unspent outputs: no wallet of the node is needed.

    It is what an account does. The blocks before a new wallet hold nothing for it: they are not read.
    """

    def __init__(self, regtest: Regtest, wallet: Wallet, *, new: bool) -> None:
        store = CoinStore(regtest.home / "coins-of-people.sqlite", wallet.address)
        if new:
            tip = regtest.backend.tip()
            store.replace(0, None, [OwnBlock(tip.height, tip.block_hash, created=(), spent=())])
        account = Account(regtest.rpc, store, bytes(wallet.locking_script))
        super().__init__(regtest.rpc, REGTEST, account)


@contextlib.contextmanager
def person(regtest: Regtest, folder: Path, approve=never) -> Iterator[Person]:
    """Somebody with 400,000 satoshis, in a folder of her own (the same one again: the same person)."""
    fresh = not folder.exists()
    wallet = Wallet.load_or_create(folder, REGTEST)
    backend = Coins(regtest, wallet, new=fresh)
    if fresh:
        coin = fresh_coin(regtest.rpc, regtest.wallet, 420_000)
        tx = pay(regtest.wallet, [coin], [(400_000, bytes(wallet.locking_script))], fee=20_000)
        regtest.rpc.call("sendrawtransaction", tx.to_hex())
        regtest.backend.mine(regtest.wallet.address, 1)
    connection = Connection(backend, REGTEST, wallet, CHAIN)
    path = folder / "ledger.sqlite"
    with Ledger(path) as ledger:
        yield Person(Bounties(connection, ledger, approve), path, wallet)


@pytest.fixture
def poster(regtest: Regtest, tmp_path: Path) -> Iterator[Person]:
    with person(regtest, tmp_path / "poster") as one:
        yield one


@pytest.fixture
def claimant(regtest: Regtest, tmp_path: Path) -> Iterator[Person]:
    with person(regtest, tmp_path / "claimant") as one:
        yield one


@pytest.fixture(scope="session")
def compact() -> Reader:
    return reader_named("compact")


@pytest.fixture(scope="session")
def seven() -> bytes:
    """The drawn seven that ships with the tests, as 784 bytes."""
    path = Path(__file__).parents[2] / "data" / "seven.png"
    return read_picture(path).pixels.astype(np.uint8).tobytes()


def terms_for(reader: Reader, image: bytes, poster: Person, last: int, **changes: int) -> Terms:
    """Terms that exactly this image earns."""
    logits = reader.logits(image)
    digit = logits.index(max(logits))
    values = {
        "digit": digit,
        "margin": margin_of(logits, digit),
        "deposit": DEPOSIT,
        "window": WINDOW,
        "last_block": last,
    }
    return Terms(poster=poster.wallet.pubkeyhash, **values | changes)


def height(one: Person) -> int:
    return one.bounties.connection.backend.tip().height


def mine(one: Person, blocks: int) -> None:
    one.bounties.connection.backend.mine(one.wallet.address, blocks)
