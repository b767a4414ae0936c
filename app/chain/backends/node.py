"""A chain as one Bitcoin SV node's JSON-RPC shows it: the embedded node, or any other."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from bitcoinx import Tx, TxOutput, double_sha256, hash_to_hex_str, hex_str_to_hash

from app.chain.backends import mining, node_coins, node_transactions, spenders
from app.chain.backends.account import Account
from app.chain.backends.base import BlockProof, Found, Sent, Tip
from app.chain.backends.merkleblock import merkle_branch
from app.chain.backends.rpc import METHOD_NOT_FOUND, Rpc, satoshis
from app.chain.networks import NETWORKS, Network
from app.chain.wallet.coins import Coin
from app.chain.wallet.key import Wallet
from app.errors import ChainError, RpcError
from app.text import clean_text

__all__ = ["NodeBackend", "network_of"]

_OUT_OF_RANGE = -8
"""RPC_INVALID_PARAMETER: what a node says of a height that its chain has not reached."""


class NodeBackend:
    """The `Backend` of one node."""

    def __init__(self, rpc: Rpc, network: Network, account: Account | None = None) -> None:
        """`account` lists the wallet's coins; without one the node's own wallet is asked."""
        self.rpc = rpc
        self.network = network
        self._account = account
        self.send_seconds = 120.0
        """How long the node may take to judge a transaction."""

    def name(self) -> str:
        """The node's own name for itself."""
        name = self.rpc.peer.mapping(self.rpc.call("getnetworkinfo")).get("subversion")
        if not isinstance(name, str):
            raise ChainError("The node's answer about itself cannot be read.")
        return clean_text(name, 60).strip("/")

    def tip(self) -> Tip:
        """The node's newest block."""
        peer = self.rpc.peer
        info = peer.mapping(self.rpc.call("getblockchaininfo"))
        return Tip(peer.count(info.get("blocks")), peer.hash(info.get("bestblockhash")))

    def coins(self, wallet: Wallet) -> list[Coin]:
        """The wallet's coins, by our own account of them, or else by the node's."""
        if self._account is not None:
            return self._account.coins()
        return node_coins.list_coins(self.rpc, wallet)

    def totals(self) -> tuple[int, int]:
        """Satoshis in blocks: of our own account, and of the whole chain. ChainError without an account."""
        if self._account is None:
            raise ChainError("There is no account of the wallet's coins on this chain.")
        told = self.rpc.peer.mapping(self.rpc.call("gettxoutsetinfo", timeout=120))
        return self._account.total(), satoshis(told.get("total_amount"))

    def fee_rate(self) -> int:
        """The highest rate that the node names."""
        return node_coins.fee_rate(self.rpc, self.network)

    def script_limit(self) -> int | None:
        """The node's own limit (maxscriptsizepolicy) on a network where coins are earned, not made."""
        if self.network.may_mine:
            return None
        try:
            settings = self.rpc.peer.mapping(self.rpc.call("getsettings"))
        except RpcError as error:
            if error.code != METHOD_NOT_FOUND:
                raise
            return None
        limit = settings.get("maxscriptsizepolicy")
        # Zero is a node's word for no limit.
        return limit if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0 else None

    def send(self, raw: bytes, spent: Sequence[TxOutput] = ()) -> Sent:
        """Give the transaction to the node, which knows the outputs it spends by itself."""
        self._note(raw)
        sent = node_transactions.send(self.rpc, raw, seconds=self.send_seconds)
        self._let_go(sent)
        return sent

    def send_all(self, raws: Sequence[bytes]) -> list[Sent]:
        """Give several transactions to the node at once: `send` for each of them, in this order."""
        for raw in raws:
            self._note(raw)
        seconds = self.send_seconds + len(raws)
        answers = node_transactions.send_all(self.rpc, raws, seconds=seconds)
        for sent in answers:
            self._let_go(sent)
        return answers

    def _note(self, raw: bytes) -> None:
        if self._account is not None:
            self._account.note(hash_to_hex_str(double_sha256(raw)), Tx.from_bytes(raw))

    def _let_go(self, sent: Sent) -> None:
        # One that was taken before and is refused now would hold its coins in the node's wallet.
        if not sent.accepted:
            with contextlib.suppress(RpcError):
                self.rpc.call("abandontransaction", sent.txid)

    def find(self, txid: str) -> Found | None:
        """What the node knows of the transaction."""
        return node_transactions.find_transaction(self.rpc, txid)

    def stands(self, block_hash: str) -> bool:
        """Whether the node knows the block as one of its chain."""
        return node_transactions.stands(self.rpc, block_hash)

    def is_unspent(self, txid: str, index: int) -> bool:
        """Whether the node knows the output as unspent."""
        return node_transactions.is_unspent(self.rpc, txid, index)

    def spender(self, txid: str, index: int, since: int) -> str | None:
        """By the node's unconfirmed transactions and its blocks, on a private chain only."""
        return spenders.find_spender(self.rpc, self.network, (txid, index), since)

    def transactions_in(self, block_hash: str) -> tuple[int, list[str]]:
        """The height of a block, and the txids of what it holds."""
        return node_transactions.transactions_in(self.rpc, block_hash)

    def block_proof(self, txid: str, block_hash: str) -> BlockProof:
        """By `gettxoutproof`, which every node answers for a given block."""
        answer = self.rpc.call("gettxoutproof", [txid], block_hash)
        try:
            raw = bytes.fromhex(answer)
        except (TypeError, ValueError):
            raise ChainError(f"The node's proof of transaction {txid} cannot be read.") from None
        header, index, branch = merkle_branch(raw, hex_str_to_hash(txid))
        if hash_to_hex_str(double_sha256(header)) != block_hash:
            raise ChainError(f"The node's proof of transaction {txid} is for another block.")
        about = self.rpc.peer.mapping(self.rpc.call("getblockheader", block_hash))
        return BlockProof(header, self.rpc.peer.count(about.get("height")), index, branch)

    def header(self, height: int) -> bytes | None:
        """By `getblockhash` and `getblockheader`."""
        try:
            block_hash = self.rpc.peer.hash(self.rpc.call("getblockhash", height))
        except RpcError as error:
            if error.code != _OUT_OF_RANGE:
                raise
            return None
        answer = self.rpc.call("getblockheader", block_hash, False)
        try:
            header = bytes.fromhex(answer)
        except (TypeError, ValueError):
            header = b""
        if hash_to_hex_str(double_sha256(header)) != block_hash:
            raise ChainError(f"The node's header of block {block_hash} is another one's.")
        return header

    def mine(self, address: str, count: int) -> list[str]:
        """Mine on a private chain."""
        return mining.mine(self.rpc, address, count)


def network_of(rpc: Rpc) -> Network:
    """The network that a node reports; a raised regtest node looks the same as a plain one."""
    answer = rpc.call("getblockchaininfo")
    chain = answer.get("chain") if isinstance(answer, dict) else None
    for network in NETWORKS.values():
        if network.chain == chain:
            return network
    raise ChainError(
        f"The node is on a network that Inkproof does not know: {clean_text(str(chain), 40)}.",
        hint="Use a node on regtest, testnet or mainnet.",
    )
