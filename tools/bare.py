"""Run a frozen program where nothing is but what it needs: `python -m tools.bare PROGRAM`.

A root is made, in namespaces of its own. It holds the program's folder, read-only, in a home whose path has a
space and an accent; the system libraries that `tools.libraries` finds, and no others; /dev, /proc, an empty
/tmp. The environment is empty but for HOME. There the self-test runs, then (where Xvfb is installed) the
window on a real X11 screen. Where no such root can be made, the self-test runs as usual, and a line says so.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools import libraries, measure

__all__ = ["HOME", "command", "enter", "main", "make_root"]

HOME = "home/zoé"
_PLACE = f"{HOME}/Mes programmes/inkproof"
_USER = 1000


def make_root(root: Path, folder: Path) -> list[str]:
    """Fill `root` for the program in `folder`; returns the names of the system libraries that went in."""
    for name in ("dev", "proc", "tmp", "etc", _PLACE):
        (root / name).mkdir(parents=True)
    root.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(root / HOME, _USER, _USER)
    (root / "tmp").chmod(0o1777)
    (root / "etc" / "passwd").write_text(f"zoe:x:{_USER}:{_USER}::/{HOME}:/bin/false\n", encoding="utf-8")
    names = [*libraries.needed(folder), *libraries.SCREEN]
    copied = []
    for path in libraries.closure(names):
        # The linker stands where every program looks for it; it looks for the others in its own folders.
        place = root / ("lib64" if path.name.startswith("ld-linux") else "lib/x86_64-linux-gnu") / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path.resolve(), place)
        place.chmod(0o755)
        copied.append(path.name)
    return copied


def enter(root: Path, folder: Path, user: int, variables: dict[str, str], command: Sequence[str]) -> None:
    """In namespaces of its own: mount what belongs into the root, go there and start the program, if any."""
    program = root / _PLACE
    for arguments in (
        ("--bind", str(folder), str(program)),
        ("-o", "remount,bind,ro", str(program)),
        ("--rbind", "/dev", str(root / "dev")),
        ("-t", "proc", "proc", str(root / "proc")),
    ):
        subprocess.run(["mount", *arguments], check=True, capture_output=True)
    os.chroot(root)
    os.chdir("/")
    if user:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    if command:
        os.execve(command[0], list(command), {"HOME": f"/{HOME}", **variables})


def command(root: Path, program: Path, arguments: Sequence[str] | None, **variables: str) -> list[str]:
    """The command that runs the program in the root, without any rights; with None it only goes there."""
    is_root = os.geteuid() == 0
    what = {
        "root": str(root),
        "folder": str(program.parent),
        "user": _USER if is_root else 0,
        "variables": variables,
        "command": [f"/{_PLACE}/{program.name}", *arguments] if arguments is not None else [],
    }
    spaces = ["unshare", *([] if is_root else ["--user", "--map-root-user"]), "--mount", "--pid", "--fork"]
    return [*spaces, "--kill-child", sys.executable, "-m", "tools.bare", "--enter", json.dumps(what)]


def _can_be_made(root: Path, program: Path) -> str:
    """Why there can be no such root here; empty if there can."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return "That needs Linux and unshare (util-linux)."
    done = subprocess.run(command(root, program, None), capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    return (done.stderr.strip().splitlines() or [f"It ended with {done.returncode}."])[-1]


def _open_window(root: Path, program: Path) -> None:
    """The window appears on a real X11 screen, or InkproofError."""
    with measure.screen() as (display, pixels):
        blank = bytes(pixels)
        process = subprocess.Popen(
            command(root, program, [], DISPLAY=display), stdout=subprocess.DEVNULL, start_new_session=True
        )
        try:
            measure.wait_for_paint(process, pixels, blank)
        finally:
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                os.killpg(process.pid, signal.SIGTERM)  # unshare passes no signal on
            measure.end(process)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the root, and run the program in it. The exit status is that of the self-test."""
    parser = argparse.ArgumentParser(prog="python -m tools.bare", description=__doc__)
    parser.add_argument("program", type=Path, nargs="?", help="dist/inkproof/inkproof")
    parser.add_argument("--enter", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.enter:
        what = json.loads(options.enter)
        enter(Path(what.pop("root")), Path(what.pop("folder")), **what)
        return 0
    program = options.program.resolve()
    with tempfile.TemporaryDirectory(prefix="inkproof-bare-") as folder:
        root = Path(folder)
        names = make_root(root, program.parent)
        problem = _can_be_made(root, program)
        if problem:
            print(f"No bare root can be made here ({problem}): the self-test runs as usual.", flush=True)
            return subprocess.run([str(program), "selftest"], check=False).returncode
        print(f"In a bare root with {len(names)} system libraries: {', '.join(sorted(names))}", flush=True)
        done = subprocess.run(command(root, program, ["selftest"]), check=False)
        if done.returncode == 0 and shutil.which("Xvfb"):
            _open_window(root, program)
            print("The window opens on an X11 screen there.")
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())
