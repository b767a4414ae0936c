"""A frozen program's files in a temporary folder."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from app import paths
from app.bench.bundle import MANIFEST, NEEDED, NEEDED_FROZEN, write_manifest


@pytest.fixture
def frozen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a frozen program, complete, with its manifest; this process takes itself for it."""
    root = tmp_path / "Programme für Ä"
    for name in (*NEEDED, *NEEDED_FROZEN, "lib/tensor flow.so"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if (paths.resources() / name).is_file() and name in NEEDED:
            shutil.copy(paths.resources() / name, path)
        else:
            path.write_bytes(b"content of " + name.encode())
    write_manifest(root, [path for path in root.rglob("*") if path.is_file() and path.name != MANIFEST])
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(root), raising=False)
    return root
