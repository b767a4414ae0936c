"""Which node to use, and the way to it: the embedded one, or any other by JSON-RPC."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from app.chain.backend import Backend
from app.chain.binary import Progress
from app.chain.mining import wake
from app.chain.networks import REGTEST, REGTEST_RAISED, Network, network_of
from app.chain.node import EmbeddedNode
from app.chain.node_backend import NodeBackend
from app.chain.rpc import Rpc
from app.chain.wallet import Wallet
from app.errors import ChainError
from app.paths import home
from app.script import Kind


@dataclass(frozen=True)
class NodeChoice:
    """The person's choice of node; without `rpc_url` the embedded one, which `keep_node` leaves running."""

    rpc_url: str | None = None
    rpc_user: str = ""
    rpc_password: str = ""
    keep_node: bool = False


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
    def rpc(self) -> Rpc:
        """The node's own JSON-RPC. ChainError where public services answer instead of a node."""
        if not isinstance(self.backend, NodeBackend):
            raise ChainError(
                f"There is no node of your own on {self.network.name}.",
                why="Public services answer there.",
                hint="Name a node with --rpc-url.",
            )
        return self.backend.rpc


def profile_for(kind: Kind) -> str:
    """The embedded node for a contract: default policy, or a raised one where the script is too big."""
    return REGTEST.name if kind is Kind.PACKED else REGTEST_RAISED.name


@contextlib.contextmanager
def connect(choice: NodeChoice, kind: Kind, progress: Progress) -> Iterator[Connection]:
    """Reach the node; the embedded one is started if need be and stopped by its last user."""
    if choice.rpc_url:
        rpc = Rpc(choice.rpc_url, choice.rpc_user, choice.rpc_password)
        yield _connection(rpc, network_of(rpc))
        return
    profile = profile_for(kind)
    network = REGTEST if profile == REGTEST.name else REGTEST_RAISED
    with EmbeddedNode(profile).lease(progress, keep=choice.keep_node) as rpc:
        yield _connection(rpc, network)


def _connection(rpc: Rpc, network: Network) -> Connection:
    wallet = Wallet.load_or_create(home(), network)
    if not network.may_mine:
        return Connection(NodeBackend(rpc, network), network, wallet, network.name)
    wake(rpc, wallet.address)
    first = rpc.call("getblockhash", 1)
    if not isinstance(first, str):
        raise ChainError("The node does not tell its first block.")
    return Connection(NodeBackend(rpc, network), network, wallet, f"{network.name}@{first[:16]}")
