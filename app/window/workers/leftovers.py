"""Stop a node that was started and has no lease, as when a worker ends during the node's start."""

from __future__ import annotations

import contextlib

from app.errors import InkproofError
from app.window.options import WindowOptions

__all__ = ["release_node"]


def release_node(options: WindowOptions) -> None:
    """Stop the embedded nodes unless another program uses them or they are to be kept."""
    if not options.embedded:
        return
    from app.chain.node.process import PROFILES, EmbeddedNode

    for profile in PROFILES:
        with contextlib.suppress(InkproofError):
            node = EmbeddedNode(profile)
            if node.status().running:
                # The node stops with its last lease: take one and release it.
                with node.lease(lambda *_: None, keep=options.keep_node):
                    pass
