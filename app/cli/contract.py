"""`contract build`, `contract info`, `contract export`."""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bitcoinx import Address, P2PKH_Address

from app import paths
from app.chain.networks import MAIN, REGTEST, TESTNET
from app.chain.wallet.coins import QUOTED_RATES, fee_for
from app.chain.wallet.key import Wallet
from app.cli import OK
from app.cli.files import write_whole
from app.cli.options import kind_of, model_of
from app.cli.output import out, print_json, reporting
from app.contract import DigitContract, contract_for, description
from app.contract.margins import margins
from app.errors import ContractError
from app.fixedpoint import load
from app.picture import PIXELS
from app.script import Kind
from app.text import clean_text

_NOBODY = bytes(20)


def build(options: argparse.Namespace) -> int:
    """Compile the sources into the committed descriptions: of the classifier, and of the bounty."""
    with reporting(options) as report:
        report("Compiling the contracts")
        made = [_build(source) for source in (paths.contract_source(), paths.bounty_source())]
    if options.json:
        print_json({**made[0], "bounty": made[1]})
        return OK
    for facts in made:
        name, how = Path(facts["path"]).name, "written" if facts["changed"] else "unchanged"
        out.print(f"{name}: {how}, compiler {facts['compiler']}")
    return OK


def _build(source: Path) -> dict[str, Any]:
    built = description.build(source)
    path = description.description_path(source)
    changed = not path.is_file() or path.read_text(encoding="utf-8") != description.as_text(built)
    description.write(built, path)
    return {"path": str(path), "changed": changed, "compiler": built["compilerVersion"]}


def info(options: argparse.Namespace) -> int:
    """Facts about the contract of a model."""
    facts = _facts(options)
    if options.json:
        print_json(facts)
        return OK
    rows = {
        "kind": facts["kind"],
        "locking script": f"{facts['script_bytes']:,} bytes",
        "opcodes": f"{facts['opcodes']:,} (pushes not counted)",
        "pixels used": f"{facts['rows']} of {PIXELS}",
        **{f"fee at {rate} sat/kB": f"{fee:,} satoshis to deploy" for rate, fee in facts["fees"].items()},
        "contract": facts["contract_sha256"],
        "model": f"{facts['architecture']}, sha256 {facts['model_sha256']}",
    }
    for number, lanes in enumerate(facts["lanes"], 1):
        rows[f"lanes, layer {number}"] = _in_words(lanes)
    if not facts["lanes"]:
        rows["lanes"] = "none, each weight is multiplied on its own"
    for name, value in rows.items():
        out.print(f"{name:<16} {value}")
    out.print()
    for line in margin_lines(facts["margins"]):
        out.print(line)
    return OK


def margin_lines(margins: Sequence[Mapping[str, Any]]) -> list[str]:
    """A table of margins (`Margin.as_json`): what a contract takes of each limit, and what share is left."""
    lines = [f"{'limits of a node':<24}{'takes':>14}{'limit':>14}{'left':>10}"]
    for margin in margins:
        taken, left = margin["taken"], margin["left"]
        shown = "not measured" if taken is None else f"{round(taken, 2):,}"
        share = "" if left is None else "exceeded" if left < 0 else f"{left:.2%}"
        lines.append(f"{margin['what']:<24}{shown:>14}{margin['limit']:>14,}{share:>10}")
    return lines


def _in_words(lanes: dict[str, Any]) -> str:
    narrowest, widest = lanes["narrowest"], lanes["widest"]
    width = f"{widest}" if narrowest == widest else f"{narrowest} to {widest}"
    return (
        f"{lanes['count']:,} of {width} bits in one number, one per {lanes['each']}, "
        f"together {lanes['bits']:,} bits"
    )


def _facts(options: argparse.Namespace) -> dict[str, Any]:
    contract = contract_for(load(model_of(options).integers_path), _NOBODY, kind_of(options))
    size = len(contract.locking_script)
    return {
        "model": model_of(options).name,
        "kind": contract.kind.value,
        "script_bytes": size,
        "opcodes": contract.opcodes,
        "rows": contract.program.rows,
        "lanes": [
            {
                "count": len(lanes.widths),
                "each": lanes.each,
                "narrowest": min(lanes.widths),
                "widest": max(lanes.widths),
                "bits": lanes.total,
                "widths": list(lanes.widths),
            }
            for lanes in contract.program.lanes
        ],
        "margins": margins_json(contract),
        "fees": {str(rate): fee_for(size, rate) for rate in QUOTED_RATES},
        "contract_sha256": contract.sha256,
        "architecture": contract.model.architecture,
        "model_sha256": contract.model.sha256,
    }


def margins_json(contract: DigitContract) -> list[dict[str, Any]]:
    """The margins of a contract; the time is known of the packed contracts of models that ship."""
    milliseconds = None
    if contract.kind is Kind.PACKED:
        rows = json.loads((paths.assets() / "models.json").read_text(encoding="utf-8"))["models"]
        known = {row["sha256"]: row["node_milliseconds"] for row in rows}
        milliseconds = known.get(contract.model.sha256)
    return [margin.as_json() for margin in margins(contract, milliseconds)]


def export(options: argparse.Namespace) -> int:
    """Write the locking script as hex."""
    model = load(model_of(options).integers_path)
    contract = contract_for(model, _owner(options.owner), kind_of(options))
    if str(options.output) == "-":
        sys.stdout.write(contract.locking_script.hex() + "\n")
        return OK
    write_whole(options.output, contract.locking_script.hex() + "\n")
    facts = {
        "path": str(options.output),
        "kind": contract.kind.value,
        "owner": contract.owner.hex(),
        "script_bytes": len(contract.locking_script),
        "contract_sha256": contract.sha256,
    }
    if options.json:
        print_json(facts)
    else:
        out.print(f"{facts['path']}: {facts['script_bytes']:,} bytes, owner {facts['owner']}")
    return OK


def _owner(given: str | None) -> bytes:
    """The owner's public key hash, 20 bytes: the one given, or that of this wallet's key on regtest."""
    if given is None:
        return Wallet.load_or_create(paths.home(), REGTEST).pubkeyhash
    if re.fullmatch(r"[0-9a-fA-F]{40}", given):
        return bytes.fromhex(given)
    for network in (REGTEST, TESTNET, MAIN):
        with contextlib.suppress(ValueError):
            address = Address.from_string(given.strip(), network.keys)
            if isinstance(address, P2PKH_Address):
                return bytes(address.hash160())
    raise ContractError(
        f"{clean_text(given, 60)!r} is neither an address nor the HASH160 of a public key.",
        why="An address has a checksum that fits; a HASH160 has 40 hexadecimal digits.",
        hint="`inkproof wallet address` shows the address of this Inkproof.",
    )
