"""From parsed options to what the rooms take."""

from __future__ import annotations

import argparse
import os
import sys

from app.chain.connection import NodeChoice
from app.chain.service import Approve
from app.cli.output import err
from app.errors import ChainError
from app.script import Kind

_COOKIE_LIMIT = 4096


def kind_of(options: argparse.Namespace) -> Kind:
    """The form of the contract."""
    return Kind(options.kind)


def node_choice(options: argparse.Namespace) -> NodeChoice:
    """The node to use. A password is never an option: command lines are public on the machine."""
    if not options.rpc_url:
        return NodeChoice(keep_node=options.keep_node)
    user, password = options.rpc_user or os.environ.get("INKPROOF_RPC_USER", ""), ""
    if options.rpc_cookie:
        user, password = _cookie(options)
    else:
        password = os.environ.get("INKPROOF_RPC_PASSWORD", "")
    return NodeChoice(options.rpc_url, user, password)


def _cookie(options: argparse.Namespace) -> tuple[str, str]:
    try:
        with options.rpc_cookie.open(encoding="ascii") as file:
            user, colon, password = file.read(_COOKIE_LIMIT).strip().partition(":")
    except (OSError, ValueError) as error:
        raise ChainError(f"The cookie file {options.rpc_cookie} cannot be read.", why=f"{error}.") from error
    if not colon:
        raise ChainError(
            f"{options.rpc_cookie} is not a node's cookie file.", hint="It holds one line: name:password."
        )
    return user, password


def approval(options: argparse.Namespace) -> Approve:
    """How to ask before real coins are spent: with --yes, not at all; off a terminal, the answer is no."""

    def ask(satoshis: int, purpose: str) -> bool:
        err.print(f"This costs {satoshis:,} satoshis of real coins, to {purpose}.")
        if options.yes:
            return True
        if not sys.stdin.isatty():
            return False
        return input("Spend them? [y/N] ").strip().lower() in ("y", "yes")

    return ask
