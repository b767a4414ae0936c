"""`deploy`: what was put on the chain."""

from __future__ import annotations

import argparse

from app.chain.service import open_service
from app.cli import OK
from app.cli.options import kind_of, model_of, node_choice, spending, warn_of
from app.cli.output import out, print_json, reporting
from app.contract.classifier import rule_of
from app.fixedpoint import load


def deploy(options: argparse.Namespace) -> int:
    """Have a deployment ready."""
    kind = kind_of(options)
    model = load(model_of(options).integers_path, rule_of(kind))
    with (
        reporting(options) as report,
        open_service(model, kind, node_choice(options), report, **spending(options)) as service,
    ):
        warn_of(service.connection.wallet)
        deployment = service.prepare(report)
        chain = service.connection.network.name
        size = len(service.contract.locking_script)
    facts = {
        "network": chain,
        "outpoint": f"{deployment.txid}:{deployment.output_index}",
        "value": deployment.value,
        "kind": kind.value,
        "script_bytes": size,
        "contract_sha256": deployment.contract_sha256,
        "state": deployment.state.value,
    }
    if options.json:
        print_json(facts)
    else:
        out.print(f"deployed on {chain}: {facts['outpoint']}")
        out.print(f"{size:,} bytes of Script holding {deployment.value:,} satoshis for its own spend")
    return OK
