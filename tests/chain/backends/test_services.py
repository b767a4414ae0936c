"""The clients of WhatsOnChain and ARC: unharmed by anything that answers, and plain about it."""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from app.chain.backends import whatsonchain as woc_module
from app.chain.backends.arc import Arc
from app.chain.backends.services import Services
from app.chain.backends.whatsonchain import WhatsOnChain
from app.chain.networks import TESTNET
from app.chain.wallet.key import Wallet
from app.errors import ChainError, InkproofError, UnreachableError
from tests.chain.conftest import IMPATIENT, clients_with, give
from tests.chain.fake_services import FakeHandler, FakeServices
from tests.conftest import Regtest
from tests.sizes import examples

TXID = "ab" * 32
BODY = b"\x01\x00\x00\x00"

QUESTIONS: dict[str, Callable[[WhatsOnChain, Arc], Any]] = {
    "tip": lambda woc, arc: woc.tip(),
    "coins": lambda woc, arc: woc.coins("mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8"),
    "place": lambda woc, arc: woc.place(TXID),
    "raw": lambda woc, arc: woc.raw(TXID),
    "stands": lambda woc, arc: woc.stands(TXID),
    "spender": lambda woc, arc: woc.spender(TXID, 0),
    "policy": lambda woc, arc: arc.policy(),
    "knows": lambda woc, arc: arc.knows(TXID),
    "taken": lambda woc, arc: arc.taken(TXID),
    "submit": lambda woc, arc: arc.submit(BODY, TXID),
}
every_question = pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS.keys())
ONE_OF_EACH = ("tip", "submit")
"""A question to the explorer, and one to ARC."""


def sampled(names: Iterable[str]) -> pytest.MarkDecorator:
    """One question of each service in every run, and all of these in `make exhaustive`."""
    marks = {name: [] if name in ONE_OF_EACH else [pytest.mark.exhaustive] for name in names}
    return pytest.mark.parametrize(
        "ask", [pytest.param(QUESTIONS[name], id=name, marks=mark) for name, mark in marks.items()]
    )


sampled_questions = sampled(QUESTIONS)
json_questions = sampled(name for name in QUESTIONS if name != "raw")


GARBAGE = {
    "empty": b"",
    "html": b"<html>hello</html>",
    "list": b"[]",
    "number": b"7",
    "null": b"null",
    "an empty object": b"{}",
    "not text": b"\xff\xfe\x00",
    "nested": b"[" * 200_000,
    "not a number": b'{"blocks": NaN}',
    "exponent past all ranges": b'{"blocks": 1e9999999999999999999}',
    "huge number": b'{"blocks": ' + b"9" * 10_000 + b"}",
    "cut": b'{"chain": "te',
}


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        # Every question, and every sort of garbage, in some pairs; in `make exhaustive` in all.
        pytest.param(
            QUESTIONS[question],
            GARBAGE[garbage],
            id=f"{garbage}-{question}",
            marks=[] if (row + column) % 4 == 0 else [pytest.mark.exhaustive],
        )
        for row, question in enumerate(QUESTIONS)
        for column, garbage in enumerate(GARBAGE)
    ],
)
def test_garbage_is_named_and_nothing_is_believed(clients, services, ask, answer) -> None:
    services.say("/", 200, answer)
    try:
        said = ask(*clients)
    except ChainError as error:
        assert error.hint or error.why
        assert str(error).isprintable()
    else:
        # The two answers that need no words: no bytes, and a transaction of which ARC says nothing.
        assert said in (b"", [], False)


def trickle(handler: FakeHandler, pieces: list[bytes]) -> None:
    """Say a piece now and then."""
    for piece in pieces:
        handler.wfile.write(piece)
        handler.wfile.flush()
        time.sleep(0.05)


@sampled_questions
def test_a_silent_service_is_given_up(services, ask) -> None:
    services.instead("/", lambda handler: time.sleep(20))
    with pytest.raises(UnreachableError, match="did not answer within"):
        ask(*clients_with(dataclasses.replace(IMPATIENT, answer=0.15)))


@sampled_questions
def test_a_service_that_sends_a_byte_now_and_then_is_given_up(services, ask) -> None:
    def drip(handler: FakeHandler) -> None:
        handler.answer(200, b"", Content_Length="100000")
        trickle(handler, [b" "] * 200)

    services.instead("/", drip)
    with pytest.raises(UnreachableError, match="did not answer within"):
        ask(*clients_with(dataclasses.replace(IMPATIENT, answer=0.15)))


@sampled_questions
def test_headers_that_trickle_in_are_given_up(services, ask) -> None:
    def drip(handler: FakeHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        trickle(handler, [b"X-Header-%d: word\r\n" % number for number in range(100)])

    services.instead("/", drip)
    with pytest.raises(UnreachableError, match="did not answer within"):
        ask(*clients_with(dataclasses.replace(IMPATIENT, answer=0.15)))


@every_question
def test_a_cut_body_is_named(clients, services, ask) -> None:
    services.instead("/", lambda handler: handler.answer(200, b'{"chain": "test', Content_Length="5000"))
    with pytest.raises(UnreachableError):
        ask(*clients)


@json_questions
def test_an_answer_without_end_is_cut_off(services, ask) -> None:
    services.say("/", 200, b"1" * 2**21)
    with pytest.raises(UnreachableError, match="larger than 1 MB"):
        ask(*clients_with(dataclasses.replace(IMPATIENT, largest=2**20)))


@json_questions
def test_an_answer_of_millions_of_small_values_is_not_parsed(clients, services, ask) -> None:
    """8 MB of them would take 300 MB, and longer than the answer may."""
    services.say("/", 200, b'{"chain": [' + b"0," * 3_500_000 + b"0]}")
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreachableError, match="is not JSON"):
        ask(*clients)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KB


def test_no_thread_is_left_behind_by_headers_that_trickle_in(services) -> None:
    """The connection is closed when the time is over, so nobody goes on reading from it."""
    ended = threading.Event()

    def drip(handler: FakeHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        try:
            for number in itertools.count():
                trickle(handler, [b"X-Header-%d: word\r\n" % (number % 50)])
        except OSError:
            ended.set()

    services.instead("/", drip)
    woc, _ = clients_with(dataclasses.replace(IMPATIENT, answer=0.15))
    with pytest.raises(UnreachableError):
        woc.tip()
    before = threading.active_count()
    for _ in range(3):
        with pytest.raises(UnreachableError, match="did not answer within"):
            woc.tip()
    assert ended.wait(60), "the server notices that the connection is gone"
    # The fake server has a thread for each connection that it still answers.
    deadline = time.monotonic() + 60
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() <= before


@pytest.mark.parametrize("confirmations", [True, "0", "x", "1", 1.5, -2, [1], 2**40])
def test_an_invalid_number_of_confirmations_is_not_believed(
    woc, services, regtest, stranger, confirmations
) -> None:
    txid = give(regtest, stranger, 50_000)
    newest = regtest.rpc.call("getbestblockhash")

    def spoilt(handler: FakeHandler) -> None:
        status, told = handler.proceed()
        handler.answer(status, told | {"confirmations": confirmations})

    services.instead("/hash/", spoilt)
    for ask in (lambda: woc.place(txid), lambda: woc.stands(newest)):
        with pytest.raises(UnreachableError, match="A number in the answer is malformed"):
            ask()


@pytest.mark.parametrize("confirmations", [-1, 0, None])
def test_a_transaction_in_an_orphaned_block_is_not_confirmed(
    woc, services, regtest, stranger, confirmations
) -> None:
    txid = give(regtest, stranger, 50_000)
    assert woc.place(txid) not in (None, (None, None))

    def taken_back(handler: FakeHandler) -> None:
        status, told = handler.proceed()
        handler.answer(status, told | {"confirmations": confirmations})

    services.instead("/tx/hash/", taken_back)
    assert woc.place(txid) == (None, None)


@every_question
def test_a_redirect_is_not_followed(clients, services, ask) -> None:
    services.instead("/", lambda handler: handler.answer(302, b"", Location=services.woc_url))
    with pytest.raises(UnreachableError):
        ask(*clients)
    assert len(services.asked) == 1


@every_question
@pytest.mark.parametrize(
    "status", [403, *(pytest.param(status, marks=pytest.mark.exhaustive) for status in (401, 500, 502, 503))]
)
def test_a_service_that_will_not_talk_is_explained(clients, services, ask, status) -> None:
    services.say("/", status, "<h1>\x1b[31mno</h1>")
    with pytest.raises(UnreachableError) as refusal:
        ask(*clients)
    assert str(status) in str(refusal.value)
    assert refusal.value.hint


@every_question
def test_an_address_where_nobody_answers_is_reported(ask) -> None:
    known = Services("http://127.0.0.1:1/woc", "http://127.0.0.1:1/arc")
    with pytest.raises(UnreachableError, match=r"No (ARC|explorer) answers"):
        ask(WhatsOnChain(TESTNET, known), Arc(TESTNET, known))


def test_the_environments_proxies_are_not_used(woc, services, monkeypatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert woc.tip().height > 0


def test_the_explorer_is_asked_again_when_it_wants_fewer_questions(woc, services) -> None:
    left = [2]

    def busy(handler: FakeHandler) -> None:
        left[0] -= 1
        handler.answer(*((429, "Too Many Requests") if left[0] >= 0 else handler.proceed()))

    services.instead("/chain/info", busy)
    assert woc.tip().height > 0
    services.say("/chain/info", 429, "Too Many Requests")
    with pytest.raises(UnreachableError, match="too busy"):
        woc.tip()


def test_questions_to_the_public_explorer_are_paced(services, monkeypatch) -> None:
    known = Services(services.woc_url, services.arc_url, pace=60.0)
    explorer = WhatsOnChain(TESTNET, known)
    waits: list[float] = []
    monkeypatch.setattr(woc_module.time, "sleep", waits.append)
    for _ in range(4):
        explorer.tip()
    assert waits[0] == 0
    assert all(0 < wait <= 60 for wait in waits[1:])


@pytest.mark.parametrize(
    "change",
    [
        {"tx_hash": "zz"},
        {"tx_hash": None},
        {"tx_pos": -1},
        {"tx_pos": True},
        {"tx_pos": 1.5},
        {"value": -1},
        {"value": 21_000_001 * 10**8},
        {"value": "100"},
        {"value": None},
        {"height": -5},
        {"height": "x"},
    ],
)
def test_a_coin_that_cannot_be_is_not_believed(
    woc: WhatsOnChain, services: FakeServices, regtest: Regtest, stranger: Wallet, change: dict[str, Any]
) -> None:
    give(regtest, stranger, 50_000)

    def spoilt(handler: FakeHandler) -> None:
        status, page = handler.proceed()
        page["result"] = [row | change for row in page["result"]]
        handler.answer(status, page)

    services.instead("/unspent/all", spoilt)
    with pytest.raises(UnreachableError, match="not WhatsOnChain's API"):
        woc.coins(stranger.address)


def test_a_coin_that_waits_to_be_spent_is_not_listed(woc, services, regtest, stranger) -> None:
    give(regtest, stranger, 50_000)

    def taken(handler: FakeHandler) -> None:
        status, page = handler.proceed()
        page["result"] = [row | {"isSpentInMempoolTx": True} for row in page["result"]]
        handler.answer(status, page)

    services.instead("/unspent/all", taken)
    assert woc.coins(stranger.address) == []


def test_an_explorers_own_error_is_passed_on_fit_to_show(woc, services, stranger) -> None:
    services.say("/unspent/all", 200, {"result": None, "error": "index \x1b[2J down"})
    with pytest.raises(ChainError) as refusal:
        woc.coins(stranger.address)
    assert "index [2J down" in refusal.value.why


def test_another_transactions_details_are_not_taken_for_ours(woc, arc, services, regtest, stranger) -> None:
    other = give(regtest, stranger, 50_000)
    services.say("/tx/hash/", 200, services.answer("GET", f"/woc/tx/hash/{other}", b"", {})[1])
    services.say("/arc/v1/tx/", 200, services.answer("GET", f"/arc/v1/tx/{other}", b"", {})[1])
    for ask in (lambda: woc.place(TXID), lambda: arc.knows(TXID)):
        with pytest.raises(UnreachableError, match="another transaction"):
            ask()


def test_another_blocks_details_are_not_taken_for_ours(woc, services, regtest) -> None:
    newest = regtest.rpc.call("getbestblockhash")
    services.say("/block/hash/", 200, services.answer("GET", f"/woc/block/hash/{newest}", b"", {})[1])
    with pytest.raises(UnreachableError, match="another block"):
        woc.stands(TXID)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
GOOD: dict[str, Any] = {
    "chain": "test",
    "hash": TXID,
    "blocks": 5,
    "bestblockhash": TXID,
    "error": "",
    "result": [{"tx_hash": TXID, "tx_pos": 0, "value": 7, "height": 2, "isSpentInMempoolTx": False}],
    "txid": TXID,
    "blockhash": TXID,
    "confirmations": 1,
    "blockheight": 5,
    "policy": {"maxscriptsizepolicy": 1, "maxtxsizepolicy": 1, "miningFee": {"satoshis": 1, "bytes": 1}},
    "txStatus": "MINED",
    "status": 200,
    "extraInfo": "",
    "title": "OK",
    "detail": "",
}


@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.sampled_from(list(QUESTIONS)),
    st.dictionaries(st.sampled_from(list(GOOD)), json_values, max_size=3),
    st.sampled_from([200, 200, 200, 404, 409, 461, 422]),
)
def test_every_malformed_answer_is_explained(clients, services, name, spoilt, status) -> None:
    services.behave()
    services.say("/", status, GOOD | spoilt)
    try:
        QUESTIONS[name](*clients)
    except InkproofError as error:
        assert str(error).isprintable()
