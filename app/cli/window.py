"""The window. Nothing is imported here that its first frame does not need."""

from __future__ import annotations

import argparse


def run(options: argparse.Namespace) -> int:
    """Open the window and stay until it is closed."""
    from app.window.app import run as open_window
    from app.window.options import WindowOptions

    if not options.rpc_url:
        return open_window(WindowOptions(keep_node=options.keep_node, approve=options.yes))
    from app.cli.options import node_choice

    choice = node_choice(options)
    return open_window(
        WindowOptions(
            rpc_url=choice.rpc_url,
            rpc_user=choice.rpc_user,
            rpc_password=choice.rpc_password,
            approve=options.yes,
        )
    )
