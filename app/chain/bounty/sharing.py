"""How one person tells another of a bounty: a line of text that names network and outpoint."""

from __future__ import annotations

import re

from app.chain.networks import Network
from app.errors import ChainError
from app.text import clean_text

__all__ = ["outpoint_in", "share_text"]

_PREFIX = "inkproof-bounty"
_SHAPE = re.compile(
    rf"(?:{_PREFIX}:(?P<network>[a-z-]{{1,20}}):)?(?P<txid>[0-9a-f]{{64}}):(?P<index>[0-9]{{1,6}})"
)


def share_text(network: Network, txid: str, index: int) -> str:
    """The line that names a bounty by the output that it began with."""
    return f"{_PREFIX}:{network.chain}:{txid}:{index}"


def outpoint_in(text: str, network: Network) -> tuple[str, int]:
    """Txid and index in such a line, or in TXID:VOUT. ChainError for anything else, or another network's."""
    found = _SHAPE.fullmatch(text.strip().lower())
    if found is None:
        raise ChainError(
            f"{clean_text(text, 90)!r} names no bounty.",
            hint="Give the line that `inkproof bounty list` shows, or TXID:VOUT.",
        )
    if found["network"] not in (None, network.chain):
        raise ChainError(
            f"That bounty is on the network {found['network']!r}, and this is {network.name}.",
            hint="Choose its network with --network, or a node on it with --rpc-url.",
        )
    return found["txid"], int(found["index"])
