"""Put a model into the person's registry: its folder appears whole or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from app import models
from app.errors import ModelError
from app.fixedpoint import IntegerModel, save
from app.models import META, META_FORMAT, Model

__all__ = ["add", "free_name"]

_PATIENCE = 30.0
_LONGEST = 36


def free_name(path: Path) -> str:
    """A name for a model after its file's, with a number behind it where that is taken."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._")[:_LONGEST].strip("-._") or "model"
    taken = models.available()
    return next(
        name for name in (stem, *(f"{stem}-{number}" for number in range(2, 1000))) if name not in taken
    )


def add(
    name: str,
    integers: IntegerModel,
    meta: Mapping[str, Any],
    write_rest: Callable[[Path], None],
) -> Model:
    """Add a model under a name that is free. `meta` as `app.models` reads it; `write_rest` writes
    `model.keras` and the reports into a folder.

    ModelError if the name is taken or the same integers are there already; an entry that is damaged is
    replaced.
    """
    models.checked_name(name)
    registry = models.registry()
    target = registry / integers.sha256
    entry = {
        "format": META_FORMAT,
        "name": name,
        "sha256": integers.sha256,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **meta,
    }
    try:
        registry.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(tempfile.mkdtemp(prefix=".new-", dir=registry))
        try:
            save(integers, folder / "integers.npz")
            write_rest(folder)
            (folder / META).write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")
            _sync(folder)
            with FileLock(registry / ".lock", timeout=_PATIENCE):
                _check_free(name, target)
                if target.exists():
                    models.discard(target)
                folder.rename(target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except Timeout:
        raise ModelError(
            "The list of models is in use.", why="Another Inkproof is adding to it.", hint="Try again."
        ) from None
    except OSError as error:
        raise ModelError(
            f"The model cannot be kept in {registry}.",
            why=f"{error.strerror or error}.",
            hint="Make room there.",
        ) from error
    return models.imported()[name]


def _check_free(name: str, target: Path) -> None:
    """Refuse what is there already."""
    for other in models.imported().values():
        if other.root == target:
            raise ModelError(
                f"The same model is here already, as {other.name!r}.",
                hint=f"Use it with --model {other.name}, or remove it: inkproof models remove {other.name}",
            )
        if other.name == name:
            raise ModelError(
                f"There is a model called {name!r} already.",
                hint="Choose another name with --name, or remove it first: inkproof models remove " + name,
            )


def _sync(folder: Path) -> None:
    """Have everything on the disk before the folder gets its name."""
    for path in (*folder.iterdir(), folder):
        if path.is_dir() and os.name == "nt":
            continue
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError:
            if not path.is_dir():
                raise
        finally:
            os.close(handle)
