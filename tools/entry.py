"""Where the frozen program begins: every process of it, workers included."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping

__all__ = ["for_programs", "to_find_own_libraries"]

_PATH = "LD_LIBRARY_PATH"
_BEFORE = f"{_PATH}_ORIG"
_STARTED_AGAIN = "_INKPROOF_STARTED_AGAIN"


def to_find_own_libraries(environment: Mapping[str, str], bundle: str) -> dict[str, str] | None:
    """The environment in which this process has to be started again to load the bundle's own libraries.

    The dynamic linker reads LD_LIBRARY_PATH once, when a process begins. PyInstaller's loader sets it (and
    keeps the user's value in LD_LIBRARY_PATH_ORIG) for the first process only; one that another process of
    ours has started, in whatever way, has the environment that programs get (`for_programs`).

    Returns None if this process has its libraries.
    """
    before = environment.get(_PATH)
    if _STARTED_AGAIN in environment or (before or "").split(os.pathsep)[0] == bundle:
        return None
    changed = {**environment, _STARTED_AGAIN: "1", _PATH: bundle}
    if before:
        changed |= {_BEFORE: before, _PATH: os.pathsep.join((bundle, before))}
    return changed


def for_programs(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for programs that we start (node, browser): the user's own LD_LIBRARY_PATH, or none."""
    changed = {
        key: value for key, value in environment.items() if key not in (_STARTED_AGAIN, _PATH, _BEFORE)
    }
    if _BEFORE in environment:
        changed[_PATH] = environment[_BEFORE]
    return changed


def _main() -> int:
    if sys.platform == "linux":
        # Before any import that loads a library.
        again = to_find_own_libraries(os.environ, str(getattr(sys, "_MEIPASS", "")))
        if again is not None:
            os.execve(sys.executable, [sys.executable, *sys.argv[1:]], again)
        clean = for_programs(os.environ)
        for name in set(os.environ) - set(clean):
            del os.environ[name]
        os.environ.update(clean)
    multiprocessing.freeze_support()  # a worker, or multiprocessing's resource tracker, goes no further
    from app.chain.node import guardian

    if sys.argv[1:2] == [guardian.GUARD]:
        guardian.main(sys.argv[2])
        return 0
    from app.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(_main())
