"""A node that answers slowly, garbage, something else, or not at all: a clear sentence, and nothing lost."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.chain.backends.rpc import Rpc
from app.chain.connection import NodeChoice
from app.chain.ledger.records import DeploymentState, VerificationState
from app.errors import ChainError, InkproofError, UnreachableError
from tests.faults import world
from tests.faults.proxy import Proxy, altered, proxy
from tests.sizes import sized

SEEDS = itertools.count(1_000)


@pytest.fixture
def between(kept) -> Iterator[Proxy]:
    """A proxy in front of the module's node."""
    with proxy(int(world.conf(world.node())["rpcport"])) as server:
        yield server


@pytest.fixture
def opened(between: Proxy):
    """A service that reaches the node through the proxy, with an instance ready."""
    with world.service(world.choice_of(world.node(), between.port)) as service:
        service.prepare(lambda *_: None)
        yield service
        between.mischief = None
        world.check_coins(service)


def states(seed: int) -> list[VerificationState]:
    return [record.state for record in world.records() if record.image == world.picture(seed)]


GARBAGE = {
    "a web page": (200, b"<html><body>Welcome to your router</body></html>"),
    "nothing": (200, b""),
    "half an answer": (200, b'{"result": "ab'),
    "a list": (200, b"[1, 2, 3]"),
    "bytes": (200, bytes(range(256)) * 40),
    "an error page": (502, b"Bad Gateway"),
    "deep nesting": (200, b"[" * 100_000),
    "another question's answer": (200, b'{"result": null, "error": null, "id": "someone-else"}'),
}


def test_garbage_is_called_so_and_the_claim_is_made_later(opened, between):
    for kind, answer in GARBAGE.items():
        seed = next(SEEDS)
        between.on("sendrawtransaction", lambda pass_on, answer=answer: answer)
        with pytest.raises(UnreachableError, match="is not a Bitcoin SV node") as error:
            world.claim(opened, seed)
        assert error.value.hint, kind
        assert states(seed) == [VerificationState.PREPARED], kind
        between.mischief = None
        assert world.claim(opened, seed).block_height is not None, kind
        assert states(seed) == [VerificationState.CONFIRMED], kind


@sized("every", 4, 1)
def test_garbage_in_answer_to_many_claims_is_no_verdict_and_each_is_made_once_later(opened, between, every):
    for kind in list(GARBAGE)[::every]:
        seed = 20_000 + 10 * next(SEEDS)
        opened.deployer.several(2, lambda *_: None)
        between.on("sendrawtransaction", lambda pass_on, kind=kind: GARBAGE[kind])
        assert [type(error) for error in world.claim_many(opened, seed, 2)] == [UnreachableError] * 2, kind
        between.mischief = None
        assert all(verdict.block_height is not None for verdict in world.claim_many(opened, seed, 2)), kind
        for number in (seed, seed + 1):
            assert states(number).count(VerificationState.CONFIRMED) == 1, kind


def test_a_batch_answered_in_part_or_in_another_order_is_not_believed(opened, between):
    def on_batches(change):
        def act(request, pass_on):
            if not isinstance(request, list):
                return pass_on()
            status, body = pass_on()
            return status, json.dumps(change(json.loads(body))).encode()

        return act

    for change in (lambda answers: answers[:-1], lambda answers: answers[::-1], lambda answers: answers[0]):
        seed = 50_000 + 10 * next(SEEDS)
        between.mischief = on_batches(change)
        verdicts = world.claim_many(opened, seed, 3)
        between.mischief = None
        assert all(verdict.accepted for verdict in verdicts)
        assert [states(number) for number in range(seed, seed + 3)] == [[VerificationState.CONFIRMED]] * 3


METHODS = (
    "abandontransaction",
    "generatetoaddress",
    "getblock",
    "getblockchaininfo",
    "getblockhash",
    "getblockheader",
    "getmempoolinfo",
    "getnetworkinfo",
    "getrawmempool",
    "getrawtransaction",
    "getsettings",
    "gettransaction",
    "gettxouts",
    "gettxoutsetinfo",
    "importaddress",
    "sendrawtransaction",
    "validateaddress",
)
"""Every method that the program asks a node of one's own for."""

SPOILT: dict[str, Callable[[Any], Any]] = {
    "null": lambda value: None,
    "a list": lambda value: [None],
    "a number": lambda value: 7,
    "an empty object": lambda value: {},
    "text": lambda value: "\x1b[2J",
    "numbers below zero": lambda value: renumbered(value, -1),
    "numbers past 64 bits": lambda value: renumbered(value, 2**70),
    "numbers past all ranges": lambda value: renumbered(value, "@1e999999@"),
}


def renumbered(value: Any, number: Any) -> Any:
    """A value of JSON with another number in the place of each."""
    if isinstance(value, dict):
        return {name: renumbered(inner, number) for name, inner in value.items()}
    if isinstance(value, list):
        return [renumbered(inner, number) for inner in value]
    return number if isinstance(value, (int, float)) and not isinstance(value, bool) else value


@sized("every", 8, 1)
def test_a_malformed_answer_to_any_method_is_explained(opened, between, every):
    """To the program at work, and to one that opens; nothing is lost by it, as `opened` checks afterwards.

    Every method's answer is spoilt in one way by default; the ways take turns.
    """
    choice = world.choice_of(world.node(), between.port)
    opened.deployer.rate_seconds = 0.0  # the fee rate is asked for each time
    for number, method in enumerate(METHODS):
        for kind in list(SPOILT)[number % every :: every]:
            change = SPOILT[kind]

            def spoil(pass_on, change=change):
                status, body = altered(pass_on(), change)
                return status, body.replace(b'"@', b"").replace(b'@"', b"")

            between.on(method, spoil)
            for act in (lambda: world.claim(opened, next(SEEDS)), lambda: open_and_close(choice)):
                try:
                    act()
                except InkproofError as error:
                    assert str(error).isprintable(), (method, kind)
        between.mischief = None
        assert world.claim(opened, next(SEEDS)).block_height is not None, method


def open_and_close(choice: NodeChoice) -> None:
    with world.service(choice):
        pass


def test_no_method_is_left_out(kept, between):
    """What is asked in the life of a service, from a node that does not know us yet, is in the list."""
    asked = set()

    def note(request, pass_on):
        asked.add(request["method"])
        return pass_on()

    between.mischief = note
    with world.service(world.choice_of(world.node(), between.port)) as service:
        world.claim(service, next(SEEDS))
        world.claim(service, next(SEEDS), by=1)
        service.status()
    assert "generatetoaddress" in asked
    assert asked <= set(METHODS)


def test_a_node_that_names_another_txid_is_not_trusted_and_what_it_took_is_not_forgotten(opened, between):
    seed = next(SEEDS)
    between.on("sendrawtransaction", lambda pass_on: altered(pass_on(), lambda txid: "ab" * 32))
    with pytest.raises(ChainError, match="another txid than ours") as error:
        world.claim(opened, seed)
    assert "Do not trust this node" in error.value.hint
    between.mischief = None
    assert world.claim(opened, seed).accepted
    assert states(seed) == [VerificationState.CONFIRMED], "one drawing, one transaction"


def test_words_of_the_node_are_shown_escaped(opened, between):
    def hostile(pass_on):
        message = json.loads(pass_on()[1]) | {"result": None}
        message["error"] = {"code": -26, "message": "\x1b[2Jred\u202e" + "x" * 10_000}
        return 500, json.dumps(message).encode()

    wrong = next(SEEDS)
    between.on("sendrawtransaction", hostile)
    with pytest.raises(ChainError) as error:
        world.claim(opened, wrong, by=1)
    words = str(error.value)
    assert words.isprintable()
    assert len(words) < 1_000
    assert states(wrong) == [VerificationState.ERROR]


SCRIPT_WORDS = (
    "mandatory-script-verify-flag-failed (Signature must be zero for failed CHECK(MULTI)SIG operation)"
)


def claims_that_the_script_failed(pass_on):
    """Takes the transaction, and answers as a node whose script interpreter refused it."""
    message = json.loads(pass_on()[1]) | {"result": None, "error": {"code": -26, "message": SCRIPT_WORDS}}
    return 500, json.dumps(message).encode()


def test_a_refusal_of_a_claim_that_the_script_accepts_here_is_no_verdict_and_not_believed(opened, between):
    """A lying node takes a true claim and says that its script failed."""
    seed = next(SEEDS)
    between.on("sendrawtransaction", claims_that_the_script_failed)
    with pytest.raises(ChainError, match="refused, but not by the contract") as error:
        world.claim(opened, seed)
    assert SCRIPT_WORDS in error.value.why
    assert "do not trust this node" in error.value.hint
    assert states(seed) == [VerificationState.ERROR]
    between.mischief = None
    assert world.claim(opened, seed).block_height is not None
    assert states(seed) == [VerificationState.CONFIRMED], "it was found, and not made twice"


def test_a_claim_recorded_as_refused_that_is_in_the_chain_all_the_same_is_found(opened, between):
    seed = next(SEEDS)
    between.on("sendrawtransaction", claims_that_the_script_failed)
    with pytest.raises(ChainError):
        world.claim(opened, seed)
    between.mischief = None
    (record,) = [r for r in world.records() if r.image == world.picture(seed)]
    with opened.ledger.transaction() as db:  # as an earlier version of the program recorded it
        db.execute("UPDATE verifications SET state = 'refused' WHERE id = ?", (record.id,))
    assert world.claim(opened, seed).block_height is not None
    assert states(seed) == [VerificationState.CONFIRMED]


def test_a_wrong_value_in_the_ledger_does_not_spoil_a_claim(opened):
    """The signature covers the value that is spent: it is taken from the transaction, not from the column."""
    deployment = opened.prepare(lambda *_: None)
    with opened.ledger.transaction() as db:
        db.execute("UPDATE deployments SET value = value + 16 WHERE id = ?", (deployment.id,))
    assert world.claim(opened, next(SEEDS)).block_height is not None
    with opened.ledger.transaction() as db:
        db.execute("UPDATE deployments SET value = value - 16 WHERE id = ?", (deployment.id,))


def test_damaged_bytes_of_a_deployment_are_fetched_from_the_chain(opened):
    deployment = opened.prepare(lambda *_: None)
    with opened.ledger.transaction() as db:
        damaged = b"\x00" + deployment.raw_tx
        db.execute("UPDATE transactions SET raw_tx = ? WHERE txid = ?", (damaged, deployment.txid))
    assert world.claim(opened, next(SEEDS)).block_height is not None
    assert opened.ledger.deployment(deployment.id).state is DeploymentState.SPENT


def test_an_answer_that_never_came_is_looked_up_and_the_drawing_is_sent_once(opened, between):
    """The node takes the claim; the connection breaks before it can say so."""
    seed = next(SEEDS)

    def swallow(pass_on):
        pass_on()

    between.on("sendrawtransaction", swallow)
    with pytest.raises(UnreachableError):
        world.claim(opened, seed)
    assert states(seed) == [VerificationState.PREPARED]
    between.mischief = None
    stages = []
    verdict = world.claim(opened, seed, on_stage=lambda stage, text: stages.append(stage.name))
    assert verdict.block_height is not None
    assert states(seed) == [VerificationState.CONFIRMED]
    assert stages == ["SIGNED", "ACCEPTED", "CONFIRMED"]


def test_a_claim_that_arrives_after_it_was_given_up_is_found_and_not_made_twice(opened, between):
    """Later than the program waits: the node takes it when the ledger has recorded it as never sent."""
    seed = next(SEEDS)
    held: list = []

    def hold(pass_on):
        held.append(pass_on)

    between.on("sendrawtransaction", hold)
    with pytest.raises(UnreachableError):
        world.claim(opened, seed)
    between.mischief = None
    opened.reconcile()
    assert states(seed) == [VerificationState.ERROR]
    held[0]()
    assert world.claim(opened, seed).block_height is not None
    assert states(seed) == [VerificationState.CONFIRMED]


def test_a_slow_node_is_waited_for_and_a_silent_one_is_named(opened, between):
    def slow(pass_on):
        time.sleep(0.1)
        return pass_on()

    seed = next(SEEDS)
    between.on("sendrawtransaction", slow)
    assert world.claim(opened, seed).block_height is not None

    silent = next(SEEDS)
    over = threading.Event()

    def wait(pass_on):
        over.wait(10)

    opened.connection.backend.send_seconds = 0.5
    between.on("sendrawtransaction", wait)
    with pytest.raises(UnreachableError, match=r"did not answer within 0\.5 seconds") as error:
        world.claim(opened, silent)
    assert "try again" in error.value.hint
    over.set()
    between.mischief = None
    assert world.claim(opened, silent).accepted


def test_a_verdict_stands_though_the_node_is_gone_before_the_block(opened, between):
    seed = next(SEEDS)
    between.on("generatetoaddress", lambda pass_on: None)
    verdict = world.claim(opened, seed)
    assert verdict.accepted
    assert verdict.block_height is None
    between.mischief = None
    opened.resume()
    assert states(seed) == [VerificationState.CONFIRMED]


REFUSALS = {
    "min relay fee not met": "Nothing was spent. Try again",
    "66: mempool min fee not met": "Nothing was spent. Try again",
    "too-long-mempool-chain": "Wait for the next block",
    "too-long-validation-time": "whose policy allows it",
    "words that nobody has heard": "Nothing was spent",
}


def test_each_refusal_that_is_no_verdict_says_what_to_do(opened, between, monkeypatch):
    """The node's own messages, injected where they cannot be provoked on a private chain."""
    import dataclasses

    def mischief(request, pass_on):
        if request["method"] != "sendrawtransaction":
            return pass_on()
        body = {"result": None, "error": {"code": -26, "message": words}, "id": request["id"]}
        return 500, json.dumps(body).encode()

    elsewhere = dataclasses.replace(opened.connection.network, may_mine=False)
    monkeypatch.setattr(
        opened.deployer, "connection", dataclasses.replace(opened.connection, network=elsewhere)
    )
    for words, hint in REFUSALS.items():
        between.mischief = mischief
        seed = next(SEEDS)
        with pytest.raises(ChainError) as error:
            world.claim(opened, seed)
        assert words in error.value.why
        assert hint in error.value.hint
        assert states(seed) == [VerificationState.ERROR], words
        between.mischief = None
        assert world.claim(opened, seed).accepted, "the instance is still there"


def test_credentials_that_the_node_has_changed_since_are_named(kept):
    choice = world.choice_of(world.node())
    stale = Rpc(choice.rpc_url, choice.rpc_user, "not any more")
    with pytest.raises(UnreachableError, match="refused the user name or password") as error:
        stale.call("getblockcount")
    assert "cookie" in error.value.hint
