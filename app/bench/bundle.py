"""The files that come with the program: which it needs, and whether they are complete and undamaged."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from app import paths
from app.errors import InkproofError
from app.version import BUILD_FILE, frozen

__all__ = ["MANIFEST", "NEEDED", "NEEDED_FROZEN", "check_files", "write_manifest"]

MANIFEST = "manifest.json"
"""In a frozen program: size and SHA-256 of every file that was built into it."""

NEEDED = (
    "assets/handwriting/model.keras",
    "assets/handwriting/integers.npz",
    "assets/handwriting/report.json",
    "assets/fonts/IBMPlexSans-Regular.woff",
    "assets/fonts/IBMPlexSans-SemiBold.woff",
    "assets/fonts/IBMPlexMono-Regular.woff",
    "assets/fonts/OFL.txt",
    "assets/icon/icon-256.png",
    "assets/selftest/five.json",
    "contracts/digit_bounty.json",
    "contracts/digit_bounty.scrypt",
    "contracts/digit_classifier.json",
    "contracts/digit_classifier.scrypt",
)
"""Files that every installation needs."""

NEEDED_FROZEN = (BUILD_FILE, MANIFEST, "LICENSE", "THIRD-PARTY.md", "node/LICENSE.txt")
"""Files that a frozen program needs in addition."""


def check_files() -> str:
    """Compare the files with the manifest (frozen) or look for the needed ones; the result in one sentence.

    InkproofError names those that are missing or damaged.
    """
    root = paths.resources()
    known = _manifest(root) if frozen() else {}
    wanted = {*NEEDED, *(NEEDED_FROZEN if frozen() else ()), *known}
    bad = sorted(name for name in wanted if not _is_right(root / name, known.get(name)))
    if bad:
        listed = ", ".join(bad[:5]) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "")
        raise InkproofError(
            f"{len(bad)} of {len(wanted)} files are missing or damaged: {listed}.",
            hint="Download the program again; if it is damaged again, "
            "check whether a virus scanner removes parts of it.",
        )
    checked = (
        f"size and SHA-256 of {len(known)}" if known else "no sizes or hashes are recorded outside a build"
    )
    return f"{len(wanted)} files are there; {checked}"


def write_manifest(root: Path, files: list[Path]) -> None:
    """Write size and SHA-256 of `files`, all below `root`, to the manifest that `check_files` reads."""
    entries = {path.relative_to(root).as_posix(): [path.stat().st_size, _sha256(path)] for path in files}
    (root / MANIFEST).write_text(json.dumps(entries, indent=0, sort_keys=True), encoding="utf-8")


def _manifest(root: Path) -> dict[str, tuple[int, str]]:
    try:
        entries = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
        return {str(name): (int(size), str(digest)) for name, (size, digest) in entries.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InkproofError(
            "The list of the files in this program cannot be read.",
            why=f"{error}.",
            hint="Download the program again.",
        ) from error


def _is_right(path: Path, known: tuple[int, str] | None) -> bool:
    try:
        size = path.stat().st_size
        return size > 0 if known is None else size == known[0] and _sha256(path) == known[1]
    except OSError:
        return False


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()
