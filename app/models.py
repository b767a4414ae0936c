"""The models there are: those that ship, one entry each, and those that a person has imported or trained.

Whatever lets a person choose a model reads this list. It imports little: the command line's help and the
window's first frame are built from it.

An imported model is a folder `models/<SHA-256 of its integers>` in the person's data folder, with
`integers.npz`, `model.keras`, `meta.json` and its report.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app import paths
from app.errors import ModelError

DEFAULT = paths.SHIPPED
PACKED, UNROLLED = "packed", "unrolled"
META, META_FORMAT = "meta.json", "inkproof-model-1"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST_META = 1_000_000
_MOST_IMPORTED = 1_000


@dataclass(frozen=True)
class Model:
    """One model.

    `folder` holds its integers and the float model that reads beside them. `kinds`: forms of the contract
    that exist. `raised`: its packed contract, too, needs a node with a raised policy. `claim`: what the
    source it comes from says of it. `root`: the folder of an imported model, which holds everything; None
    for one that ships. `meta`: what was recorded of it when it was imported.
    """

    name: str
    summary: str
    folder: str
    integers: str = "integers.npz"
    kinds: tuple[str, ...] = (PACKED,)
    raised: bool = False
    claim: str = ""
    root: Path | None = None
    meta: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def float_path(self) -> Path:
        """The float model that reads beside the integers, as Keras keeps it."""
        return (self.root or paths.model_folder(self.folder)) / "model.keras"

    @property
    def integers_path(self) -> Path:
        """The integer model."""
        return (self.root or paths.model_folder(self.folder)) / self.integers

    @property
    def figures(self) -> Figures | None:
        """What it does and costs; None for a model that ships and was not measured."""
        if self.root is None:
            return shipped_figures().get(self.name)
        accuracy, size = float(self.meta["accuracy"]), int(self.meta["script_bytes"])
        return Figures(self.root.name, accuracy, None, size, self.meta["node_milliseconds"])

    @property
    def sureness_path(self) -> Path:
        """File of the lead from which its readings are sure (`app.fixedpoint.sureness`)."""
        name = self.integers.replace("integers", "sureness").replace(".npz", ".json")
        return (self.root or paths.model_folder(self.folder)) / name


MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model(
            "handwriting",
            "784-64-10, trained for what people draw",
            "handwriting",
            kinds=(PACKED, UNROLLED),
        ),
        Model(
            "compact",
            "convolutions of 5 and 10 filters, in weights of 3 bits: the smallest contract",
            "compact",
        ),
        Model(
            "source",
            "784-64-10 by the published recipe",
            "source",
            kinds=(PACKED, UNROLLED),
            claim="98 %",
        ),
        Model(
            "mlp",
            "784-128-256-512-10 at full precision; needs a node with a raised policy",
            "mlp",
            raised=True,
            claim="97 %",
        ),
        Model(
            "mlp-8bit",
            "784-128-256-512-10 in weights of 8 bits, which a default node takes",
            "mlp",
            integers="integers-8bit.npz",
        ),
        Model(
            "cnn",
            "convolutions of 32 and 64 filters, in weights of a few bits",
            "cnn",
            claim="99.85 % in training, about 98 %",
        ),
    )
}


@dataclass(frozen=True)
class Figures:
    """What a model is, does and costs: the SHA-256 of its integers, the share of MNIST's test images they
    read right (0 to 1), the share of pen digits of unseen people, the bytes of its packed locking script, and
    the time of one spend in a node. None: not measured."""

    sha256: str
    accuracy: float
    pens: float | None
    script_bytes: int
    node_milliseconds: float | None


@functools.cache
def shipped_figures() -> dict[str, Figures]:
    """By name, as `make models` measured them; empty where the file is missing: no verdict needs it."""
    try:
        rows = json.loads((paths.assets() / "models.json").read_text(encoding="utf-8"))["models"]
    except OSError:
        return {}
    return {
        row["model"]: Figures(
            row["sha256"],
            row["integer_accuracy"],
            row.get("pen_accuracy"),
            row["script_bytes"],
            row["node_milliseconds"],
        )
        for row in rows
    }


def smaller(script_bytes: int) -> dict[str, int]:
    """Models that ship whose contracts have at most half as many bytes, with their bytes, smallest first."""
    sizes = {name: known.script_bytes for name, known in shipped_figures().items()}
    return {
        name: sizes[name] for name in sorted(sizes, key=sizes.__getitem__) if 2 * sizes[name] <= script_bytes
    }


def figures() -> dict[str, Figures]:
    """The figures of every model that has some, by name."""
    return {name: known for name, model in available().items() if (known := model.figures) is not None}


def name_of(sha256: str) -> str:
    """The model whose integers have this SHA-256; empty where none has it."""
    return next((name for name, known in figures().items() if known.sha256 == sha256), "")


def available() -> dict[str, Model]:
    """Every model by its name: those that ship, then the imported ones in the order of their names."""
    return MODELS | imported()


def named(name: str) -> Model:
    """The model of that name, or the one that was imported from the file of that path. ModelError if there is
    none."""
    models = available()
    if name in models:
        return models[name]
    found = imported_from(Path(name)) if is_path(name) else None
    if found is not None:
        return found
    close = difflib.get_close_matches(name, models, n=1)
    hint = f"Did you mean {close[0]}? " if close else ""
    hint += f"Choose one of: {', '.join(models)}."
    if is_path(name):
        hint = f"Import it first: inkproof import {name}"
    raise ModelError(f"There is no model called {name!r}.", hint=hint)


def is_path(name: str) -> bool:
    """Whether a choice of model names an existing file."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def imported_from(path: Path) -> Model | None:
    """The model that was imported from a file with these bytes, whatever it was called; None if none was."""
    digest = file_sha256(path)
    return next((model for model in imported().values() if model.meta["file_sha256"] == digest), None)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes. ModelError if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1_000_000):
                digest.update(block)
    except OSError as error:
        raise ModelError(f"The model file {path} cannot be read.", why=f"{error.strerror}.") from error
    return digest.hexdigest()


def checked_name(name: str) -> str:
    """The name, if a model may be called so and none that ships is. Raises ModelError."""
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"A model cannot be called {name[:60]!r}.",
            why="A name has 1 to 40 letters, digits, dots, dashes and underscores; the first is a letter or "
            "digit.",
        )
    if name in MODELS:
        raise ModelError(
            f"A model called {name!r} ships with Inkproof.", hint="Choose another name with --name."
        )
    return name


def registry() -> Path:
    """The folder of imported models; it need not exist."""
    return paths.home() / "models"


def imported() -> dict[str, Model]:
    """The imported models by name. Damaged entries are left out; `damaged` lists them."""
    return {found.name: found for found in _entries() if isinstance(found, Model)}


def damaged() -> dict[Path, str]:
    """Folders of imported models that cannot be used, and why."""
    return {found[0]: found[1] for found in _entries() if isinstance(found, tuple)}


def remove(name: str) -> Model:
    """Delete an imported model. ModelError if there is none of that name, or it ships."""
    model = imported().get(name)
    if model is None or model.root is None:
        if name in MODELS:
            raise ModelError(
                f"The model {name!r} ships with Inkproof.", why="Only imported models can be removed."
            )
        known = ", ".join(imported()) or "none"
        raise ModelError(f"There is no imported model called {name!r}.", hint=f"Imported are: {known}.")
    discard(model.root)
    return model


def discard(folder: Path) -> None:
    """Delete the folder of an imported model. It leaves the list first, so an interrupted deletion leaves no
    half of a model there."""
    aside = folder.with_name(f".removed-{folder.name}")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
        shutil.rmtree(aside)
    except OSError as error:
        raise ModelError(f"The model in {folder} cannot be removed.", why=f"{error.strerror}.") from error


def _entries() -> Iterator[Model | tuple[Path, str]]:
    """Every imported model, or its folder and what is wrong with it, by name."""
    try:
        folders = sorted(path for path in registry().iterdir() if not path.name.startswith("."))
    except OSError:
        return
    found = [_entry(folder) for folder in folders[:_MOST_IMPORTED]]
    taken: set[str] = set()
    for one in sorted(found, key=lambda one: one.name if isinstance(one, Model) else ""):
        if isinstance(one, Model) and one.name in taken and one.root is not None:
            yield one.root, f"Another model is called {one.name!r} too."
        else:
            taken |= {one.name} if isinstance(one, Model) else set()
            yield one


def _entry(folder: Path) -> Model | tuple[Path, str]:
    """One imported model, as its `meta.json` describes it; the file may have been written by anyone."""
    try:
        with (folder / META).open("rb") as file:
            text = file.read(_LARGEST_META + 1)
        meta = json.loads(text) if len(text) <= _LARGEST_META else None
        if not isinstance(meta, dict) or meta.get("format") != META_FORMAT:
            return folder, f"Its {META} is not one of this version of Inkproof."
        if not _SHA256.fullmatch(folder.name) or meta["sha256"] != folder.name:
            return folder, "It is not the model that its folder is named after."
        missing = [name for name in ("integers.npz", "model.keras") if not (folder / name).is_file()]
        if missing:
            return folder, f"It has no {missing[0]}."
        kinds = (PACKED, UNROLLED) if meta["unrolled"] is True else (PACKED,)
        time = meta.get("node_milliseconds")
        checked = {
            "accuracy": float(meta["accuracy"]),
            "script_bytes": int(meta["script_bytes"]),
            "node_milliseconds": None if time is None else float(time),
        }
        name, summary = checked_name(str(meta["name"])), str(meta["summary"])[:200]
        texts = {key: str(meta[key]) for key in ("file", "file_sha256", "pixels")}
        return Model(
            name,
            "".join(letter if letter.isprintable() else "?" for letter in summary),
            "",
            kinds=kinds,
            raised=meta["raised"] is True,
            root=folder,
            meta=meta | checked | texts,
        )
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError, ModelError) as error:
        words = error.why or error.what if isinstance(error, ModelError) else f"Its {META} cannot be read."
        return folder, words
