"""Fakes of the public services: an HTTP server that speaks WhatsOnChain's and ARC's documented APIs.

Behind them stands a real regtest node. What is sent is really validated, its Script really run, and what is
asked is really looked up; only the services around the node are made up. They say that they are on testnet,
whose addresses regtest shares.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import pytest
from bitcoinx import (
    Script,
    Tx,
    TxInput,
    TxOutput,
    read_le_int32,
    read_le_int64,
    read_le_uint32,
    read_list,
    read_varbytes,
    read_varint,
)

from app.chain.backends.rpc import COIN, Rpc
from app.errors import RpcError

Answer = tuple[int, Any]
Behaviour = Callable[["FakeHandler"], None]

_WORDS = {
    400: ("Bad request", "The request seems to be malformed and cannot be processed"),
    404: ("Not found", "The requested resource could not be found"),
    409: ("Generic error", "Transaction could not be processed"),
    460: (
        "Not extended format",
        "Missing input scripts: Transaction could not be transformed to extended format",
    ),
    461: ("Malformed transaction", "Transaction is malformed and cannot be processed"),
    462: ("Invalid inputs", "Transaction is invalid because the inputs are non-existent or spent"),
    463: ("Malformed transaction", "Transaction is malformed and cannot be processed"),
    464: ("Invalid outputs", "Transaction is invalid because the outputs are non-existent or invalid"),
    465: ("Fee too low", "The fees are too low"),
    466: (
        "Conflicting tx found",
        "Transaction is valid, but there is a conflicting tx in the block template",
    ),
    473: ("Cumulative fee too low", "The cumulative fee is too low"),
}


def problem(code: int, extra: str | None = None, txid: str | None = None) -> Answer:
    """An error as ARC writes it, RFC 7807."""
    title, detail = _WORDS.get(code, ("Error", "Something went wrong"))
    kind = f"https://bitcoin-sv.github.io/arc/#/errors?id=_{code}"
    fields = {"type": kind, "title": title, "status": code, "detail": detail, "instance": None}
    return code, {**fields, "txid": txid, "extraInfo": extra}


class FakeHandler(BaseHTTPRequestHandler):
    """One question to a fake service."""

    server: FakeServer  # type: ignore[assignment]

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers["Content-Length"])))

    def _serve(self, body: bytes) -> None:
        fake = self.server.fake
        self.body = body
        fake.asked.append((self.command, self.path))
        # The client is right to close the connection on some of what the fakes do.
        with contextlib.suppress(OSError):
            for part, behave in list(fake.misbehaviour):
                if part in self.path:
                    behave(self)
                    return
            self.answer(*fake.answer(self.command, self.path, body, dict(self.headers)))

    def answer(self, status: int, value: Any, **headers: str) -> None:
        """Send one whole answer: bytes and text as they are, anything else as JSON."""
        body = (
            value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else dump(value)
        )
        self.send_response(status)
        for name, text in ({"Content_Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        self.wfile.write(body)

    def proceed(self) -> Answer:
        """What the fake would have answered."""
        return self.server.fake.answer(self.command, self.path, self.body, dict(self.headers))

    def log_message(self, *_: object) -> None:
        pass


class FakeServer(ThreadingHTTPServer):
    """The server of one pair of fakes."""

    daemon_threads = True
    fake: FakeServices


@contextlib.contextmanager
def in_their_place(rpc: Rpc, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServices]:
    """The fakes over a node, and the environment that makes Inkproof use them."""
    fake = FakeServices(rpc)
    for name, value in fake.environment().items():
        monkeypatch.setenv(name, value)
    try:
        yield fake
    finally:
        fake.close()


class FakeServices:
    """Both fakes at one port: WhatsOnChain under /woc, ARC under /arc."""

    def __init__(self, rpc: Rpc, *, chain: str = "test", token: str = "") -> None:
        self.rpc = rpc
        self.chain = chain
        self.token = token
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.misbehaviour: list[tuple[str, Behaviour]] = []
        self.rate: tuple[int, int] | None = None
        self.server = FakeServer(("127.0.0.1", 0), FakeHandler)
        self.server.fake = self
        base = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.woc_url, self.arc_url = f"{base}/woc", f"{base}/arc"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self.server.shutdown()
        self.server.server_close()

    def instead(self, part: str, behave: Behaviour) -> None:
        """From now on answer every question whose path holds `part` in another way; the latest goes first."""
        self.misbehaviour.insert(0, (part, behave))

    def say(self, part: str, status: int, value: Any) -> None:
        """From now on give one fixed answer to such questions."""
        self.instead(part, lambda handler: handler.answer(status, value))

    def behave(self) -> None:
        """Be a good service again."""
        self.misbehaviour.clear()

    def environment(self) -> dict[str, str]:
        """What makes Inkproof use these services."""
        known = {"INKPROOF_WOC_URL": self.woc_url, "INKPROOF_ARC_URL": self.arc_url}
        return known | ({"INKPROOF_ARC_TOKEN": self.token} if self.token else {})

    def answer(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """The documented answer to a question."""
        service, _, rest = path.strip("/").partition("/")
        if service == "woc" and method == "GET":
            return self._explorer(rest)
        if service == "arc":
            if self.token and headers.get("Authorization") != f"Bearer {self.token}":
                return 401, "Unauthorized"
            return self._arc(method, rest, body, headers)
        return 404, "Not Found"

    def _explorer(self, path: str) -> Answer:
        if path == "chain/info":
            return 200, {**self.rpc.call("getblockchaininfo"), "chain": self.chain}
        if found := re.fullmatch(r"address/(\w+)/unspent/all", path):
            return self._unspent(found[1])
        if found := re.fullmatch(r"tx/hash/([0-9a-f]{64})", path):
            tx = self._transaction(found[1])
            return (404, "Not Found") if tx is None else (200, tx)
        if found := re.fullmatch(r"block/hash/([0-9a-f]{64})", path):
            return self._block(found[1])
        if found := re.fullmatch(r"tx/([0-9a-f]{64})/hex", path):
            raw = self._raw(found[1])
            return (404, "Not Found") if raw is None else (200, raw)
        if found := re.fullmatch(r"tx/([0-9a-f]{64})/(\d+)/spent", path):
            return self._spender(found[1], int(found[2]))
        return 404, "Not Found"

    def _unspent(self, address: str) -> Answer:
        known = self.rpc.call("validateaddress", address)
        if not known["isvalid"]:
            return 400, "Invalid address"
        if not known.get("iswatchonly") and not known.get("ismine"):
            self.rpc.call("importaddress", address, "fake", True)
        tip = self.rpc.call("getblockcount")
        rows = []
        for coin in self.rpc.call("listunspent", 0, 9_999_999, [address]):
            row = {"tx_pos": coin["vout"], "tx_hash": coin["txid"], "value": int(coin["amount"] * COIN)}
            row |= {"isSpentInMempoolTx": False}
            if coin["confirmations"]:
                row |= {"height": tip - coin["confirmations"] + 1, "status": "confirmed"}
            else:
                row |= {"hex": coin["scriptPubKey"], "status": "unconfirmed"}
            rows.append(row)
        return 200, {"address": address, "script": "00" * 32, "result": rows, "error": ""}

    def _transaction(self, txid: str) -> dict[str, Any] | None:
        try:
            tx = self.rpc.call("getrawtransaction", txid, 1)
        except RpcError:
            return None
        # WhatsOnChain cuts long scripts off.
        for output in tx["vout"]:
            script = output["scriptPubKey"]
            if len(script["hex"]) > 200_000:
                output["scriptPubKey"] = {**script, "hex": "", "asm": "", "isTruncated": True}
        keep = {name: tx[name] for name in ("txid", "hash", "version", "size", "locktime", "vin", "vout")}
        if tx.get("confirmations"):
            height = self.rpc.call("getblockheader", tx["blockhash"])["height"]
            keep |= {
                "blockhash": tx["blockhash"],
                "confirmations": tx["confirmations"],
                "blockheight": height,
            }
        return keep

    def _block(self, block_hash: str) -> Answer:
        try:
            return 200, self.rpc.call("getblockheader", block_hash)
        except RpcError:
            return 404, "Not Found"

    def _raw(self, txid: str) -> str | None:
        try:
            return str(self.rpc.call("getrawtransaction", txid))
        except RpcError:
            return None

    def _spender(self, txid: str, index: int) -> Answer:
        if self._raw(txid) is None or self.rpc.call("gettxout", txid, index, True) is not None:
            return 404, "Not Found"
        for number, candidate in self._newest():
            if (txid, index) in [(source.get("txid"), source.get("vout")) for source in candidate["vin"]]:
                return 200, {"txid": candidate["txid"], "vin": 0, "status": number}
        return 500, "the fake looks at the newest blocks only"

    def _newest(self) -> Any:
        for txid in self.rpc.call("getrawmempool"):
            yield "unconfirmed", self.rpc.call("getrawtransaction", txid, 1)
        block_hash = self.rpc.call("getbestblockhash")
        for _ in range(30):
            block = self.rpc.call("getblock", block_hash)
            for txid in block["tx"][1:]:
                yield "confirmed", self.rpc.call("getrawtransaction", txid, 1)
            block_hash = block["previousblockhash"]

    def _arc(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        if (method, path) == ("GET", "v1/policy"):
            return 200, {"timestamp": _now(), "policy": self._policy()}
        if (method, path) == ("POST", "v1/tx"):
            self.bodies.append(body)
            self.headers.append(headers)
            return self._submit(body)
        if method == "GET" and (found := re.fullmatch(r"v1/tx/([0-9a-f]{64})", path)):
            return self._status(found[1]) or problem(404, "transaction not found")
        return problem(404)

    def _policy(self) -> dict[str, Any]:
        settings = self.rpc.call("getsettings")
        satoshis, size = self.rate or (int(settings["minminingtxfee"] * COIN), 1000)
        names = ("maxscriptsizepolicy", "maxtxsigopscountspolicy", "maxtxsizepolicy")
        limits = {name: int(settings.get(name, 4294967295)) for name in names}
        return {**limits, "miningFee": {"satoshis": satoshis, "bytes": size}, "standardFormatSupported": True}

    def _submit(self, body: bytes) -> Answer:
        try:
            tx, spent = read_transaction(body)
        except Exception as error:  # the fake is asked with all sorts of bytes
            return problem(400, f"error parsing transaction from request: {error}")
        txid = tx.hex_hash()
        if (known := self._status(txid)) is not None:
            return known
        real = [self._output(source) for source in tx.inputs]
        if None in real:
            return problem(462 if spent else 460, "parent transaction not found", txid)
        if spent and [(o.value, o.script_pubkey) for o in spent] != [
            (o.value, o.script_pubkey) for o in real
        ]:
            return problem(461, "the outputs given are not the outputs spent", txid)
        paid = sum(output.value for output in real) - tx.total_output_value()
        satoshis, size = self._policy()["miningFee"].values()
        if paid * size < tx.size() * satoshis:
            return problem(
                465, f"arc error 465: transaction fee is too low\nminimum expected fee, got {paid}", txid
            )
        return self._broadcast(tx, txid)

    def _broadcast(self, tx: Tx, txid: str) -> Answer:
        try:
            self.rpc.call("sendrawtransaction", tx.to_hex())
        except RpcError as error:
            words = error.message
            if "conflict" in words or "double-spend" in words:
                return problem(466, words, txid)
            if words == "Missing inputs":
                return problem(462, words, txid)
            if "Script is too big" in words:
                return problem(463, words, txid)
            if "script-verify-flag" in words:
                return problem(461, f"arc error 461: script execution failed: {words}", txid)
            return problem(409, words, txid)
        return self._status(txid) or problem(409)

    def _status(self, txid: str) -> Answer | None:
        tx = self._transaction(txid)
        if tx is None:
            return None
        mined = "blockhash" in tx
        return 200, {
            "timestamp": _now(),
            "blockHash": tx.get("blockhash", ""),
            "blockHeight": tx.get("blockheight", 0),
            "txid": txid,
            "merklePath": "",
            "txStatus": "MINED" if mined else "SEEN_ON_NETWORK",
            "extraInfo": "",
            "competingTxs": None,
            "status": 200,
            "title": "OK",
        }

    def _output(self, source: TxInput) -> TxOutput | None:
        raw = self._raw(source.prev_hash[::-1].hex())
        return None if raw is None else Tx.from_hex(raw).outputs[source.prev_idx]


def read_transaction(body: bytes) -> tuple[Tx, list[TxOutput]]:
    """A transaction and the outputs it says it spends; none in the standard format. See BIP-239."""
    if body[4:10] != bytes.fromhex("0000000000ef"):
        return Tx.from_bytes(body), []
    stream = BytesIO(body)
    version = read_le_int32(stream.read)
    stream.read(6)
    inputs, spent = [], []
    for _ in range(read_varint(stream.read)):
        inputs.append(TxInput.read(stream.read))
        value = read_le_int64(stream.read)
        spent.append(TxOutput(value, Script(read_varbytes(stream.read))))
    outputs = read_list(stream.read, TxOutput.read)
    tx = Tx(version, inputs, outputs, read_le_uint32(stream.read))
    if stream.read(1):
        raise ValueError("bytes are left over")
    return tx, spent


def dump(value: Any) -> bytes:
    """JSON, with the node's Decimal amounts as numbers."""
    return json.dumps(value, default=float).encode()


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
