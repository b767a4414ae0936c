"""The embedded node: a real Bitcoin SV node of the person's own, on a private chain (regtest)."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from app import paths
from app.chain.backends.rpc import WARMING_UP, Rpc
from app.chain.node import log as nodelog
from app.chain.node.binary import find_bitcoind
from app.chain.node.lease import Lease, Leases
from app.errors import (
    ChainError,
    NodeError,
    RpcError,
    TransientNodeError,
    UnreachableError,
    storage_hint,
)
from app.progress import Progress
from app.text import clean_text

__all__ = ["PROFILES", "EmbeddedNode", "NodeStatus"]

# What 1.0.13 does not start without, and the height from which big scripts are valid (regtest has 10,000).
_REQUIRED = {
    "genesisactivationheight": "1",
    "maxstackmemoryusageconsensus": "2GB",
    "excessiveblocksize": "10GB",
    "minminingtxfee": "0.00000050",
}
# Room for scripts beyond the default 500,000 bytes, such as the unrolled network's 852 KB.
_RAISED = {"maxscriptsizepolicy": "20MB", "maxtxsizepolicy": "40MB"}

PROFILES: dict[str, dict[str, str]] = {"regtest": _REQUIRED, "regtest-raised": {**_REQUIRED, **_RAISED}}
"""Settings of each profile. `regtest` keeps a default node's policy: it allows nothing that others refuse."""

_ANSWER_SECONDS = 60.0
_WARM_UP_SECONDS = 600.0
_STOP_SECONDS = 60.0
_TERMINATE_SECONDS = 10.0
_LOCK_SECONDS = 900.0
_RETRY_SECONDS = 15.0
_RETRIES = 5
_SILENT_AFTER = 2

# Kept so that a node which has ended is reaped and not taken for a running one.
_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class NodeStatus:
    """What is known of the embedded node without starting it. `users` counts the programs that hold it."""

    profile: str
    folder: Path
    running: bool
    answering: bool
    keep: bool
    users: int
    pid: int | None = None
    url: str | None = None
    version: str | None = None
    chain: str | None = None
    height: int | None = None
    connections: int | None = None


class EmbeddedNode:
    """An embedded node with its data folder `home()/nodes/<profile>`. Objects of one profile share it."""

    def __init__(self, profile: str = "regtest", *, extra_flags: Sequence[str] = ()) -> None:
        """`extra_flags`: more settings, such as "maxscriptsizepolicy=0", for when this object starts it."""
        if profile not in PROFILES:
            raise NodeError(
                f"There is no embedded node called {clean_text(profile, 40)!r}.",
                hint=f"Choose one of {', '.join(PROFILES)}.",
            )
        self.profile = profile
        self.folder = paths.home().resolve() / "nodes" / profile
        pairs = [flag.lstrip("-").partition("=") for flag in extra_flags]
        self._extra = {name: value or "1" for name, _, value in pairs}
        self._conf = self.folder / "bitcoin.conf"
        self._output = self.folder / "output.log"
        self._pid = self.folder / "node.pid"
        self._keep = self.folder / "keep"
        self._leases = Leases(self.folder / "leases")
        self._lock = FileLock(self.folder.with_suffix(".lock"))

    def start(self, progress: Progress, *, keep: bool = False) -> Rpc:
        """The running node's RPC; the node is started unless it already runs.

        With `keep` it goes on running after the last program that uses it. NodeError where it cannot start.
        """
        with self._guarded():
            rpc = self._start(progress)
            if keep:
                self._keep.touch(mode=0o600)
            return rpc

    def stop(self) -> bool:
        """Stop the node, whoever uses it; whether there was one to stop. NodeError if it will not end."""
        with self._guarded():
            return self._stop()

    @contextlib.contextmanager
    def lease(self, progress: Progress, *, keep: bool = False) -> Iterator[Rpc]:
        """Use the node: started if need be, and stopped by the last user out unless it is to be kept."""
        with self._guarded():
            lease = self._leases.take()
            try:
                rpc = self._start(progress)
            except BaseException:
                # Given up in the middle, by an error or by the person: what has started must not stay.
                self._give_back(lease)
                raise
            if keep:
                self._keep.touch(mode=0o600)
        try:
            yield rpc
        finally:
            with self._guarded():
                self._give_back(lease)

    def _give_back(self, lease: Lease) -> None:
        lease.drop()
        if not self._leases.count() and not self._keep.exists():
            self._stop()

    def status(self) -> NodeStatus:
        """The node as it is now. Starts nothing, and does not fail because the node does."""
        known: dict[str, Any] = {
            "profile": self.profile,
            "folder": self.folder,
            "keep": self._keep.exists(),
            "users": 0,
        }
        process = self._process()
        if process is None:
            return NodeStatus(running=False, answering=False, **known)
        with self._guarded():
            known["users"] = self._leases.count()
        known["pid"] = process.pid
        try:
            rpc = self._rpc(timeout=5)
            known["url"] = rpc.url
            chain, net = rpc.call("getblockchaininfo"), rpc.call("getnetworkinfo")
            known["version"] = clean_text(str(net["subversion"]), 60).strip("/")
            known["connections"] = int(net["connections"])
            known["chain"], known["height"] = clean_text(str(chain["chain"]), 20), int(chain["blocks"])
        except (ChainError, KeyError, TypeError, ValueError):
            return NodeStatus(running=True, answering=False, **known)
        return NodeStatus(running=True, answering=True, **known)

    def set_aside(self) -> Path:
        """Stop the node and move its data folder aside, so that the next start makes a new one.

        Returns where the old folder is now. Nothing of it is deleted.
        """
        with self._guarded():
            self._stop()
            kept = self.folder.with_name(f"{self.profile}.damaged-{datetime.now():%Y%m%d-%H%M%S-%f}")
            try:
                self.folder.rename(kept)
            except OSError as error:
                raise NodeError(f"{self.folder} cannot be moved aside.", why=f"{error.strerror}.") from error
            return kept

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Only one program at a time may start, stop or count the users of the node."""
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock.acquire(timeout=_LOCK_SECONDS)
        except Timeout as error:
            raise NodeError(
                "Another program has been starting or stopping the embedded node for a long time.",
                hint="Wait for it, or end it.",
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            yield
        finally:
            self._lock.release()

    def _start(self, progress: Progress) -> Rpc:
        process = self._process()
        if process is not None:
            try:
                return self._await_answer(process, progress)
            except NodeError:
                # It was about to end when we found it; otherwise its silence is the answer.
                if _alive(process):
                    raise
        program = find_bitcoind(progress)
        progress("Starting the Bitcoin SV node", None)
        deadline = time.monotonic() + _RETRY_SECONDS
        for attempt in itertools.count(1):
            process = self._launch(program)
            try:
                return self._await_answer(process, progress)
            except TransientNodeError:
                if attempt >= _RETRIES and time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        raise AssertionError("it starts or it fails")

    def _launch(self, program: Path) -> psutil.Process:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.chmod(0o700)
            self._keep.unlink(missing_ok=True)
            _write_private(self._conf, self._settings())
            _write_private(self._output, "")
            with self._output.open("ab") as output:
                child = subprocess.Popen(
                    [str(program), f"-datadir={self.folder}"],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,
                    **_detached(),
                )
            _started.append(child)
            _write_private(self._pid, str(child.pid))
            return psutil.Process(child.pid)
        except psutil.NoSuchProcess as error:
            raise nodelog.explain(self._output, self._log(), self.folder) from error
        except OSError as error:
            if error.filename in (str(program), program):
                raise nodelog.not_runnable(program, error) from error
            raise self._unwritable(error) from error

    def _settings(self) -> str:
        settings = {
            "regtest": "1",
            "server": "1",
            "listen": "0",
            "dnsseed": "0",
            "discover": "0",
            "upnp": "0",
        }
        settings |= {"txindex": "1", "keypool": "1", "dbcache": "64"}
        settings |= PROFILES[self.profile] | self._extra
        settings |= {"rpcbind": "127.0.0.1", "rpcallowip": "127.0.0.1", "rpcport": str(_free_port())}
        settings |= {"rpcuser": secrets.token_hex(8), "rpcpassword": secrets.token_hex(32)}
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def _rpc(self, *, timeout: float = 30.0) -> Rpc:
        """RPC with the credentials in the node's settings: random, so a node that takes them is ours."""
        try:
            lines = self._conf.read_text(encoding="utf-8").splitlines()
            settings = dict(line.split("=", 1) for line in lines if "=" in line)
            url = f"http://127.0.0.1:{int(settings['rpcport'])}"
            return Rpc(url, settings["rpcuser"], settings["rpcpassword"], timeout=timeout)
        except (OSError, ValueError, KeyError) as error:
            raise NodeError(
                f"The settings of the embedded node in {self._conf} cannot be read.",
                hint="Run `inkproof node stop`, then try again.",
            ) from error

    def _await_answer(self, process: psutil.Process, progress: Progress) -> Rpc:
        rpc = self._rpc()
        began = time.monotonic()
        limit = _ANSWER_SECONDS
        while True:
            try:
                answer = rpc.call("getblockchaininfo", timeout=_SILENT_AFTER)
                chain = rpc.peer.mapping(answer).get("chain")
            except RpcError as error:
                if error.code != WARMING_UP:
                    raise
                limit = _WARM_UP_SECONDS
                progress(f"The node is warming up: {error.message}", None)
            except UnreachableError as error:
                if not _alive(process):
                    raise nodelog.explain(self._output, self._log(), self.folder) from error
                if time.monotonic() - began > limit:
                    raise NodeError(
                        f"The embedded node runs (process {process.pid}) but does not answer.",
                        why=error.what,
                        hint="Run `inkproof node stop`, then try again.",
                    ) from error
            else:
                if chain != "regtest":
                    raise NodeError(f"The embedded node is on another chain: {clean_text(str(chain), 20)}.")
                return rpc
            time.sleep(0.05)

    def _stop(self) -> bool:
        process = self._process()
        _forget(self._keep)
        if process is None:
            return False
        with contextlib.suppress(ChainError):
            self._rpc(timeout=5).call("stop")
            _await_end(process, _STOP_SECONDS)
        for end in (process.terminate, process.kill):
            if _alive(process):
                with contextlib.suppress(psutil.NoSuchProcess):
                    end()
                _await_end(process, _TERMINATE_SECONDS)
        if _alive(process):
            raise NodeError(
                f"The embedded node (process {process.pid}) does not end.", hint="End it yourself."
            )
        _forget(self._pid)
        return True

    def _process(self) -> psutil.Process | None:
        """Our node's process, known by the data folder on its command line; process numbers are reused.

        The node's own file serves where the program that started it was killed before it wrote its own.
        """
        wanted = f"-datadir={self.folder}"
        for path in (self._pid, self.folder / "regtest" / "bitcoind.pid"):
            with contextlib.suppress(OSError, ValueError, OverflowError, psutil.Error):
                process = psutil.Process(int(path.read_text(encoding="ascii")))
                if _alive(process) and wanted in process.cmdline():
                    return process
        return None

    def _log(self) -> Path:
        return self.folder / "regtest" / "bitcoind.log"

    def _unwritable(self, error: OSError) -> NodeError:
        free = ""
        with contextlib.suppress(OSError):
            free = f" {shutil.disk_usage(self.folder.parent).free // 2**20} MB are free there."
        return NodeError(
            f"The embedded node's folder {self.folder} cannot be used.",
            why=f"{error.strerror or error}.{free}",
            hint=storage_hint(error),
        )


def _detached() -> dict[str, Any]:
    """A group of its own: Ctrl+C in the terminal must not end the node before the ledger is written."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True, "umask": 0o077}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_private(path: Path, text: str) -> None:
    """Replace a file by one that only its owner can read, from its first byte on."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    file = os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
    try:
        with file:
            file.write(text)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _alive(process: psutil.Process) -> bool:
    for child in _started:
        child.poll()
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _await_end(process: psutil.Process, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while _alive(process) and time.monotonic() < deadline:
        time.sleep(0.02)
