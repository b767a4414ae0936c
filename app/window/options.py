"""Options of the window. It imports little, because it is read before the first frame."""

from __future__ import annotations

from dataclasses import dataclass

from app.paths import SHIPPED


@dataclass(frozen=True)
class WindowOptions:
    """Options of one window.

    Without `rpc_url` or another `network` (testnet, mainnet) the embedded node is used, and left running
    afterwards with `keep_node`. `approve` spends coins that cost money without asking, up to `limit`
    satoshis a day. `size` is in logical pixels; `density` is physical pixels per logical one, found out if
    None. `chosen`: `model` was asked for, and not only the usual one. `remember`: preferences of the last
    window are taken up, and this one's are kept.
    """

    keep_node: bool = False
    rpc_url: str | None = None
    rpc_user: str = ""
    rpc_password: str = ""
    network: str | None = None
    approve: bool = False
    limit: int | None = None
    model: str = SHIPPED
    size: tuple[int, int] = (1280, 800)
    density: float | None = None
    fullscreen: bool = False
    chosen: bool = False
    remember: bool = True

    @property
    def embedded(self) -> bool:
        """Whether the node is the program's own."""
        return not self.rpc_url and self.network in (None, "regtest")
