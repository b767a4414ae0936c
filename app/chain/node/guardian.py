"""The guardian: a small process that stops the embedded node when no program uses it any more.

Each program that uses the node holds a lease, a locked file that the operating system releases however the
program ends. The last program normally stops the node itself. Where it was killed, the guardian does: it
looks at the leases twice a second, and ends when the node has stopped or is to be kept running.

It runs as `python -m app.chain.node.guardian PROFILE`, in the frozen program as `inkproof --guard-node
PROFILE`, with INKPROOF_HOME set. It stays small: the code that stops a node is imported only when there is
one to stop.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from pathlib import Path

from filelock import FileLock, Timeout

import app
from app.chain.node import running
from app.chain.node.lease import Leases
from app.chain.node.places import Places

__all__ = ["GUARD", "ensure", "main", "watch"]

GUARD = "--guard-node"
"""The first argument that makes the frozen program a guardian."""
_LOOK_SECONDS = 0.5


def ensure(places: Places) -> None:
    """Start a guardian for the node of these places unless one is there.

    The caller holds the node's lock and a lease. A system that can start no further process leaves the node
    without a guardian: the last program that uses it stops it all the same.
    """
    with contextlib.suppress(Timeout, OSError):
        with FileLock(places.guardian, timeout=0):
            pass
        frozen = getattr(sys, "frozen", False)
        command = [sys.executable, GUARD] if frozen else [sys.executable, "-m", __name__]
        running.start(
            [*command, places.profile],
            folder=Path(app.__file__).resolve().parents[1],
            output=subprocess.DEVNULL,
            extra={"INKPROOF_HOME": str(places.home)},
        )


def watch(places: Places, *, look: float = _LOOK_SECONDS) -> None:
    """Guard the node until it is stopped or to be kept. Returns at once if another guardian does.

    `look`: seconds between two looks.
    """
    mine = FileLock(places.guardian)
    try:
        mine.acquire(timeout=0)
    except (Timeout, OSError):
        return
    while places.folder.exists() and not _is_done(places, mine):
        time.sleep(look)


def _is_done(places: Places, mine: FileLock) -> bool:
    """Stop a node that nobody uses. True, and `mine` released, if there is nothing left to guard."""
    try:
        # Whoever starts a node holds this lock while it looks for a guardian, so a guardian that is about to
        # end is not mistaken for one that stays.
        with FileLock(places.lock, timeout=0):
            unused = Leases(places.leases).count() == 0
            if places.keep.exists() or (unused and not places.pid.exists()):
                mine.release()
                return True
    except (Timeout, OSError):
        return False
    if unused:
        from app.chain.node.process import EmbeddedNode
        from app.errors import InkproofError

        with contextlib.suppress(InkproofError):
            EmbeddedNode(places.profile).stop_unused()
    return False


def main(profile: str) -> None:
    """Guard the node of INKPROOF_HOME."""
    if getattr(sys, "frozen", False):
        # The single file's folder of modules is gone once the program that unpacked it has ended.
        import app.chain.node.process  # noqa: F401
    watch(Places.of(profile))


if __name__ == "__main__":
    main(sys.argv[1])
