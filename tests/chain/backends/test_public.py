"""A public network through the services' documented APIs, with a real node behind the fakes."""

from __future__ import annotations

import pytest
from bitcoinx import Script, Tx, TxOutput
from hypothesis import given
from hypothesis import strategies as st

from app.chain.backends.base import Refusal
from app.chain.backends.extended import extended
from app.chain.backends.public import PublicBackend
from app.chain.backends.services import services_of
from app.chain.funding import balance
from app.chain.networks import MAIN, TESTNET
from app.chain.refusals import refused
from app.chain.wallet.coins import Coin
from app.chain.wallet.key import Wallet
from app.errors import ChainError, UnreachableError
from tests.chain.conftest import give
from tests.chain.fake_services import FakeHandler, FakeServices, problem, read_transaction
from tests.chain.payments import pay
from tests.conftest import Regtest


@pytest.fixture
def backend(services: FakeServices) -> PublicBackend:
    return PublicBackend(TESTNET, services_of(TESTNET))


def coin_of(wallet: Wallet, coins: list[Coin]) -> tuple[Coin, list[TxOutput]]:
    return coins[0], [TxOutput(coins[0].value, wallet.locking_script)]


def test_what_the_services_say_of_themselves(backend: PublicBackend, regtest: Regtest) -> None:
    assert "WhatsOnChain" in backend.name()
    assert backend.tip() == regtest.backend.tip()
    assert backend.fee_rate() == 50
    assert backend.script_limit() == 500_000


def test_coins_are_those_that_the_node_knows(
    backend: PublicBackend, regtest: Regtest, stranger: Wallet
) -> None:
    assert backend.coins(stranger) == []
    first = give(regtest, stranger, 300_000)
    second = give(regtest, stranger, 40_000, confirm=False)
    assert backend.coins(stranger) == [Coin(first, 0, 300_000, 1), Coin(second, 0, 40_000, 0)]
    assert balance(backend, stranger) == 340_000


def test_a_payment_is_sent_in_extended_format_and_found(
    backend: PublicBackend, services: FakeServices, regtest: Regtest, stranger: Wallet
) -> None:
    give(regtest, stranger, 300_000)
    coin, spent = coin_of(stranger, backend.coins(stranger))
    tx = pay(stranger, [coin], [(100_000, b"\x51")])
    raw = tx.to_bytes()
    assert backend.send(raw, spent).accepted
    assert read_transaction(services.bodies[-1]) == (tx, spent)
    assert services.headers[-1]["Content-Type"] == "application/octet-stream"
    found = backend.find(tx.hex_hash())
    assert found is not None and (found.raw, found.block_hash) == (raw, None)
    assert backend.is_unspent(tx.hex_hash(), 0)
    assert not backend.is_unspent(coin.txid, coin.index)
    assert backend.send(raw, spent).accepted, "it has it already"
    (block,) = regtest.backend.mine(regtest.wallet.address, 1)
    found = backend.find(tx.hex_hash())
    assert found is not None and (found.block_hash, found.block_height) == (block, backend.tip().height)


def test_without_its_spent_outputs_a_transaction_is_sent_as_it_is(
    backend: PublicBackend, services: FakeServices, regtest: Regtest, stranger: Wallet
) -> None:
    give(regtest, stranger, 300_000)
    tx = pay(stranger, backend.coins(stranger), [])
    assert backend.send(tx.to_bytes()).accepted
    assert services.bodies[-1] == tx.to_bytes()


def test_change_is_listed_and_a_spent_coin_is_not_before_the_explorer_knows(
    backend: PublicBackend, services: FakeServices, regtest: Regtest, stranger: Wallet
) -> None:
    give(regtest, stranger, 300_000)
    coins = backend.coins(stranger)
    old = services.answer("GET", f"/woc/address/{stranger.address}/unspent/all", b"", {})
    coin, spent = coin_of(stranger, coins)
    tx = pay(stranger, [coin], [(100_000, b"\x51")])
    assert backend.send(tx.to_bytes(), spent).accepted
    services.say("/unspent/all", *old)
    services.say("/tx/hash/", 404, "Not Found")
    services.say("/spent", 404, "Not Found")
    assert backend.coins(stranger) == [Coin(tx.hex_hash(), 1, 180_000, 0)]
    assert backend.is_unspent(tx.hex_hash(), 0)
    assert not backend.is_unspent(coin.txid, coin.index)
    assert backend.find(tx.hex_hash()) is not None


def test_a_transaction_that_only_arc_knows_is_on_its_way(
    backend: PublicBackend, services: FakeServices, regtest: Regtest, stranger: Wallet
) -> None:
    txid = give(regtest, stranger, 300_000)
    services.say("/woc/tx/", 404, "Not Found")
    found = backend.find(txid)
    assert found is not None and (found.raw, found.block_hash) == (b"", None)
    assert backend.is_unspent(txid, 0)
    assert backend.find("ab" * 32) is None
    assert not backend.is_unspent("ab" * 32, 0)


def only_extended(handler: FakeHandler) -> None:
    """Answers a transaction without its spent outputs as an ARC does that does not find the parents."""
    plain = handler.command == "POST" and not read_transaction(handler.body)[1]
    handler.answer(*(problem(460, "parent transaction not found") if plain else handler.proceed()))


def test_an_arc_that_does_not_find_the_parents_is_given_what_is_spent(
    backend: PublicBackend, services: FakeServices, regtest: Regtest, stranger: Wallet
) -> None:
    give(regtest, stranger, 300_000)
    tx = pay(stranger, backend.coins(stranger), [])
    services.instead("/arc/v1/tx", only_extended)
    assert backend.send(tx.to_bytes()).accepted
    assert read_transaction(services.bodies[-1])[0] == tx


def test_coins_whose_parent_was_not_found_are_not_called_spent(
    backend: PublicBackend, services: FakeServices, regtest: Regtest, stranger: Wallet
) -> None:
    txid = give(regtest, stranger, 300_000)
    coins = backend.coins(stranger)
    tx = pay(stranger, coins, [])
    services.instead("/arc/v1/tx", only_extended)
    services.say(f"/tx/hash/{txid}", 404, "Not Found")
    services.say(f"/arc/v1/tx/{txid}", *problem(404))
    sent = backend.send(tx.to_bytes())
    assert (sent.accepted, sent.refusal) == (False, Refusal.UNKNOWN_PARENT)
    assert backend.coins(stranger) == coins
    assert "few minutes" in refused("The node did not take it.", sent).hint


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda tx, coin: tx.outputs.__setitem__(0, TxOutput(1, Script(b"\x52"))), Refusal.SCRIPT),
        (lambda tx, coin: tx.outputs.__setitem__(0, TxOutput(coin.value - 1, Script(b"\x51"))), Refusal.FEE),
    ],
)
def test_a_refusal_keeps_its_kind_and_the_services_words(
    backend: PublicBackend, regtest: Regtest, stranger: Wallet, change, kind: Refusal
) -> None:
    give(regtest, stranger, 300_000)
    coin, spent = coin_of(stranger, backend.coins(stranger))
    tx = pay(stranger, [coin], [(100_000, b"\x51")])
    change(tx, coin)
    sent = backend.send(tx.to_bytes(), spent)
    assert (sent.accepted, sent.refusal) == (False, kind)
    assert ("script execution failed" if kind is Refusal.SCRIPT else "fee is too low") in sent.reason
    assert sent.reason.isprintable()


def test_a_coin_that_is_gone_is_not_offered_again(
    backend: PublicBackend, services: FakeServices, regtest: Regtest, stranger: Wallet
) -> None:
    give(regtest, stranger, 300_000)
    coin, spent = coin_of(stranger, backend.coins(stranger))
    elsewhere = pay(stranger, [coin], [(7_000, b"\x51")])
    old = services.answer("GET", f"/woc/address/{stranger.address}/unspent/all", b"", {})
    regtest.rpc.call("sendrawtransaction", elsewhere.to_hex())
    services.say("/unspent/all", *old)
    assert backend.coins(stranger) == [coin], "the explorer lags behind"
    sent = backend.send(pay(stranger, [coin], [(9_000, b"\x51")]).to_bytes(), spent)
    assert sent.refusal is Refusal.CONFLICT
    assert backend.coins(stranger) == []


def test_nobody_mines_at_will(backend: PublicBackend, stranger: Wallet) -> None:
    with pytest.raises(ChainError, match="private chain only"):
        backend.mine(stranger.address, 1)


def test_an_explorer_of_another_network_is_found_out(services: FakeServices) -> None:
    services.chain = "main"
    with pytest.raises(ChainError, match="another network"):
        PublicBackend(TESTNET, services_of(TESTNET)).tip()
    assert PublicBackend(MAIN, services_of(MAIN)).tip().height > 0


def test_a_token_is_sent_to_arc_alone_and_never_shown(
    services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.token = "secret-key"
    with pytest.raises(UnreachableError, match="wants a key") as refusal:
        PublicBackend(TESTNET, services_of(TESTNET)).fee_rate()
    assert "INKPROOF_ARC_TOKEN" in refusal.value.hint
    monkeypatch.setenv("INKPROOF_ARC_TOKEN", "secret-key")
    known = services_of(TESTNET)
    assert PublicBackend(TESTNET, known).fee_rate() == 50
    assert "secret-key" not in repr(known)


@pytest.mark.parametrize(("satoshis", "size", "rate"), [(1, 1000, 1), (5, 10_000, 1), (1, 3, 334), (0, 1, 0)])
def test_a_fee_policy_is_rounded_up(services: FakeServices, satoshis: int, size: int, rate: int) -> None:
    services.rate = (satoshis, size)
    assert PublicBackend(TESTNET, services_of(TESTNET)).fee_rate() == rate


def test_a_fee_past_the_ceiling_is_not_believed(services: FakeServices) -> None:
    services.rate = (11, 1)
    with pytest.raises(ChainError, match="satoshis per 1000 bytes"):
        PublicBackend(TESTNET, services_of(TESTNET)).fee_rate()


@pytest.mark.parametrize(
    "url", ["woc", "ftp://x/y", "http://", "http://example.org/woc", "https://[::1", "https://x:99999"]
)
def test_an_invalid_or_unsafe_address_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKPROOF_ARC_URL", url)
    with pytest.raises(ChainError):
        services_of(TESTNET)


@pytest.mark.parametrize("url", ["http://u:s3cret@arc.example.org", "https://u:s3cret@x", "u:s3cret@x"])
def test_a_password_in_a_services_address_is_refused_and_not_repeated(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INKPROOF_ARC_URL", url)
    with pytest.raises(ChainError) as refusal:
        services_of(TESTNET)
    assert "s3cret" not in str(refusal.value)
    assert "INKPROOF_ARC_TOKEN" in refusal.value.hint


scripts = st.binary(max_size=300).map(Script)
outputs = st.lists(st.builds(TxOutput, st.integers(0, 2**50), scripts), min_size=1, max_size=4)


@given(outputs, outputs)
def test_extended_format_can_be_read_back(spent: list[TxOutput], made: list[TxOutput]) -> None:
    from bitcoinx import TxInput

    inputs = [TxInput(bytes([n] * 32), n, Script(b"\x51" * n), 0xFFFFFFFF) for n in range(len(spent))]
    tx = Tx(2, inputs, made, 0)
    assert read_transaction(extended(tx.to_bytes(), spent)) == (tx, spent)
    with pytest.raises(ValueError, match="cannot spend"):
        extended(tx.to_bytes(), spent[1:])
