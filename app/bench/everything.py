"""One run that measures every figure that the README and the picture of the benchmark quote."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys

import numpy as np

from app import __version__, models, paths
from app.bench import measures
from app.bench.measures import Figures, Images
from app.drawing import rasterise, to_mnist
from app.errors import InkproofError
from app.fixedpoint import IntegerModel, load
from app.floats.judge import FloatJudge
from app.picture import SIDE
from app.progress import Progress
from app.script import Kind
from app.text import clean_text

__all__ = ["measure"]

_BATCH = 10_000
_WINDOW_SECONDS = 180


def measure(progress: Progress) -> Figures:
    """Measure everything; the keys are those of docs/bench/bench.json.

    It runs two nodes in the data folder in use: call it within `measures.temporary_home`.
    """
    model = load(paths.model_folder() / "integers.npz")
    image = to_mnist(rasterise(measures.SEVEN))
    progress("Submitting to a node with default policy", None)
    submission = measures.submission_figures(model, image)
    contracts, packed = _contracts(model, image, progress)
    progress("Loading the float model (TensorFlow)", None)
    judge = FloatJudge.load(paths.model_folder() / "model.keras")
    progress("Reading with both engines", None)
    noise = np.random.default_rng(1).integers(0, 256, (_BATCH, SIDE, SIDE), dtype=np.uint8)
    engines = measures.engine_figures(model, judge, np.concatenate([image[None], noise[1:]]))
    drawing = measures.drawing_figures(model, measures.SEVEN)
    progress("Opening the window", None)
    return {
        "version": __version__,
        "machine": _machine(),
        "model": {
            "architecture": model.architecture,
            "sha256": model.sha256,
            "information_bytes": measures.information_bound(model),
        },
        "contracts": contracts,
        "packed_over_unrolled": _ratios(contracts),
        "models": packed,
        "engines": engines,
        "drawing": drawing,
        "submission": submission,
        "window": _window(),
    }


def _contracts(model: IntegerModel, image: Images, progress: Progress) -> tuple[Figures, Figures]:
    """The default model's contract in both forms, and the packed contract of every model, by name."""
    progress("Running both forms of the contract in a node without time limits", None)
    with measures.unlimited_node().lease(progress) as rpc:
        forms = {
            kind.value: measures.contract_figures(model, image, rpc, kind)
            for kind in (Kind.PACKED, Kind.UNROLLED)
        }
        packed = {models.DEFAULT: forms[Kind.PACKED.value]}
        for entry in models.MODELS.values():
            if entry.name not in packed:
                progress(f"Running the packed contract of {entry.name}", None)
                other = load(entry.integers_path)
                packed[entry.name] = measures.contract_figures(other, image, rpc, Kind.PACKED)
    return forms, packed


def _machine() -> str:
    system, cores = f"{platform.system()} {platform.machine()}", os.cpu_count()
    return f"{system}, {cores} cores, Python {platform.python_version()}"


def _ratios(contracts: Figures) -> Figures:
    """Packed divided by unrolled, key by key."""
    packed, unrolled = contracts[Kind.PACKED.value], contracts[Kind.UNROLLED.value]
    return {key: packed[key] / unrolled[key] for key in packed}


def _window() -> Figures:
    """The figures of `app.bench.window`, in a process of its own, so that the start is a real one."""
    command = [sys.executable, "-m", "app.bench.window"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_WINDOW_SECONDS, check=True)
    except subprocess.CalledProcessError as error:
        raise InkproofError(
            "The window could not be measured.",
            why=f"It says: {clean_text((error.stderr.splitlines() or ['nothing'])[-1])}.",
            hint="Is there a screen? Where there is none, start Xvfb and name it in DISPLAY.",
        ) from error
    return dict(json.loads(done.stdout[done.stdout.index("{") :]))
