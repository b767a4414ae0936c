"""Parsed options converted to arguments of the other packages, and questions asked on the terminal."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import TypedDict

from rich.text import Text

from app import models
from app.chain.backends.rpc import Rpc
from app.chain.connection import NodeChoice
from app.chain.ledger.spending import daily_limit
from app.chain.networks import network_named
from app.chain.service import Approve
from app.chain.wallet.key import Wallet
from app.chain.wallet.passphrase import from_file
from app.cli.output import err, paused
from app.errors import ChainError, ModelError, WalletError
from app.models import Model
from app.script import Kind

_COOKIE_LIMIT = 4096


def kind_of(options: argparse.Namespace) -> Kind:
    """The form of the contract. ModelError if the chosen model has none of that form."""
    model = model_of(options)
    if options.kind not in model.kinds:
        raise ModelError(
            f"The model {model.name!r} has no {options.kind} contract.",
            hint=f"Leave --kind out: it comes {' and '.join(model.kinds)}.",
        )
    return Kind(options.kind)


def model_of(options: argparse.Namespace) -> Model:
    """The chosen model; commands without the choice take the default."""
    return models.named(getattr(options, "model", None) or models.DEFAULT)


def data_set(options: argparse.Namespace) -> Path | None:
    """MNIST's file: the one named, else INKPROOF_MNIST; None where it has to be downloaded."""
    named = options.data or os.environ.get("INKPROOF_MNIST")
    return Path(named) if named else None


def node_choice(options: argparse.Namespace) -> NodeChoice:
    """The chain to use. A password is never an option: command lines are public on the machine.

    ChainError for an invalid address or network, before anything is started or asked for.
    """
    if options.network:
        network_named(options.network)
    if not options.rpc_url:
        return NodeChoice(keep_node=options.keep_node, network=options.network, passphrase=ask_passphrase)
    Rpc(options.rpc_url, "", "")
    user, password = _credentials(options)
    return NodeChoice(options.rpc_url, user, password, network=options.network, passphrase=ask_passphrase)


def _credentials(options: argparse.Namespace) -> tuple[str, str]:
    """From the cookie file, or the environment; a password that is in neither is asked for."""
    cookie = options.rpc_cookie or os.environ.get("INKPROOF_RPC_COOKIE")
    if cookie:
        return _cookie(Path(cookie))
    user = options.rpc_user or os.environ.get("INKPROOF_RPC_USER", "")
    password = os.environ.get("INKPROOF_RPC_PASSWORD")
    if password is None and sys.stdin.isatty():
        user = user or _typed("RPC user name: ")
        password = secret(f"RPC password of {user}: ")
    return user, password or ""


def _cookie(path: Path) -> tuple[str, str]:
    try:
        with path.open(encoding="ascii") as file:
            user, colon, password = file.read(_COOKIE_LIMIT).strip().partition(":")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "It is not plain text"
        raise ChainError(f"The cookie file {path} cannot be read.", why=f"{why}.") from error
    if not colon:
        raise ChainError(f"{path} is not a node's cookie file.", hint="It holds one line: name:password.")
    return user, password


class SpendingOptions(TypedDict):
    """What `open_service` takes about coins that cost money."""

    approve: Approve
    limit: int


def spending(options: argparse.Namespace) -> SpendingOptions:
    """How to ask before real coins are spent, and how many satoshis may be spent in a day."""
    return {"approve": approval(options), "limit": daily_limit(options.daily_limit)}


def approval(options: argparse.Namespace) -> Approve:
    """How to ask before real coins are spent: not at all with --yes; without a terminal the answer is no."""

    def ask(satoshis: int, purpose: str) -> bool:
        with paused():
            err.print(f"This costs {satoshis:,} satoshis of real coins, to {purpose}.")
        return options.yes or confirmed("Spend them?")

    return ask


def warn_of(wallet: Wallet) -> None:
    """Print the notice about the wallet's file, if there is one."""
    if wallet.notice:
        with paused():
            err.print(Text(wallet.notice, style="yellow"))


def confirmed(question: str) -> bool:
    """Ask for a yes. Without a terminal the answer is no."""
    if not sys.stdin.isatty():
        return False
    with paused():
        return _typed(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def ask_passphrase() -> str:
    """The wallet's passphrase: from the file that the environment names, or else typed unseen."""
    if os.environ.get("INKPROOF_PASSPHRASE_FILE") or not sys.stdin.isatty():
        return from_file()
    return secret("Passphrase of the wallet: ")


def new_passphrase() -> str:
    """A passphrase for the first time: typed twice, unless a file holds it."""
    if os.environ.get("INKPROOF_PASSPHRASE_FILE"):
        return from_file()
    if not sys.stdin.isatty():
        raise WalletError(
            "There is no terminal to ask for a new passphrase.",
            hint="Name a file that holds it in INKPROOF_PASSPHRASE_FILE (mode 0600), or use a terminal.",
        )
    first = secret("New passphrase: ")
    if first != secret("The same once more: "):
        raise WalletError("The two passphrases differ.", hint="Nothing was changed.")
    return first


def secret(prompt: str) -> str:
    """Text typed on the terminal without being shown; empty at the end of input."""
    with paused():
        try:
            return getpass.getpass(prompt)
        except EOFError:
            return ""


def _typed(prompt: str) -> str:
    # On standard error: standard output is for results.
    err.print(Text(prompt), end="")
    try:
        return input()
    except EOFError:
        return ""
