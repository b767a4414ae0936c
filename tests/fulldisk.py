"""A disk that is full: a small file system of its own, mounted where a command keeps its data.

It is mounted in a namespace (`unshare`), which needs no rights on most Linux systems, and is gone when the
command has ended.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """\
folder=$1 size=$2 fill=$3
shift 3
mount -t tmpfs -o size="$size" tmpfs "$folder" || exit 125
mkdir "$folder/home"
if [ "$fill" = fill ]; then cat /dev/zero > "$folder/zeros" 2>/dev/null; fi
INKPROOF_HOME="$folder/home" "$@"
status=$?
cd "$folder" && find . -type f ! -name zeros
exit $status
"""


@dataclass(frozen=True)
class OnSmallDisk:
    """A command that has ended: its exit status, its standard error, and the files it left on the disk."""

    status: int
    stderr: str
    files: list[str]


def available(folder: Path) -> bool:
    """Whether a file system can be mounted here."""
    return shutil.which("unshare") is not None and _run(folder, "64k", "empty", ["true"]).returncode == 0


def on_small_disk(folder: Path, size: str, arguments: Sequence[object], *, full: bool = False) -> OnSmallDisk:
    """Run `inkproof` with its data folder on a disk of that size ("20m"), filled to its last byte if `full`.

    What the command writes into `folder`, an empty one, is on that disk as well. It prints nothing itself.
    """
    command = [sys.executable, "-m", "app", *map(str, arguments)]
    done = _run(folder, size, "fill" if full else "empty", command)
    return OnSmallDisk(done.returncode, done.stderr, done.stdout.splitlines())


def _run(folder: Path, size: str, fill: str, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _SCRIPT, "sh"]
    return subprocess.run(
        [*unshare, str(folder), size, fill, *command],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
