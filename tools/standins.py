"""Run first in the frozen program: stand-ins for parts of TensorFlow that are imported but never used.

`import tensorflow` imports its profiler's client and its tools for small devices, and with them 33 MB of
libraries. In the frozen program their modules are left out, and these stand in for them: they can be
imported, names can be taken from them, and using such a name says what it is that is missing.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, NoReturn

NAMES = (
    "tensorflow.python.profiler.internal._pywrap_profiler_plugin",
    "tensorflow.lite.python.analyzer_wrapper._pywrap_analyzer_wrapper",
    "tensorflow.lite.python.interpreter_wrapper._pywrap_tensorflow_interpreter_wrapper",
    "tensorflow.lite.python.metrics._pywrap_tensorflow_lite_metrics_wrapper",
    "tensorflow.lite.python.optimize._pywrap_tensorflow_lite_calibration_wrapper",
    "tensorflow.lite.testing._pywrap_string_util",
    "tensorflow.lite.tools.optimize.python._pywrap_modify_model_interface",
    "tensorflow.lite.tools.optimize.sparsity.format_converter_wrapper_pybind11",
)
"""Modules that have a stand-in."""


class StandIn(ModuleType):
    """A module whose every public name is a class that cannot be used."""

    def __getattr__(self, name: str) -> Any:
        """A class in place of whatever was wanted."""
        if name.startswith("__"):
            raise AttributeError(name)
        where = f"{self.__name__}.{name}"

        def refuse(*_: Any, **__: Any) -> NoReturn:
            raise NotImplementedError(f"{where} was left out of the frozen program.")

        return type(name, (), {"__new__": refuse})


def install() -> None:
    """Put the stand-ins where `import` finds them."""
    for name in NAMES:
        sys.modules[name] = StandIn(name)


if getattr(sys, "frozen", False):
    install()
