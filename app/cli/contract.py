"""`contract build`, `contract info`, `contract export`."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
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
from app.contract.margins import margin_lines, margins
from app.errors import ContractError
from app.fixedpoint import load
from app.models import Model
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
        "margins": margins_json(contract, model_of(options)),
        "fees": {str(rate): fee_for(size, rate) for rate in QUOTED_RATES},
        "contract_sha256": contract.sha256,
        "architecture": contract.model.architecture,
        "model_sha256": contract.model.sha256,
    }


def margins_json(contract: DigitContract, model: Model) -> list[dict[str, Any]]:
    """The margins of a model's contract; the time is known of packed contracts that were measured."""
    measured = model.figures if contract.kind is Kind.PACKED else None
    time = measured.node_milliseconds if measured else None
    return [margin.as_json() for margin in margins(contract, time)]


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
