"""Which chain to use, and the way to it: the embedded node, any other by JSON-RPC, or public services."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.chain.backends import node_coins
from app.chain.backends.account import Account
from app.chain.backends.base import Backend
from app.chain.backends.mining import wake
from app.chain.backends.node import NodeBackend, network_of
from app.chain.backends.public import PublicBackend
from app.chain.backends.rpc import Rpc
from app.chain.backends.services import services_of
from app.chain.ledger.coinstore import CoinStore
from app.chain.networks import REGTEST, REGTEST_RAISED, Network, network_named
from app.chain.node.process import EmbeddedNode
from app.chain.wallet.key import Wallet
from app.chain.wallet.passphrase import Passphrase, from_file
from app.errors import ChainError, NoWalletError
from app.paths import home
from app.progress import Progress
from app.script import Kind


@dataclass(frozen=True)
class NodeChoice:
    """The person's choice: the node at `rpc_url`, or else the `network` (regtest, testnet or mainnet).

    Regtest is the embedded node, which `keep_node` leaves running; the others are reached through public
    services. With `rpc_url`, a `network` that is named is what that node must be on. `passphrase` is asked
    where the wallet's key is encrypted.
    """

    rpc_url: str | None = None
    rpc_user: str = ""
    rpc_password: str = ""
    keep_node: bool = False
    network: str | None = None
    passphrase: Passphrase = field(default=from_file, compare=False, repr=False)


@dataclass(frozen=True)
class Connection:
    """A way to a chain that answers, its network, and our wallet there.

    `chain_id` tells chains of one network apart: every private chain is its own, named by its first block.
    """

    backend: Backend
    network: Network
    wallet: Wallet
    chain_id: str

    @property
    def node(self) -> NodeBackend:
        """The node. ChainError where public services answer instead of one."""
        if not isinstance(self.backend, NodeBackend):
            raise ChainError(
                f"There is no node of your own on {self.network.name}.",
                why="Public services answer there.",
                hint="Name a node with --rpc-url.",
            )
        return self.backend

    @property
    def rpc(self) -> Rpc:
        """The node's own JSON-RPC. ChainError where public services answer instead of a node."""
        return self.node.rpc


def profile_for(kind: Kind, raised: bool = False) -> str:
    """The embedded node for a contract: default policy, or a raised one where the script is too big."""
    return REGTEST.name if kind is Kind.PACKED and not raised else REGTEST_RAISED.name


@contextlib.contextmanager
def connect(
    choice: NodeChoice, kind: Kind, progress: Progress, *, raised: bool = False, watch: bool = True
) -> Iterator[Connection]:
    """Reach the chain; the embedded node is started if need be and stopped by its last user.

    `raised`: a packed contract that is too big for a default policy. `watch`: whether the user's own node
    shall watch our address: without that, or an index of transactions, it does not find ours in its blocks.
    """
    if choice.rpc_url:
        rpc = Rpc(choice.rpc_url, choice.rpc_user, choice.rpc_password)
        with _node_connection(rpc, _agreed(network_of(rpc), choice), choice, watch) as connection:
            yield connection
        return
    if choice.network not in (None, REGTEST.name):
        yield _public(network_named(str(choice.network)), choice)
        return
    profile = profile_for(kind, raised)
    network = REGTEST if profile == REGTEST.name else REGTEST_RAISED
    with (
        EmbeddedNode(profile).lease(progress, keep=choice.keep_node) as rpc,
        # It has an index of transactions, and our coins are our own account's.
        _node_connection(rpc, network, choice, watch=False) as connection,
    ):
        yield connection


def _agreed(found: Network, choice: NodeChoice) -> Network:
    wanted = network_named(choice.network) if choice.network else found
    if wanted.chain != found.chain:
        raise ChainError(
            f"The node at {choice.rpc_url} is on {found.name}, not on {wanted.name}.",
            hint="Name another node, or its network.",
        )
    return found


def _public(network: Network, choice: NodeChoice) -> Connection:
    backend = PublicBackend(network, services_of(network))
    wallet = Wallet.load_or_create(home(), network, choice.passphrase)
    return Connection(backend, network, wallet, network.name)


@contextlib.contextmanager
def _node_connection(rpc: Rpc, network: Network, choice: NodeChoice, watch: bool) -> Iterator[Connection]:
    wallet = Wallet.load_or_create(home(), network, choice.passphrase)
    if not network.may_mine:
        if watch:
            # Before that, a node without an index of transactions does not know ours: they would seem lost.
            node_coins.watch(rpc, wallet)
        yield Connection(NodeBackend(rpc, network), network, wallet, network.name)
        return
    wake(rpc, wallet.address)
    first = rpc.peer.hash(rpc.call("getblockhash", 1))
    chain_id = f"{network.name}@{first[:16]}"
    if watch:
        with contextlib.suppress(NoWalletError):
            node_coins.watch(rpc, wallet)
    store = CoinStore(home() / "coins.sqlite", f"{chain_id} {wallet.address}")
    with contextlib.closing(store):
        account = Account(rpc, store, wallet.locking_script.to_bytes())
        yield Connection(NodeBackend(rpc, network, account), network, wallet, chain_id)
