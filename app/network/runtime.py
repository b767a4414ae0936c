"""Keras on TensorFlow, imported when first needed, quiet and on the right backend."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

from app.errors import ModelError


def import_keras() -> ModuleType:
    """Keras 3 with its TensorFlow backend. Takes seconds at first. ModelError if it is not installed."""
    # Both must be set before the first import; a value that the person has chosen is kept.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    try:
        import keras
    except ImportError as error:
        raise ModelError(
            "The float network needs Keras and TensorFlow, which cannot be imported.",
            why=f"{error}.",
            hint="Install Inkproof again with its dependencies: pip install inkproof",
        ) from error
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise ModelError(
            f"Keras runs on the backend {backend!r} here.",
            why="The float network is written for TensorFlow.",
            hint="Unset KERAS_BACKEND and start again.",
        )
    return keras


def import_tensorflow() -> ModuleType:
    """TensorFlow, after Keras has been set up on it."""
    import_keras()
    import tensorflow

    return tensorflow


def versions() -> dict[str, str]:
    """Versions of what a training result depends on."""
    keras, tensorflow = import_keras(), import_tensorflow()
    import platform

    import numpy

    return {
        "python": platform.python_version(),
        "keras": str(keras.__version__),
        "tensorflow": str(tensorflow.__version__),
        "numpy": str(numpy.__version__),
    }


def make_deterministic(seed: int) -> Any:
    """Fix every random seed and ask TensorFlow for deterministic kernels; returns Keras."""
    keras, tensorflow = import_keras(), import_tensorflow()
    keras.utils.set_random_seed(seed)
    tensorflow.config.experimental.enable_op_determinism()
    return keras
