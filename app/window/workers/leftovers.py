"""A node that was started and is held by nobody: what an end in the middle of its start leaves behind."""

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
                # Whoever gives the last lease back stops the node: so take one, and give it back.
                with node.lease(lambda *_: None, keep=options.keep_node):
                    pass
