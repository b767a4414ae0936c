"""Keras, imported when first needed, quiet: on TensorFlow, or on JAX, which trains on a GPU."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import ModelError
from app.picture import SIDE

BACKENDS = {
    "tensorflow": ("TensorFlow", "Install Inkproof again with its dependencies: pip install inkproof"),
    "jax": ("JAX", "Install it (pip install jax), or unset KERAS_BACKEND."),
}
"""Each backend's name, and what to do where it is missing."""


def import_keras() -> ModuleType:
    """Keras 3 on TensorFlow, unless KERAS_BACKEND names jax. Takes seconds at first.

    ModelError for another backend, or if it is not installed.
    """
    # All must be set before the first import; a value that the person has chosen is kept.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    # oneDNN prints a notice on stderr at any log level, and one small image gains nothing from it.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    backend = os.environ["KERAS_BACKEND"]
    if backend not in BACKENDS:
        raise ModelError(
            f"KERAS_BACKEND asks for {backend!r}.",
            why="The float model runs on TensorFlow, and on JAX.",
            hint="Unset KERAS_BACKEND and start again.",
        )
    name, remedy = BACKENDS[backend]
    try:
        import keras
    except ImportError as error:
        raise ModelError(
            f"The float model needs Keras on {name}, which cannot be imported.",
            why=f"{error}.",
            hint=remedy,
        ) from error
    return keras


def on_tensorflow() -> bool:
    """Whether Keras runs on TensorFlow."""
    return bool(import_keras().backend.backend() == "tensorflow")


def import_for_training(seed: int) -> ModuleType:
    """Keras with every random seed fixed for the rest of the process; TensorFlow with deterministic kernels.

    Convolutions train several times faster with oneDNN, so it is on unless Keras was imported before.
    """
    if "keras" not in sys.modules:
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
        with _silenced_stderr():
            keras = import_keras()
    else:
        keras = import_keras()
    keras.utils.set_random_seed(seed)
    if on_tensorflow():
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
    return keras


def answering(function: Callable[[Any], Any]) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """A function of Keras operations on pictures (N, 28, 28), from arrays to arrays.

    On TensorFlow it is traced once for any N: calling it is then several times faster.
    """
    if not on_tensorflow():
        ops = import_keras().ops
        return lambda images: np.asarray(ops.convert_to_numpy(function(ops.convert_to_tensor(images))))
    import tensorflow

    traced = tensorflow.function(
        function,
        input_signature=[tensorflow.TensorSpec((None, SIDE, SIDE), tensorflow.float32)],
        autograph=False,  # nothing to rewrite, and a frozen program has no source to read
    )
    return lambda images: traced(images).numpy()


def versions() -> dict[str, str]:
    """Versions of what a training result depends on."""
    keras = import_keras()
    backend = keras.backend.backend()
    return {
        "python": platform.python_version(),
        "keras": str(keras.__version__),
        backend: str(sys.modules[backend].__version__),
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
