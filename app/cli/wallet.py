"""`wallet`: the address, the balance, the key, and the coins out."""

from __future__ import annotations

import argparse
import io
import sys
from typing import Any

from rich.text import Text

from app import paths
from app.chain.backends.rpc import COIN
from app.chain.connection import Connection, connect
from app.chain.ledger.store import Ledger
from app.chain.networks import Network, network_named
from app.chain.service import ledger_path
from app.chain.sweep import Sweep, plan_sweep, recipient, send_sweep
from app.chain.wallet import key as wallets
from app.chain.wallet.coins import Coin
from app.chain.wallet.key import Wallet
from app.chain.wallet.qr import qr_code
from app.cli import OK
from app.cli.options import ask_passphrase, confirmed, new_passphrase, node_choice, secret, warn_of
from app.cli.output import err, out, print_json, reporting
from app.errors import WalletError
from app.script import Kind

_KEY_LIMIT = 200


def address(options: argparse.Namespace) -> int:
    """Where to send coins to."""
    network = _network(options)
    text = wallets.public_address(paths.home(), network)
    if options.json:
        locked = wallets.is_encrypted(paths.home(), network)
        print_json({"network": network.name, "address": text, "encrypted": locked})
        return OK
    out.print(text)
    if out.is_terminal and out.can_show("█▀▄"):
        # Black on white whatever the terminal's colours: cameras expect that.
        out.print(Text(_half_blocks(text), style="bright_white on black"))
    return OK


def _half_blocks(text: str) -> str:
    """A QR code as lines of half blocks: light modules are drawn, dark ones left out."""
    drawn = io.StringIO()
    qr_code(text).terminal(out=drawn, compact=True, border=2)
    return drawn.getvalue().rstrip("\n")


def balance(options: argparse.Namespace) -> int:
    """Print the wallet's satoshis and coins, and what deployed contracts hold."""
    with reporting(options) as report, connect(node_choice(options), Kind.PACKED, report) as connection:
        warn_of(connection.wallet)
        report("Asking for the wallet's coins")
        coins = connection.backend.coins(connection.wallet)
        network = connection.network.name
        where = connection.wallet.address
        held = _in_contracts(connection)
    total = sum(coin.value for coin in coins)
    waiting = sum(coin.value for coin in coins if not coin.confirmations)
    if options.json:
        facts: dict[str, Any] = {"network": network, "address": where, "satoshis": total}
        print_json(facts | {"coins": len(coins), "unconfirmed": waiting, "in_contracts": held})
        return OK
    out.print(f"{total:,} satoshis ({_in_bsv(total)} BSV) in {len(coins):,} coins on {network}")
    if waiting:
        out.print(f"{waiting:,} of them wait for their first block")
    if held:
        out.print(f"{held:,} more are held by deployed contracts, and come back with a verification")
    return OK


def export(options: argparse.Namespace) -> int:
    """Show the key."""
    network = _network(options)
    if options.json and not options.reveal:
        raise WalletError("The key is not put into JSON by itself.", hint="Logs keep it: ask with --reveal.")
    if not options.reveal:
        err.print("Whoever sees this key can take the coins.")
        if not confirmed("Show it?"):
            raise WalletError("The key was not shown.", hint="Answer yes, or give --reveal.")
    wallet = Wallet.load_or_create(paths.home(), network, ask_passphrase)
    wif = wallet.key.to_WIF(network=network.keys)
    if options.json:
        print_json({"network": network.name, "address": wallet.address, "wif": wif})
    else:
        out.print(wif)
    return OK


def import_key(options: argparse.Namespace) -> int:
    """Use another key."""
    network = _network(options)
    terminal = sys.stdin.isatty()
    typed = secret("Key in wallet import format: ") if terminal else sys.stdin.readline(_KEY_LIMIT)
    wallet, kept = wallets.import_key(paths.home(), network, typed, ask_passphrase)
    if options.json:
        print_json({"network": network.name, "address": wallet.address, "kept": str(kept)})
        return OK
    out.print(f"The wallet on {network.name} is now {wallet.address}.")
    out.print(Text(f"The key before is kept in {kept}: its coins and its deployed contracts need it."))
    return OK


def encrypt(options: argparse.Namespace) -> int:
    """Encrypt the key file with a passphrase."""
    network = _network(options)
    if wallets.is_encrypted(paths.home(), network):
        raise WalletError(
            "The wallet is encrypted already.", hint="To change the passphrase, decrypt it first."
        )
    wallet = wallets.encrypt(paths.home(), network, new_passphrase())
    _tell(
        options,
        wallet,
        True,
        "The key is encrypted. Without the passphrase nobody, you included, can use it.",
    )
    return OK


def decrypt(options: argparse.Namespace) -> int:
    """Take the encryption off."""
    wallet = wallets.decrypt(paths.home(), _network(options), ask_passphrase)
    _tell(options, wallet, False, "The key is stored without encryption; its file is for you alone to read.")
    return OK


def sweep(options: argparse.Namespace) -> int:
    """Send all coins to another wallet."""
    with reporting(options) as report, connect(node_choice(options), Kind.PACKED, report) as connection:
        backend, wallet, network = connection.backend, connection.wallet, connection.network
        warn_of(wallet)
        script = recipient(options.address, wallet)
        report("Asking for the wallet's coins")
        coins = backend.coins(wallet)
        plan = plan_sweep(coins, script, wallet, backend.fee_rate())
        held = _in_contracts(connection)
        if not options.json or not network.may_mine:
            err.print(_announcement(coins, plan, options.address, network))
        if not network.may_mine and not options.yes and not confirmed("Send them?"):
            raise WalletError("Nothing was sent.", hint="Answer yes, or give --yes.")
        txids = send_sweep(backend, wallet, plan)
    if options.json:
        facts = {"network": network.name, "address": options.address, "txids": txids}
        print_json(
            facts | {"satoshis": plan.amount, "fee": plan.fee, "coins_left": plan.left, "in_contracts": held}
        )
        return OK
    for txid in txids:
        out.print(f"sent: {network.tx_link(txid) or txid}")
    if held:
        out.print(f"{held:,} satoshis are left in deployed contracts; each comes back with a verification.")
    return OK


def _announcement(coins: list[Coin], plan: Sweep, target: str, network: Network) -> str:
    which = f"all of {len(coins):,} coins"
    left = ""
    if plan.left:
        which = f"{len(coins) - plan.left:,} of {len(coins):,} coins"
        left = f" The coins that are left ({plan.left:,}) are not worth the fee of sending them."
    return (
        f"{plan.amount:,} satoshis ({_in_bsv(plan.amount)} BSV), {which} on {network.name}, "
        f"go to {target.strip()}; the fee is {plan.fee:,} satoshis.{left}"
    )


def _network(options: argparse.Namespace) -> Network:
    return network_named(options.network or "regtest")


def _in_contracts(connection: Connection) -> int:
    """Satoshis in contracts that are deployed and not spent yet."""
    with Ledger(ledger_path()) as ledger:
        owner = connection.wallet.pubkeyhash.hex()
        deployed = ledger.open_deployments(connection.chain_id)
        return sum(deployment.value for deployment in deployed if deployment.owner == owner)


def _in_bsv(satoshis: int) -> str:
    return f"{satoshis // COIN}.{satoshis % COIN:08d}"


def _tell(options: argparse.Namespace, wallet: Wallet, encrypted: bool, words: str) -> None:
    if options.json:
        facts = {"network": wallet.network.name, "address": wallet.address, "encrypted": encrypted}
        print_json(facts)
    else:
        out.print(words)
