"""`node status`, `node start`, `node stop`: the embedded node."""

from __future__ import annotations

import argparse
import dataclasses

from app.chain.connection import profile_for
from app.chain.node.process import EmbeddedNode, NodeStatus
from app.cli import OK
from app.cli.options import kind_of
from app.cli.output import out, print_json, reporting


def status(options: argparse.Namespace) -> int:
    """Show the node without starting it."""
    _show(_node(options).status(), options.json)
    return OK


def start(options: argparse.Namespace) -> int:
    """Start the node and leave it running."""
    node = _node(options)
    with reporting(options) as report:
        node.start(report)
    _show(node.status(), options.json)
    return OK


def stop(options: argparse.Namespace) -> int:
    """Stop the node."""
    node = _node(options)
    with reporting(options) as report:
        report("Stopping the node")
        stopped = node.stop()
    if options.json:
        print_json({"stopped": stopped})
    else:
        out.print("The node is stopped." if stopped else "No node was running.")
    return OK


def _node(options: argparse.Namespace) -> EmbeddedNode:
    return EmbeddedNode(profile_for(kind_of(options)))


def _show(node: NodeStatus, as_json: bool) -> None:
    if as_json:
        print_json(dataclasses.asdict(node) | {"folder": str(node.folder)})
        return
    if not node.running:
        out.print(f"The embedded node ({node.profile}) is not running.")
    elif not node.answering:
        out.print(f"The embedded node ({node.profile}) runs as process {node.pid}, but does not answer.")
    else:
        out.print(f"{node.version} ({node.profile}), process {node.pid}, {node.url}")
        out.print(
            f"block {node.height:,}, {node.users} programs use it{', kept running' if node.keep else ''}"
        )
    out.print(f"data folder {node.folder}")
