"""From the compiler's output to the contract description that scryptlib reads (version 3)."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

from bitcoinx import Ops, push_item

from app import paths
from app.contract.compiler import VERSION, Compiled, compile_source
from app.errors import ContractError

DESCRIPTION_VERSION = 3


def description_path(source: Path | None = None) -> Path:
    """Where the committed description of a source is; of the classifier unless another is named."""
    return (source or paths.contract_source()).with_suffix(".json")


def build(source: Path) -> dict[str, Any]:
    """Compile a contract and describe it."""
    return describe(compile_source(source), source)


def describe(compiled: Compiled, source: Path) -> dict[str, Any]:
    """The description of the source's only contract. Nothing in it depends on where or when."""
    (program,) = compiled.ast.values()
    (contract,) = program["contracts"]
    return {
        "version": DESCRIPTION_VERSION,
        "compilerVersion": VERSION,
        "contract": contract["name"],
        "md5": hashlib.md5(source.read_bytes(), usedforsecurity=False).hexdigest(),
        "structs": [],
        "alias": [],
        "abi": _abi(contract),
        "file": "",
        "asm": " ".join(compiled.asm),
        "hex": "".join(_word_to_hex(word) for word in compiled.asm),
        "sources": [],
        "sourceMap": [],
    }


def write(description: dict[str, Any], path: Path) -> None:
    """Write a description as readable JSON; the file appears whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(as_text(description), encoding="utf-8")
    partial.replace(path)


def as_text(description: dict[str, Any]) -> str:
    """The description as it stands in its file."""
    return json.dumps(description, indent=2) + "\n"


@functools.cache
def load(source: Path | None = None) -> dict[str, Any]:
    """The committed description of a source; of the classifier unless another is named.

    A missing or damaged one means broken packaging: ContractError.
    """
    path = description_path(source)
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
        if description["version"] != DESCRIPTION_VERSION:
            raise ValueError("another version")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ContractError(
            f"The contract description {path.name} is missing or damaged.",
            why=f"{error}.",
            hint="Reinstall Inkproof, or build it with `inkproof contract build`.",
        ) from error
    return description


def _abi(contract: dict[str, Any]) -> list[dict[str, Any]]:
    """Public functions in their order, then the constructor: what scryptlib encodes calls by."""
    public = [function for function in contract["functions"] if function["visibility"] == "Public"]
    abi: list[dict[str, Any]] = [
        {
            "type": "function",
            "name": function["name"],
            "index": index,
            "params": [{"name": p["name"], "type": p["type"]} for p in function["params"]],
        }
        for index, function in enumerate(public)
    ]
    constructor = [
        {"name": p["name"], "type": p["type"], "state": False} for p in contract["constructor"]["params"]
    ]
    return [*abi, {"type": "constructor", "params": constructor}]


def _word_to_hex(word: str) -> str:
    """One word of the compiler's assembly: an opcode, a `$variable` (a place to fill), or a push."""
    if word.startswith("$"):
        return f"<{word[1:]}>"
    if word.startswith("OP_"):
        return bytes([Ops[word]]).hex()
    return push_item(bytes.fromhex(word)).hex()
