"""Integer parameters on disk: a NumPy `.npz` without pickles, which names what it holds.

`header` is JSON (UTF-8 bytes): format, description of the layers, architecture, sha256. Numbers of layer k
have their names with `_k` behind them: a dense layer has `weights_k` (inputs, outputs) and `biases_k`
(outputs,), a convolution `weights_k` (kernel height, kernel width, channels, filters; depthwise: multiplier
in place of filters), all int64.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app.errors import ModelError
from app.fixedpoint.arithmetic import Rescale
from app.fixedpoint.convolution import Conv2d, Depthwise, Requantise
from app.fixedpoint.fewbit import FewBit
from app.fixedpoint.layers import Argmax, Dense, Layer, LeakyRelu, Relu
from app.fixedpoint.model import IntegerModel
from app.fixedpoint.pooling import MaxPool, Pad, SumPool

FORMAT = "inkproof-integers-1"
_HEADER_LIMIT = 100_000
# The largest model that ships unpacks to 2.2 MB. A file that claims far more may be an attempt to exhaust
# memory.
LARGEST_UNPACKED = 50_000_000
_HINT = "Reinstall Inkproof, or train it again with `inkproof train`."
_LAYERS: dict[str, type[Layer]] = {
    layer.kind: layer
    for layer in (
        *(Dense, Relu, LeakyRelu, Argmax, FewBit),
        *(Conv2d, Depthwise, MaxPool, SumPool, Pad, Requantise),
    )
}


def save(model: IntegerModel, path: Path) -> None:
    """Write the parameters; the file appears whole or not at all."""
    header = {
        "format": FORMAT,
        "architecture": model.architecture,
        "sha256": model.sha256,
        **model.description(),
    }
    arrays: dict[str, npt.NDArray[Any]] = {
        "header": np.frombuffer(json.dumps(header, sort_keys=True).encode(), dtype=np.uint8)
    }
    for index, layer in enumerate(model.layers):
        for name, numbers in layer.numbers().items():
            arrays[f"{name}_{index}"] = numbers
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    partial.replace(path)


def load(path: Path, rule: Rescale = Rescale.PER_SUM) -> IntegerModel:
    """Read the parameters and check them against their own sha256. Raises ModelError."""
    if not path.is_file():
        raise ModelError(
            f"The integer model {path.name} is missing.",
            why=f"It was looked for in {path.parent}.",
            hint=_HINT,
        )
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > LARGEST_UNPACKED:
            raise _unreadable(path, f"It unpacks to {unpacked:,} bytes; no model needs that many.")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays["header"].tobytes()[:_HEADER_LIMIT])
        if header["format"] != FORMAT:
            raise ModelError(f"{path.name} holds integers of another format than {FORMAT}.")
        model = IntegerModel(_layers(header["layers"], arrays), rule)
        recorded = header["sha256"]
    except ModelError:
        raise
    # A damaged file can fail anywhere in zip, zlib, NumPy or JSON; it means the same to the person.
    except Exception as error:
        raise _unreadable(path, "The file is damaged or is something else.") from error
    if model.sha256 != recorded:
        raise ModelError(
            f"The integer model {path.name} is not the one it says it is.",
            why="Its numbers do not match its sha256.",
            hint=_HINT,
        )
    return model


def _unreadable(path: Path, why: str) -> ModelError:
    return ModelError(f"The integer model {path.name} cannot be read.", why=why, hint=_HINT)


def _layers(entries: list[dict[str, Any]], arrays: dict[str, npt.NDArray[Any]]) -> list[Layer]:
    layers: list[Layer] = []
    for index, entry in enumerate(entries):
        ending = f"_{index}"
        numbers = {
            name.removesuffix(ending): array for name, array in arrays.items() if name.endswith(ending)
        }
        layers.append(_LAYERS[entry["kind"]].restored(entry, numbers))
    return layers
