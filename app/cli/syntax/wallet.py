"""`wallet`."""

from __future__ import annotations

import argparse

from app.cli.arguments import network_options, node_options
from app.cli.syntax.base import Commands, command, later


def add_wallet(commands: Commands[argparse.ArgumentParser]) -> None:
    """The wallet's actions."""
    wallet = commands.add_parser(
        "wallet", help="the wallet: address, balance, export, import, sweep, encrypt, decrypt"
    )
    actions = wallet.add_subparsers(title="actions", metavar="ACTION", required=True)
    network, chain = network_options(), node_options()
    command(
        actions,
        "address",
        "show where to send coins to",
        "On a terminal with a QR code. Each network has a wallet of its own.",
        later("wallet", "address"),
        [network],
    )
    command(
        actions,
        "balance",
        "show what the wallet holds",
        "In satoshis; a hundred million are one BSV.",
        later("wallet", "balance"),
        [chain],
    )
    sweep = command(
        actions,
        "sweep",
        "send all coins to another wallet",
        "Shows amount and fee, and asks first (not on the private chain). What deployed contracts hold\n"
        "comes back with a verification only.",
        later("wallet", "sweep"),
        [chain],
    )
    sweep.add_argument("address", metavar="ADDRESS", help="where the coins go")
    _add_key_actions(actions)


def _add_key_actions(actions: Commands[argparse.ArgumentParser]) -> None:
    """What concerns the key: it is shown, replaced, encrypted."""
    network = network_options()
    export = command(
        actions,
        "export",
        "show the key, in wallet import format",
        "Whoever has it has the coins. Asks first.",
        later("wallet", "export"),
        [network],
    )
    export.add_argument("--reveal", action="store_true", help="do not ask (needed with --json)")
    command(
        actions,
        "import",
        "use another key from now on",
        "The key (wallet import format) is asked for, or read as one line where there is no terminal; it is\n"
        "never an option. The key before is kept beside it.",
        later("wallet", "import_key"),
        [network],
    )
    for name, summary, detail in (
        (
            "encrypt",
            "encrypt the key file with a passphrase",
            "It is asked for by every command that uses the chain or the key, or read from the file\n"
            "(mode 0600) that INKPROOF_PASSPHRASE_FILE names. If it is lost, so are the coins.",
        ),
        ("decrypt", "store the key without encryption again", "The file stays readable by you alone."),
    ):
        command(actions, name, summary, detail, later("wallet", name), [network])
