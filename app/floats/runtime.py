"""Keras on TensorFlow, imported when first needed, quiet and on the right backend."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import numpy as np

from app.errors import ModelError


def import_keras() -> ModuleType:
    """Keras 3 with its TensorFlow backend. Takes seconds at first. ModelError if it is not installed."""
    # All must be set before the first import; a value that the person has chosen is kept.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    # oneDNN prints a notice on stderr at any log level, and one small image gains nothing from it.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    backend = os.environ["KERAS_BACKEND"]
    if backend != "tensorflow":
        raise ModelError(
            f"KERAS_BACKEND asks for {backend!r}.",
            why="The float model is written for Keras on TensorFlow.",
            hint="Unset KERAS_BACKEND and start again.",
        )
    try:
        import keras
    except ImportError as error:
        raise ModelError(
            "The float model needs Keras and TensorFlow, which cannot be imported.",
            why=f"{error}.",
            hint="Install Inkproof again with its dependencies: pip install inkproof",
        ) from error
    return keras


def import_tensorflow() -> ModuleType:
    """TensorFlow, after Keras has been set up on it."""
    import_keras()
    import tensorflow

    return tensorflow


def import_for_training(seed: int) -> ModuleType:
    """Keras with every random seed fixed and deterministic kernels, for the rest of the process.

    Convolutions train several times faster with oneDNN, so it is on unless TensorFlow was imported without it
    before.
    """
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
        with _silenced_stderr():
            keras = import_keras()
    else:
        keras = import_keras()
    keras.utils.set_random_seed(seed)
    import_tensorflow().config.experimental.enable_op_determinism()
    return keras


def versions() -> dict[str, str]:
    """Versions of what a training result depends on."""
    return {
        "python": platform.python_version(),
        "keras": str(import_keras().__version__),
        "tensorflow": str(import_tensorflow().__version__),
        "numpy": np.__version__,
    }


@contextmanager
def _silenced_stderr() -> Iterator[None]:
    """Send file descriptor 2 nowhere: TensorFlow's C++ writes there past Python's sys.stderr."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
