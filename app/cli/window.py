"""The window. Nothing is imported here that its first frame does not need."""

from __future__ import annotations

import argparse
import dataclasses

from app import models


def run(options: argparse.Namespace) -> int:
    """Open the window and stay until it is closed."""
    from app.window.app import run as open_window
    from app.window.options import WindowOptions

    chosen = WindowOptions(
        keep_node=options.keep_node,
        network=options.network,
        approve=options.yes,
        limit=options.daily_limit,
        model=models.named(options.model or models.DEFAULT).name,
        chosen=options.model is not None,
    )
    if options.rpc_url:
        # Credentials may have to be asked for, at the terminal, before there is a window.
        from app.cli.options import node_choice

        choice = node_choice(options)
        chosen = dataclasses.replace(
            chosen, rpc_url=choice.rpc_url, rpc_user=choice.rpc_user, rpc_password=choice.rpc_password
        )
    return open_window(chosen)
