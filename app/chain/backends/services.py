"""The addresses of a public network's services, and their credentials."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from app.chain.backends.http import check_address
from app.chain.networks import Network
from app.errors import ChainError
from app.text import clean_text

__all__ = ["Patience", "Services", "services_of"]

_LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Patience:
    """How long services are waited for, and how much they may say. Times are in seconds, sizes in bytes.

    `answer`: for each question; `wait`: what ARC is asked to wait for the network (it allows 30); `looks` at
    a transaction's status, `between` them; `again`: before an explorer that wants fewer questions is asked
    once more; `policy`: as long as ARC's policy is taken for unchanged; `largest`: an answer in JSON.
    """

    answer: float = 30.0
    wait: int = 25
    looks: int = 8
    between: float = 2.0
    again: float = 1.1
    policy: float = 60.0
    largest: int = 8 * 1024 * 1024


@dataclass(frozen=True)
class Services:
    """The public services to use on one network. `pace`: seconds between two questions to the explorer."""

    woc_url: str
    arc_url: str
    arc_token: str = field(default="", repr=False)
    pace: float = 0.0
    patience: Patience = Patience()


def services_of(network: Network) -> Services:
    """The services of a public network; INKPROOF_WOC_URL, INKPROOF_ARC_URL and INKPROOF_ARC_TOKEN go before.

    ChainError where the network has none, or an address is not one.
    """
    woc_url = os.environ.get("INKPROOF_WOC_URL") or network.woc_url
    arc_url = os.environ.get("INKPROOF_ARC_URL") or network.arc_url
    token = os.environ.get("INKPROOF_ARC_TOKEN", "")
    for url in (woc_url, arc_url):
        _check_address(url, network)
    if not token.isprintable() or not token.isascii():
        raise ChainError("INKPROOF_ARC_TOKEN is not a token.", why="It holds more than printable ASCII.")
    # Without a key WhatsOnChain answers three questions a second.
    pace = 0.35 if woc_url == network.woc_url else 0.0
    return Services(woc_url.rstrip("/"), arc_url.rstrip("/"), token, pace)


def _check_address(url: str, network: Network) -> None:
    parts = check_address(
        url,
        f"the address of a public service for {network.name}",
        credentials="Put an ARC's key into INKPROOF_ARC_TOKEN.",
        hint="Set INKPROOF_WOC_URL and INKPROOF_ARC_URL to https:// addresses, or leave them unset.",
    )
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise ChainError(
            f"{clean_text(url, 80)!r} is not a safe address for a public service.",
            why="What is asked and answered there could be read and changed on the way.",
            hint="Use https.",
        )
