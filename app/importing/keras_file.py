"""Keras's files: `.h5` of Keras 1, 2 and 3, and `.keras` archives. Read as data; nothing in them is run.

In an `.h5` the weights of a layer stand in a group of its name, listed in `weight_names`. In a `.keras`
archive (and in the weights of one) they are `layers/<kind>[_<number>]/vars/<n>`, numbered among the layers of
one kind.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from app.importing.chain import Chain
from app.importing.hdf5 import Hdf5, joined
from app.importing.keras_config import Entry, entries, input_dims, parsed
from app.importing.keras_layers import add, needs_weights
from app.importing.kernels import Numbers
from app.importing.refusing import refuse, refuse_layer

__all__ = ["read_archive", "read_hdf5"]

_MOST_DESCRIPTION = 16_000_000
_MOST_WEIGHTS = 300_000_000
_CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
_WHOLE = "Save the whole model: model.save('my_model.keras')."


def read_hdf5(path: Path) -> Chain:
    """The model in an `.h5` file of any Keras. Raises ModelError."""
    with path.open("rb") as source:
        file = Hdf5(source)
        text = file.text("", "model_config")
        if text is None:
            refuse("It holds weights but no description of the layers, or no Keras model at all.", _WHOLE)
        root = "model_weights" if file.has("model_weights") else ""
        return _chain(text, lambda entry: _by_name(file, root, entry), file.text("", "backend"))


def read_archive(path: Path) -> Chain:
    """The model in a `.keras` archive. Raises ModelError."""
    with path.open("rb") as source:
        try:
            archive = zipfile.ZipFile(source)
            names = set(archive.namelist())
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
            refuse("It is not a whole zip archive.", "It may have been cut short on its way: fetch it again.")
        if "config.json" not in names:
            refuse("It is a zip archive, but not one of Keras's.", _WHOLE)
        if "model.weights.h5" not in names:
            refuse("It holds a description of the layers, but no weights.", _WHOLE)
        text = _member(archive, "config.json", _MOST_DESCRIPTION).decode("utf-8", "replace")
        weights = _member(archive, "model.weights.h5", _MOST_WEIGHTS)
    file = Hdf5(io.BytesIO(weights))
    return _chain(text, lambda entry: _by_number(file, entry), None)


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A member's bytes; no more than `most` are ever unpacked, whatever the archive claims."""
    try:
        with archive.open(name) as member:
            found = member.read(most + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError):
        refuse(
            f"Its part {name} cannot be unpacked.", "It may have been cut short on its way: fetch it again."
        )
    if len(found) > most:
        refuse(
            f"Its part {name} unpacks to more than {most:,} bytes.",
            "No contract could hold it: use a smaller model.",
        )
    return found


def _chain(text: str, weights_of: Callable[[Entry], list[Numbers]], backend: str | None) -> Chain:
    model = parsed(text)
    row = entries(model)
    chain = Chain(input_dims(model, row))
    for entry in row:
        numbers = weights_of(entry) if needs_weights(entry) else []
        if backend == "theano" and numbers and numbers[0].ndim == 4:
            refuse_layer(
                entry.name,
                "was saved by Keras over Theano, which turns its kernels about.",
                "Load and save the model with Keras over TensorFlow.",
            )
        add(chain, entry, numbers)
    chain.finish()
    return chain


def _by_name(file: Hdf5, root: str, entry: Entry) -> list[Numbers]:
    """The weights of a layer in the order in which its group lists them."""
    group = joined((root, entry.path[0][1]))
    names = file.texts(group, "weight_names")
    if len(entry.path) > 1:
        # The group is that of the model around it, and lists the weights of all layers inside.
        names = [name for name in names if entry.name in name.split("/")[:-1]]
    return [file.numbers(joined((group, name))) for name in names]


def _by_number(file: Hdf5, entry: Entry) -> list[Numbers]:
    """The weights of a layer in a `.keras` file: the layers of one kind are numbered in their order."""
    place = ""
    for kind, _, number in entry.path:
        container = next((name for name in _CONTAINERS if file.has(joined((place, name)))), "")
        place = joined((place, container))
        base = _snake_case(kind)
        alike = [name for name in file.names(place) if re.fullmatch(rf"{re.escape(base)}(_\d+)?", name)]
        alike.sort(key=lambda name: int(name[len(base) + 1 :] or 0))
        if number >= len(alike):
            return []
        place = joined((place, alike[number]))
    variables = joined((place, "vars"))
    count = len(file.names(variables))
    return [file.numbers(joined((variables, str(index)))) for index in range(min(count, 8))]


def _snake_case(kind: str) -> str:
    """As Keras writes the name of a class: SeparableConv2D is separable_conv2d."""
    name = re.sub(r"\W+", "", kind)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
