"""The embedded node: a real Bitcoin SV node of the person's own, on a private chain (regtest)."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from app.chain.backends.rpc import WARMING_UP, Rpc
from app.chain.node import guardian, running
from app.chain.node import log as nodelog
from app.chain.node.binary import find_bitcoind
from app.chain.node.lease import Lease, Leases
from app.chain.node.places import Places
from app.errors import (
    ChainError,
    NodeError,
    RpcError,
    TransientNodeError,
    UnreachableError,
    storage_hint,
)
from app.progress import Progress, silent
from app.text import clean_text

__all__ = ["PROFILES", "EmbeddedNode", "Limits", "NodeStatus", "free_port"]

# What 1.0.13 does not start without, and the height from which big scripts are valid (regtest has 10,000).
_REQUIRED = {
    "genesisactivationheight": "1",
    "maxstackmemoryusageconsensus": "2GB",
    "excessiveblocksize": "10GB",
    "minminingtxfee": "0.00000050",
}
# Room for scripts beyond the default 500,000 bytes, such as that of the unrolled contract.
_RAISED = {"maxscriptsizepolicy": "20MB", "maxtxsizepolicy": "40MB"}

PROFILES: dict[str, dict[str, str]] = {"regtest": _REQUIRED, "regtest-raised": {**_REQUIRED, **_RAISED}}
"""Settings of each profile. `regtest` keeps a default node's policy: it allows nothing that others refuse."""


@dataclass(frozen=True)
class Limits:
    """How long things are waited for, in seconds.

    `answer`: a started node's first answer; `warm_up`: the same while it says that it is warming up;
    `silent`: each question meanwhile; `stop`: its end when it is told to stop; `terminate`: its end by
    signal; `lock`: other programs that start or stop it; `retry`: starts that fail for a temporary reason.
    """

    answer: float = 60.0
    warm_up: float = 600.0
    silent: float = 2.0
    stop: float = 60.0
    terminate: float = 10.0
    lock: float = 900.0
    retry: float = 15.0


_RETRIES = 5
"""The least number of starts that are tried where the reason may pass."""


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

    def __init__(
        self,
        profile: str = "regtest",
        *,
        extra_flags: Sequence[str] = (),
        limits: Limits = Limits(),
        port: Callable[[], int] | None = None,
    ) -> None:
        """`extra_flags`: more settings, such as "maxscriptsizepolicy=0", for when this object starts it.

        `port` chooses the port of its RPC: a free one unless given.
        """
        if profile not in PROFILES:
            raise NodeError(
                f"There is no embedded node called {clean_text(profile, 40)!r}.",
                hint=f"Choose one of {', '.join(PROFILES)}.",
            )
        self.profile = profile
        self.places = Places.of(profile)
        pairs = [flag.lstrip("-").partition("=") for flag in extra_flags]
        self._extra = {name: value or "1" for name, _, value in pairs}
        self._limits = limits
        self._port = port or free_port
        self._leases = Leases(self.places.leases)
        self._lock = FileLock(self.places.lock)

    @property
    def folder(self) -> Path:
        """The node's data folder."""
        return self.places.folder

    def start(self, progress: Progress) -> Rpc:
        """The running node's RPC; the node is started unless it runs, and goes on without users.

        NodeError where it cannot start.
        """
        with self.lease(progress, keep=True) as rpc:
            return rpc

    def stop(self) -> bool:
        """Stop the node even if it is in use; True if there was one. NodeError if it does not end."""
        with self._guarded():
            return self._stop()

    def stop_unused(self, progress: Progress = silent) -> None:
        """Stop the node unless a program uses it or it is to be kept. NodeError if it does not end.

        `progress` is called only if it is stopped.
        """
        with self._guarded():
            if self._leases.count() or self.places.keep.exists():
                return
            if self._process() is not None:
                progress("Stopping the node", None)
            self._stop()

    @contextlib.contextmanager
    def lease(self, progress: Progress, *, keep: bool = False) -> Iterator[Rpc]:
        """Use the node: started if need be, and stopped by the last user unless it is to be kept.

        With `keep` it goes on running without users. NodeError where it cannot start.
        """
        lease: Lease | None = None
        try:
            with self._guarded():
                lease = self._take_lease()
                rpc = self._start(progress)
                if keep:
                    self.places.keep.touch(mode=0o600)
            yield rpc
        finally:
            # Also where an error or the person ended the start: the node must not be left running.
            if lease is not None:
                lease.drop()
                self.stop_unused(progress)

    def status(self) -> NodeStatus:
        """The node as it is now. Starts nothing, and does not fail because the node does."""
        known: dict[str, Any] = {
            "profile": self.profile,
            "folder": self.folder,
            "keep": self.places.keep.exists(),
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
            self._lock.acquire(timeout=self._limits.lock)
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

    def _take_lease(self) -> Lease:
        try:
            return self._leases.take()
        except OSError as error:
            raise self._unwritable(error) from error

    def _start(self, progress: Progress) -> Rpc:
        process = self._process()
        if process is not None:
            guardian.ensure(self.places)
            try:
                return self._await_answer(process, progress)
            except NodeError:
                # It was about to end when it was found; a node that goes on and does not answer is an error.
                if running.alive(process):
                    raise
        program = find_bitcoind(progress)
        progress("Starting the Bitcoin SV node", None)
        deadline = time.monotonic() + self._limits.retry
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
        places = self.places
        try:
            places.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            places.folder.chmod(0o700)
            places.keep.unlink(missing_ok=True)
            _write_private(places.conf, self._settings())
            _write_private(places.output, "")
            # Whatever ends this program from here on, the guardian finds the node.
            _write_private(places.pid, "")
            guardian.ensure(places)
            with places.output.open("ab") as output:
                command = [str(program), running.data_folder_flag(places.folder)]
                if sys.platform == "win32":
                    running.check_path(command[1], places.folder)
                number = running.start(command, folder=places.folder, output=output)
            _write_private(places.pid, str(number))
            return psutil.Process(number)
        except psutil.NoSuchProcess as error:
            raise nodelog.explain(places.output, places.log, places.folder) from error
        except OSError as error:
            if error.filename in (str(program), program):
                raise nodelog.not_runnable(program, error) from error
            raise self._unwritable(error) from error

    def _settings(self) -> str:
        settings = {"regtest": "1", "server": "1", "txindex": "1", "keypool": "1", "dbcache": "64"}
        settings |= {"listen": "0", "dnsseed": "0", "discover": "0", "upnp": "0"}
        # On regtest, unlike mainnet, a node checks its mempool and all of its block index again and again. In
        # 1.0.13 the first check fails on a sound mempool while transactions arrive, and ends the node.
        settings |= {"checkmempool": "0", "checkblockindex": "0"}
        settings |= PROFILES[self.profile] | self._extra
        settings |= {"rpcbind": "127.0.0.1", "rpcallowip": "127.0.0.1", "rpcport": str(self._port())}
        settings |= {"rpcuser": secrets.token_hex(8), "rpcpassword": secrets.token_hex(32)}
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def _rpc(self, *, timeout: float = 30.0) -> Rpc:
        """RPC with the credentials in the node's settings: random, so a node that takes them is ours."""
        try:
            lines = self.places.conf.read_text(encoding="utf-8").splitlines()
            settings = dict(line.split("=", 1) for line in lines if "=" in line)
            url = f"http://127.0.0.1:{int(settings['rpcport'])}"
            return Rpc(url, settings["rpcuser"], settings["rpcpassword"], timeout=timeout)
        except (OSError, ValueError, KeyError) as error:
            raise NodeError(
                f"The settings of the embedded node in {self.places.conf} cannot be read.",
                hint="Run `inkproof node stop`, then try again.",
            ) from error

    def _await_answer(self, process: psutil.Process, progress: Progress) -> Rpc:
        rpc = self._rpc()
        began = time.monotonic()
        limit = self._limits.answer
        while True:
            try:
                answer = rpc.call("getblockchaininfo", timeout=self._limits.silent)
                chain = rpc.peer.mapping(answer).get("chain")
            except RpcError as error:
                if error.code != WARMING_UP:
                    raise
                limit = self._limits.warm_up
                progress(f"The node is warming up: {error.message}", None)
            except UnreachableError as error:
                if not running.alive(process):
                    raise nodelog.explain(self.places.output, self.places.log, self.folder) from error
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
        _forget(self.places.keep)
        if process is not None:
            with contextlib.suppress(ChainError):
                self._rpc(timeout=5).call("stop")
                running.await_end(process, self._limits.stop)
            for end in (process.terminate, process.kill):
                if running.alive(process):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        end()
                    running.await_end(process, self._limits.terminate)
            if running.alive(process):
                raise NodeError(
                    f"The embedded node (process {process.pid}) does not end.", hint="End it yourself."
                )
        _forget(self.places.pid)
        return process is not None

    def _process(self) -> psutil.Process | None:
        return running.find(self.folder, self.places.notes)

    def _unwritable(self, error: OSError) -> NodeError:
        free = ""
        with contextlib.suppress(OSError):
            free = f" {shutil.disk_usage(self.folder.parent).free // 2**20} MB are free there."
        return NodeError(
            f"The embedded node's folder {self.folder} cannot be used.",
            why=f"{error.strerror or error}.{free}",
            hint=storage_hint(error),
        )


def free_port() -> int:
    """A TCP port on this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_private(path: Path, text: str) -> None:
    """Replace a file by one that only its owner can read, from its first byte on."""
    if sys.platform == "win32" and path.exists():
        path.write_text(text, encoding="utf-8")  # a file that a process holds open cannot be replaced
        return
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
