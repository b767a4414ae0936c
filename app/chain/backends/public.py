"""Testnet and mainnet without a local node: WhatsOnChain to look, an ARC to send."""

from __future__ import annotations

import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from bitcoinx import Tx, TxOutput, double_sha256, hash_to_hex_str, hex_str_to_hash

from app.chain.backends.arc import Arc, Policy
from app.chain.backends.base import BlockProof, Found, Refusal, Sent, Tip, checked_fee_rate
from app.chain.backends.extended import extended
from app.chain.backends.services import Services
from app.chain.backends.whatsonchain import WhatsOnChain
from app.chain.networks import Network
from app.chain.wallet.coins import Coin
from app.chain.wallet.key import Wallet
from app.errors import ChainError

__all__ = ["PublicBackend"]

Outpoint = tuple[str, int]


class PublicBackend:
    """The `Backend` of a public network.

    An explorer learns of a transaction some seconds after the network does. So this remembers what it has
    sent itself: its outputs are there, and what it spent is not, whatever the explorer still says. The same
    goes for coins that the network has called spent.
    """

    def __init__(self, network: Network, services: Services) -> None:
        self.network = network
        self._services = services
        self._explorer = WhatsOnChain(network, services)
        self._arc = Arc(network, services)
        self._policy: tuple[float, Policy] | None = None
        self._sent: dict[str, Tx] = {}
        self._gone: set[Outpoint] = set()

    def name(self) -> str:
        """The two services, by their hosts."""
        hosts = [urlsplit(url).hostname or "" for url in (self._services.woc_url, self._services.arc_url)]
        return f"WhatsOnChain ({hosts[0]}) and ARC ({hosts[1]})"

    def tip(self) -> Tip:
        """The explorer's newest block."""
        return self._explorer.tip()

    def coins(self, wallet: Wallet) -> list[Coin]:
        """The wallet's coins: those the explorer lists, and the change of what was sent a moment ago."""
        known = {(coin.txid, coin.index): coin for coin in self._explorer.coins(wallet.address)}
        for txid, tx in self._sent.items():
            for index, output in enumerate(tx.outputs):
                if output.script_pubkey == wallet.locking_script:
                    known.setdefault((txid, index), Coin(txid, index, output.value, 0))
        coins = [coin for outpoint, coin in known.items() if outpoint not in self._gone]
        return sorted(coins, key=lambda coin: (-coin.confirmations, coin.txid, coin.index))

    def fee_rate(self) -> int:
        """The rate of ARC's policy, checked against the network's ceiling."""
        return checked_fee_rate(self._current_policy().rate, self.network, "ARC")

    def script_limit(self) -> int | None:
        """The longest script that this ARC lets through, in bytes; None if any length is."""
        return self._current_policy().max_script

    def send(self, raw: bytes, spent: Sequence[TxOutput] = ()) -> Sent:
        """Send by ARC, in Extended Format where the spent outputs are given, or ARC cannot do without."""
        txid, tx = hash_to_hex_str(double_sha256(raw)), Tx.from_bytes(raw)
        sent = self._arc.submit(extended(raw, spent) if spent else raw, txid)
        if sent.refusal is Refusal.UNKNOWN_PARENT and (looked_up := self._outputs_spent(tx)):
            sent = self._arc.submit(extended(raw, looked_up), txid)
        if sent.refusal in (Refusal.MISSING_INPUTS, Refusal.CONFLICT) and self._is_taken(txid):
            sent = Sent(True, txid)  # what spends its inputs is the transaction itself, sent before
        if sent.accepted:
            self._sent[txid] = tx
        if sent.accepted or sent.refusal in (Refusal.MISSING_INPUTS, Refusal.CONFLICT):
            self._gone |= {(hash_to_hex_str(source.prev_hash), source.prev_idx) for source in tx.inputs}
        return sent

    def find(self, txid: str) -> Found | None:
        """What the explorer knows of a transaction, or else ARC (then without its bytes)."""
        place = self._explorer.place(txid)
        if place is None:
            mine = self._sent.get(txid)
            if mine is not None:
                return Found(mine.to_bytes(), None, None)
            return Found(b"", None, None) if self._arc.taken(txid) else None
        raw = self._explorer.raw(txid)
        if raw is None:
            return Found(b"", *place)
        if hash_to_hex_str(double_sha256(raw)) != txid:
            raise ChainError(
                f"The explorer sent another transaction than {txid}.",
                hint="Do not trust this explorer; name another one in INKPROOF_WOC_URL.",
            )
        return Found(raw, *place)

    def stands(self, block_hash: str) -> bool:
        """Whether the explorer shows the block as one of the chain."""
        return self._explorer.stands(block_hash)

    def is_unspent(self, txid: str, index: int) -> bool:
        """Whether a known output is unspent: the explorer answers "unknown" to either question alike."""
        if (txid, index) in self._gone or self._explorer.spender(txid, index) is not None:
            return False
        return self._is_known(txid)

    def spender(self, txid: str, index: int, since: int) -> str | None:
        """What was sent from here itself, or else what the explorer names; `since` does not matter."""
        for ours, tx in self._sent.items():
            if any((hash_to_hex_str(one.prev_hash), one.prev_idx) == (txid, index) for one in tx.inputs):
                return ours
        return self._explorer.spender(txid, index)

    def block_proof(self, txid: str, block_hash: str) -> BlockProof:
        """The explorer's Merkle branch and header; the branch must lead to the header's root."""
        branch, header = self._explorer.branch(txid, block_hash), self._explorer.header(block_hash)
        if branch is None or header is None:
            raise ChainError(
                f"The explorer has no Merkle path of transaction {txid}.", hint="Try again in some minutes."
            )
        proof = BlockProof(header[0], header[1], *branch)
        if proof.root(hex_str_to_hash(txid)) != proof.header[36:68]:
            raise ChainError(
                f"The explorer's Merkle path of transaction {txid} does not lead to its block.",
                hint="Do not trust this explorer; name another one in INKPROOF_WOC_URL.",
            )
        return proof

    def header(self, height: int) -> bytes | None:
        """The explorer's header of the block at a height."""
        found = self._explorer.header(height)
        return None if found is None else found[0]

    def mine(self, address: str, count: int) -> list[str]:
        """Nobody mines at will on a public network."""
        raise ChainError(
            "Blocks can be mined at will on a private chain only.", hint="Wait for the network's next block."
        )

    def _outputs_spent(self, tx: Tx) -> list[TxOutput]:
        """What a transaction of ours spends, in the order of its inputs; empty unless all of it is found."""
        outputs = []
        for source in tx.inputs:
            parent = self.find(hash_to_hex_str(source.prev_hash))
            if parent is None or not parent.raw:
                return []
            outputs.append(Tx.from_bytes(parent.raw).outputs[source.prev_idx])
        return outputs

    def _is_known(self, txid: str) -> bool:
        return txid in self._sent or self._explorer.place(txid) is not None or self._arc.knows(txid)

    def _is_taken(self, txid: str) -> bool:
        return self._explorer.place(txid) is not None or self._arc.taken(txid)

    def _current_policy(self) -> Policy:
        now = time.monotonic()
        if self._policy is None or now - self._policy[0] > self._services.patience.policy:
            self._policy = (now, self._arc.policy())
        return self._policy[1]
