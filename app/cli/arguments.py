"""Options that several commands share, and the type of whole numbers in bounds."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from app import models

__all__ = ["MOST_SATOSHIS", "kind_option", "model_option", "network_options", "node_options", "whole_number"]

MOST_SATOSHIS = 21_000_000 * 100_000_000
_NETWORKS = ("regtest", "testnet", "mainnet")


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """The type of an option that takes a whole number in these bounds."""

    def read(text: str) -> int:
        # Python's int() also accepts signs, blanks and underscores, and refuses very many digits.
        if text.isascii() and text.isdigit() and len(text) <= 20 and lowest <= int(text) <= highest:
            return int(text)
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from {lowest} to {highest}")

    return read


def node_options() -> argparse.ArgumentParser:
    """Which chain to use, and how coins of it may be spent."""
    parent = argparse.ArgumentParser(add_help=False)
    group = parent.add_argument_group(
        "chain",
        "By default Inkproof runs a Bitcoin SV node of its own on a private chain (regtest). Testnet and "
        "mainnet are reached through public services. Credentials for a node of yours come from "
        "INKPROOF_RPC_USER and INKPROOF_RPC_PASSWORD, from its cookie file (INKPROOF_RPC_COOKIE), or are "
        "asked for.",
    )
    _add_network_option(group)
    group.add_argument(
        "--rpc-url",
        metavar="URL",
        default=os.environ.get("INKPROOF_RPC_URL"),
        help="use this node's JSON-RPC (default: INKPROOF_RPC_URL)",
    )
    group.add_argument("--rpc-user", metavar="NAME", help="its RPC user (default: INKPROOF_RPC_USER)")
    group.add_argument("--rpc-cookie", metavar="FILE", type=Path, help="its cookie file")
    group.add_argument("--keep-node", action="store_true", help="leave the embedded node running afterwards")
    group.add_argument("--yes", action="store_true", help="spend real coins (mainnet) without asking")
    group.add_argument(
        "--daily-limit",
        type=whole_number(0, MOST_SATOSHIS),
        metavar="SATOSHIS",
        help="most real coins to spend in 24 hours (default: INKPROOF_DAILY_LIMIT or 100000)",
    )
    return parent


def _add_network_option(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--network",
        choices=_NETWORKS,
        default=os.environ.get("INKPROOF_NETWORK"),
        help="regtest (default), testnet or mainnet (default: INKPROOF_NETWORK)",
    )


def network_options() -> argparse.ArgumentParser:
    """Which network, for commands that need no chain."""
    parent = argparse.ArgumentParser(add_help=False)
    _add_network_option(parent)
    return parent


def kind_option() -> argparse.ArgumentParser:
    """The form of the contract."""
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(
        "--kind",
        choices=["packed", "unrolled"],
        default="packed",
        help="form of the contract: packed (default policy) or unrolled (the literal arithmetic; needs a "
        "node with a raised script-size policy, which Inkproof then runs)",
    )
    return parent


def model_option(default: str | None = models.DEFAULT) -> argparse.ArgumentParser:
    """The neural network; `default` None where it matters whether one was named."""
    parent = argparse.ArgumentParser(add_help=False)
    chosen = parent.add_argument(
        "--model",
        metavar="NAME",
        default=default,
        help="the neural network: "
        + "; ".join(f"{model.name} ({model.summary})" for model in models.MODELS.values())
        + "; or one of your own (`inkproof models`), or a model file, which is imported",
    )
    chosen.completer = lambda **_: list(models.available())  # type: ignore[attr-defined]  # for argcomplete
    return parent
