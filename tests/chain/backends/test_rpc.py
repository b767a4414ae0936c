"""The RPC client: right with a real node, unharmed by anything else that answers."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chain.backends.rpc import COIN, METHOD_NOT_FOUND, Rpc, satoshis
from app.errors import ChainError, RpcError, UnreachableError
from app.text import clean_text
from tests.conftest import Regtest

Misbehave = Callable[[BaseHTTPRequestHandler, dict], None]


class FakeMisbehavingNode:
    """A fake: an HTTP server on loopback that answers as a node never would."""

    def __init__(self) -> None:
        self.misbehave: Misbehave = lambda handler, question: None
        self.asked = 0
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                fake.asked += 1
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                # The client is right to close the connection on some of it.
                with contextlib.suppress(OSError):
                    fake.misbehave(self, question)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


def answer(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in ({"Content_Length": str(len(body))} | headers).items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def saying(text: str, status: int = 200) -> Misbehave:
    """Answers `text`, with $ID replaced by the question's id."""
    return lambda handler, question: answer(
        handler, text.replace("$ID", json.dumps(question["id"])).encode(), status
    )


@pytest.fixture
def fake() -> Iterator[FakeMisbehavingNode]:
    server = FakeMisbehavingNode()
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_a_result_arrives(regtest: Regtest) -> None:
    assert regtest.rpc.call("getblockchaininfo")["chain"] == "regtest"


def test_fractions_arrive_exact(regtest: Regtest) -> None:
    coin = regtest.rpc.call("listunspent", 0)[0]
    assert isinstance(coin["amount"], Decimal)
    assert satoshis(coin["amount"]) > 0


def test_an_error_of_the_node_keeps_its_code_and_words(regtest: Regtest) -> None:
    with pytest.raises(RpcError) as refusal:
        regtest.rpc.call("nosuchmethod")
    assert (refusal.value.code, refusal.value.message) == (METHOD_NOT_FOUND, "Method not found")


def test_requests_of_megabytes_reach_the_node(regtest: Regtest) -> None:
    with pytest.raises(RpcError, match="TX decode failed"):
        regtest.rpc.call("sendrawtransaction", "ff" * 2_000_000)


def test_threads_share_one_client(regtest: Regtest) -> None:
    height = regtest.rpc.call("getblockcount")
    with ThreadPoolExecutor(8) as pool:
        heights = list(pool.map(lambda _: regtest.rpc.call("getblockcount"), range(40)))
    assert heights == [height] * 40


def test_wrong_credentials_are_named(regtest: Regtest) -> None:
    with pytest.raises(UnreachableError, match="password") as refusal:
        Rpc(regtest.rpc.url, "someone", "wröng").call("getblockcount")
    assert "wröng" not in str(refusal.value)


def test_a_closed_port_is_nobody_answering(fake: FakeMisbehavingNode) -> None:
    fake.server.shutdown()
    fake.server.server_close()
    with pytest.raises(UnreachableError, match="No node answers") as refusal:
        Rpc(fake.url, "u", "p").call("getblockcount")
    assert "refused" in refusal.value.why


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8332",
        "ftp://x",
        "http://",
        "http://[::1:8332",
        "http://x:99999",
        "http://x:0",
        "http://x:y",
    ],
)
def test_an_invalid_address_is_refused(url: str) -> None:
    with pytest.raises(UnreachableError, match="is not the address of a node"):
        Rpc(url, "u", "p")


@pytest.mark.parametrize(
    "url",
    [
        "http://rpcuser:s3cret@127.0.0.1:8332",
        "rpcuser:s3cret@127.0.0.1:8332",
        "http://s3cret@127.0.0.1:8332",
        "http://rpcuser:s3cret@[::1:8332",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UnreachableError, match="does not belong into the address of a node") as refusal:
        Rpc(url, "u", "p")
    assert "s3cret" not in str(refusal.value)
    assert "separately" in refusal.value.hint


GARBAGE = {
    "empty": "",
    "html": "<html>hello</html>",
    "number": "7",
    "list": "[]",
    "no id": '{"result": 1, "error": null}',
    "another id": '{"result": 1, "error": null, "id": "inkproof-0"}',
    "id of another type": '{"result": 1, "error": null, "id": 1}',
    "no result": '{"error": null, "id": $ID}',
    "error without code": '{"result": null, "error": {"message": "x"}, "id": $ID}',
    "error without words": '{"result": null, "error": {"code": -1}, "id": $ID}',
    "error that is text": '{"result": null, "error": "x", "id": $ID}',
    "code that is true": '{"result": null, "error": {"code": true, "message": "x"}, "id": $ID}',
    "not a number": '{"result": NaN, "error": null, "id": $ID}',
    "infinity": '{"result": -Infinity, "error": null, "id": $ID}',
    "nested": "[" * 200_000,
    "huge number": '{"result": ' + "9" * 10_000 + ', "error": null, "id": $ID}',
    "exponent past all ranges": '{"result": 1e9999999999999999999, "error": null, "id": $ID}',
    "cut": '{"result": {"chain": "reg',
}


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE.keys())
def test_an_answer_that_no_node_gives_is_named(fake: FakeMisbehavingNode, text: str) -> None:
    fake.misbehave = saying(text)
    with pytest.raises(UnreachableError, match="not a Bitcoin SV node"):
        Rpc(fake.url, "u", "p").call("getblockchaininfo")


def test_an_answer_that_is_not_text_is_named(fake: FakeMisbehavingNode) -> None:
    fake.misbehave = lambda handler, question: answer(handler, b"\xff\xfe\x00")
    with pytest.raises(UnreachableError, match="not a Bitcoin SV node"):
        Rpc(fake.url, "u", "p").call("getblockchaininfo")


def test_a_redirect_is_not_followed(fake: FakeMisbehavingNode) -> None:
    fake.misbehave = lambda handler, question: answer(handler, b"", 307, Location=fake.url)
    with pytest.raises(UnreachableError):
        Rpc(fake.url, "u", "p").call("getblockchaininfo")
    assert fake.asked == 1


@pytest.mark.parametrize("status", [403, 503])
def test_a_node_that_will_not_talk_is_explained(fake: FakeMisbehavingNode, status: int) -> None:
    fake.misbehave = saying("Work queue depth exceeded", status)
    with pytest.raises(UnreachableError) as refusal:
        Rpc(fake.url, "u", "p").call("getblockchaininfo")
    assert refusal.value.hint


def test_an_answer_with_a_bad_status_holds_no_result(fake: FakeMisbehavingNode) -> None:
    fake.misbehave = saying('{"result": 1, "error": null, "id": $ID}', 500)
    with pytest.raises(UnreachableError):
        Rpc(fake.url, "u", "p").call("getblockcount")


def test_a_silent_server_is_given_up(fake: FakeMisbehavingNode) -> None:
    fake.misbehave = lambda handler, question: time.sleep(20)
    with pytest.raises(UnreachableError, match="did not answer"):
        Rpc(fake.url, "u", "p", timeout=0.3).call("getblockcount")


def test_a_server_that_sends_a_byte_now_and_then_is_given_up(fake: FakeMisbehavingNode) -> None:
    def drip(handler: BaseHTTPRequestHandler, question: dict) -> None:
        answer(handler, b"", Content_Length="100000")
        for _ in range(200):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    fake.misbehave = drip
    with pytest.raises(UnreachableError, match="did not answer"):
        Rpc(fake.url, "u", "p", timeout=0.5).call("getblockcount")


def test_a_cut_body_is_named(fake: FakeMisbehavingNode) -> None:
    fake.misbehave = lambda handler, question: answer(handler, b'{"result": 1', Content_Length="5000")
    with pytest.raises(UnreachableError):
        Rpc(fake.url, "u", "p", timeout=30).call("getblockcount")


def test_an_answer_without_end_is_cut_off(fake: FakeMisbehavingNode) -> None:
    fake.misbehave = lambda handler, question: answer(handler, b"1" * 2**21)
    with pytest.raises(UnreachableError, match="larger than 1 MB"):
        Rpc(fake.url, "u", "p", largest=2**20).call("getblockcount")


def test_a_strangers_words_are_fit_to_show(fake: FakeMisbehavingNode) -> None:
    hostile = "\x1b[2Jgone\r\n\u202eevil" + "x" * 100_000
    fake.misbehave = saying(
        json.dumps({"result": None, "error": {"code": -1, "message": hostile}, "id": "@"}).replace(
            '"@"', "$ID"
        ),
        500,
    )
    with pytest.raises(RpcError) as refusal:
        Rpc(fake.url, "u", "p").call("getblockcount")
    assert refusal.value.message.isprintable()
    assert len(refusal.value.message) <= 400


def test_proxies_and_netrc_of_the_environment_are_ignored(
    fake: FakeMisbehavingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    fake.misbehave = saying('{"result": 5, "error": null, "id": $ID}')
    assert Rpc(fake.url, "u", "p").call("getblockcount") == 5


@given(st.text(max_size=2000), st.integers(10, 500))
def test_cleaned_text_is_one_bounded_printable_line(text: str, limit: int) -> None:
    line = clean_text(text, limit)
    assert len(line) <= limit
    assert line.isprintable()


@given(st.integers(0, 21_000_000 * COIN))
def test_satoshis_are_exact(amount: int) -> None:
    written = f"{amount // COIN}.{amount % COIN:08d}"
    assert satoshis(json.loads(written, parse_float=Decimal)) == amount


@pytest.mark.parametrize(
    "amount",
    [
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("-0.1"),
        Decimal("1e999999"),
        Decimal("-1e999999"),
        Decimal("1e-999999"),
        Decimal("0.000000001"),
        21_000_001,
        True,
        "1",
        None,
        0.5,
    ],
)
def test_impossible_amounts_are_refused(amount: object) -> None:
    with pytest.raises(ChainError):
        satoshis(amount)
