"""`window`. Imports only what the first frame needs."""

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
        # Credentials may be asked for on the terminal, before the window opens.
        from app.cli.options import node_choice

        choice = node_choice(options)
        chosen = dataclasses.replace(
            chosen, rpc_url=choice.rpc_url, rpc_user=choice.rpc_user, rpc_password=choice.rpc_password
        )
    return open_window(chosen)
