"""Our own account of coins, compared with the node's: after payments, blocks, and orphaned blocks."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from bitcoinx import P2PKH_Address, PrivateKey

from app.chain.backends.account import Account
from app.chain.backends.mining import mine
from app.chain.backends.node import NodeBackend
from app.chain.backends.node_coins import list_coins
from app.chain.backends.node_transactions import send
from app.chain.backends.rpc import Rpc, satoshis
from app.chain.connection import NodeChoice, connect
from app.chain.funding import fund
from app.chain.ledger.coinstore import CoinStore
from app.chain.networks import REGTEST
from app.chain.node.process import EmbeddedNode
from app.chain.wallet.key import Wallet
from app.errors import LedgerError, NoWalletError, UnreachableError
from app.script import Kind
from tests.chain.payments import pay
from tests.conftest import quiet
from tests.faults import world
from tests.sizes import sized
from tests.waiting import eventually


@pytest.fixture(scope="module")
def node(bitcoind: Path, tmp_path_factory: pytest.TempPathFactory):
    """A node of the module's own, whose chain is turned back: its RPC, and a wallet with coins."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("account")
        patch.setenv("INKPROOF_HOME", str(home))
        with EmbeddedNode("regtest").lease(quiet) as rpc:
            wallet = Wallet.load_or_create(home, REGTEST)
            fund(NodeBackend(rpc, REGTEST), wallet, 200 * 10**8, quiet)
            yield rpc, wallet


def account_of(rpc: Rpc, wallet: Wallet, path: Path) -> Account:
    return Account(rpc, CoinStore(path / "coins.sqlite", wallet.address), bytes(wallet.locking_script))


def some_payment(rpc: Rpc, wallet: Wallet, chance: random.Random) -> None:
    """One to three coins, waiting ones too, to one to four outputs, of which some are ours."""
    coins = list_coins(rpc, wallet)
    chosen = chance.sample(coins, min(len(coins), chance.randint(1, 3)))
    total = sum(coin.value for coin in chosen) - 50_000
    script = bytes(wallet.locking_script)
    outputs = [
        (total // 8, script if chance.random() < 0.6 else b"\x51") for _ in range(chance.randint(1, 4))
    ]
    if total > 80_000:
        assert send(rpc, pay(wallet, chosen, outputs, fee=50_000).to_bytes()).accepted


@sized("steps", 25, 60)
def test_it_agrees_with_the_nodes_wallet_whatever_happens(node, tmp_path: Path, steps: int) -> None:
    """The node's own account and its set of unspent outputs are the oracle: they share no code with ours."""
    rpc, wallet = node
    chance = random.Random(17)
    account = account_of(rpc, wallet, tmp_path)
    for step in range(steps):
        act = chance.random()
        if act < 0.5:
            some_payment(rpc, wallet, chance)
        elif act < 0.85:
            mine(rpc, wallet.address if chance.random() < 0.7 else elsewhere(chance), chance.randint(1, 3))
        else:
            height = rpc.call("getblockcount")
            rpc.call("invalidateblock", rpc.call("getblockhash", height - chance.randint(0, 2)))
            # To a new address, else the block would be identical to the orphaned one.
            mine(rpc, elsewhere(chance), chance.randint(1, 3))
        if step % 3 == 0:
            account = account_of(rpc, wallet, tmp_path)  # as the next program opens it
        assert_agrees(account, rpc, wallet)


def assert_agrees(account: Account, rpc: Rpc, wallet: Wallet) -> None:
    """All coins of the node's wallet, which follows its chain a moment later, and the unspent ones too.

    The node's wallet reserves coins for transactions that fell out of a block and are in no mempool.
    """
    assert eventually(lambda: set(list_coins(rpc, wallet)) <= set(account.coins()))
    for coin in set(account.coins()) - set(list_coins(rpc, wallet)):
        assert satoshis(rpc.call("gettxout", coin.txid, coin.index, True)["value"]) == coin.value


def elsewhere(chance: random.Random) -> str:
    """An address that is not the wallet's, and new."""
    key = PrivateKey(chance.randbytes(32))
    return str(P2PKH_Address(key.public_key.hash160(), REGTEST.keys).to_string())


def test_what_was_read_is_not_read_again(node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost of a listing does not grow with what has happened before."""
    rpc, wallet = node
    account_of(rpc, wallet, tmp_path).coins()
    asked: list[str] = []
    call = Rpc.call

    def noted(self, method, *params, **options):
        asked.append(method)
        return call(self, method, *params, **options)

    monkeypatch.setattr(Rpc, "call", noted)
    again = account_of(rpc, wallet, tmp_path)
    again.coins()
    waiting = asked.count("getrawtransaction")
    assert asked.count("getblock") == 0
    mine(rpc, wallet.address, 1)
    asked.clear()
    again.coins()
    assert asked.count("getblock") == 1
    assert asked.count("getrawtransaction") <= waiting
    assert len(asked) <= 4


def test_two_programs_read_the_same_blocks_at_once(node, tmp_path: Path) -> None:
    rpc, wallet = node
    one, two = account_of(rpc, wallet, tmp_path), account_of(rpc, wallet, tmp_path)
    for _ in range(3):
        mine(rpc, wallet.address, 1)
        assert one.coins() == two.coins()
        assert_agrees(one, rpc, wallet)


def test_a_damaged_file_is_rebuilt(node, tmp_path: Path) -> None:
    rpc, wallet = node
    account_of(rpc, wallet, tmp_path).coins()
    for file in tmp_path.glob("coins.sqlite*"):
        file.unlink()
    (tmp_path / "coins.sqlite").write_bytes(b"no database at all" * 100)
    assert_agrees(account_of(rpc, wallet, tmp_path), rpc, wallet)


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "coins.sqlite").mkdir()
    with pytest.raises(LedgerError, match="account of coins"):
        CoinStore(tmp_path / "coins.sqlite", "owner")


SPOILT = {
    "getblock": [None, 7, "zz", "00" * 80, "00" * 300, ""],
    "getrawmempool": [None, {}, ["zz"], [7]],
    "getblockchaininfo": [None, [], {}, {"blocks": -1, "bestblockhash": "ab" * 32}],
}


@pytest.mark.parametrize("method", SPOILT)
def test_malformed_answers_are_reported(node, tmp_path: Path, monkeypatch, method: str) -> None:
    rpc, wallet = node
    call = Rpc.call
    for answer in SPOILT[method]:
        monkeypatch.setattr(
            Rpc,
            "call",
            lambda self, name, *params, said=answer, **options: (
                said if name == method else call(self, name, *params, **options)
            ),
        )
        with pytest.raises(UnreachableError, match="not a Bitcoin SV node"):
            account_of(rpc, wallet, tmp_path).coins()
    monkeypatch.undo()
    assert_agrees(account_of(rpc, wallet, tmp_path), rpc, wallet)


@sized("most", 16, 24)
def test_the_number_of_coins_does_not_grow_with_every_verification(
    bitcoind: Path, home: Path, most: int
) -> None:
    """Each leaves its change and a coinbase; each deployment spends more coins than that. What remains are
    the coinbases that became spendable in the last eleven blocks.
    """
    counts = []
    with world.service() as opened:
        for seed in range(4_300, 4_300 + most):
            assert world.claim(opened, seed).block_height is not None
            counts.append(len(opened.connection.backend.coins(opened.connection.wallet)))
    assert max(counts) <= 11 + 4
    half, last = most // 2, most * 3 // 4
    assert max(counts[last:]) <= max(counts[half:last])


@sized("programs", 1, 2)
def test_a_node_without_a_wallet_serves_as_any_other(bitcoind: Path, home: Path, programs: int) -> None:
    """By --rpc-url; coins are earned, contracts deployed and claims made, and every coin is accounted for."""
    node = EmbeddedNode("regtest", extra_flags=["disablewallet=1"])
    node.start(quiet)
    choice: NodeChoice = world.choice_of(node)
    with connect(choice, Kind.PACKED, quiet) as connection, pytest.raises(NoWalletError):
        list_coins(connection.rpc, connection.wallet)
    for seed in range(4_200, 4_200 + programs):
        with world.service(choice) as opened:
            assert world.claim(opened, seed).block_height is not None
            assert not world.claim(opened, seed, by=1).accepted
            world.check(opened)
