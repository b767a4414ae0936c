"""Where the frozen program begins."""

from __future__ import annotations

import multiprocessing
import os
import sys

from app.chain.node import guardian
from app.cli import main

_LIBRARIES = ("LD_LIBRARY_PATH", "LIBPATH")


def _give_back_the_environment() -> None:
    """PyInstaller's loader points these at the bundle; a browser or node that we start must not see that.

    The loader itself reads them before this line, and sets them again in the workers.
    """
    for name in _LIBRARIES:
        before = os.environ.pop(f"{name}_ORIG", None)
        if before is not None:
            os.environ[name] = before
        else:
            os.environ.pop(name, None)


if __name__ == "__main__":
    _give_back_the_environment()
    multiprocessing.freeze_support()  # a worker goes no further than this line
    if sys.argv[1:2] == [guardian.GUARD]:
        guardian.main(sys.argv[2])
    else:
        sys.exit(main())
