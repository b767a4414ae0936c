"""No node runs on without a program that uses it, however that program ended; unless it is to be kept."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from app.chain.node.process import EmbeddedNode
from tests.chain.node.test_process import begin, url_of
from tests.conftest import hearing, quiet
from tests.waiting import eventually

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and scripts are POSIX")

STARTER = """
import sys
from app.chain.node.process import EmbeddedNode
from app.cli.ending import ended_by_signals
with ended_by_signals():
    try:
        EmbeddedNode("regtest").start(lambda text, done: None)
    except KeyboardInterrupt:
        sys.exit(7)
"""


def guarded(node: EmbeddedNode) -> bool:
    """Whether a guardian watches the node. Its lock is not tried: a guardian that finds it taken ends."""
    lock = str(node.places.guardian.resolve())
    for process in guardians(node.places.home):
        with contextlib.suppress(psutil.Error):
            if any(file.path == lock for file in process.open_files()):
                return True
    return False


def guardians(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if "app.chain.node.guardian" in process.cmdline():
                found += [process] if process.environ().get("INKPROOF_HOME") == str(home.resolve()) else []
        except psutil.Error:
            continue
    return found


def nodes(home: Path) -> list[int]:
    """Processes that run on this data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(word.startswith(f"-datadir={home.resolve()}") for word in process.cmdline()):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def script(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@pytest.mark.exhaustive
def test_a_node_whose_only_user_was_killed_ends_by_itself(bitcoind: Path, home: Path) -> None:
    node, user = EmbeddedNode("regtest"), begin()
    assert url_of(user)
    assert eventually(lambda: guarded(node))
    user.kill()
    user.communicate()
    assert eventually(lambda: not node.status().running)
    assert eventually(lambda: not guarded(node))


def test_a_node_that_another_program_uses_too_goes_on_until_that_is_killed_as_well(
    bitcoind: Path, home: Path
) -> None:
    node, one, two = EmbeddedNode("regtest"), begin(), begin()
    assert url_of(one) == url_of(two) != ""
    assert eventually(lambda: guarded(node))
    for user, left in ((one, 1), (two, 0)):
        user.kill()
        user.communicate()
        assert eventually(lambda left=left: node.status().users == left)
        assert node.status().running or not left
    assert eventually(lambda: not node.status().running)
    assert eventually(lambda: not guarded(node))


def test_a_kept_node_needs_no_guardian_and_outlives_a_killed_user(bitcoind: Path, home: Path) -> None:
    node = EmbeddedNode("regtest")
    rpc = node.start(quiet)
    assert eventually(lambda: not guarded(node))
    user = begin()
    assert url_of(user)
    user.kill()
    user.communicate()
    assert eventually(lambda: not guarded(node))
    assert rpc.call("getblockcount") == 0


def test_a_guardian_that_was_killed_is_replaced_by_the_next_user(bitcoind: Path, home: Path) -> None:
    node, user = EmbeddedNode("regtest"), begin()
    assert url_of(user)
    assert eventually(lambda: guarded(node))
    for guardian in guardians(home):
        guardian.kill()
    assert eventually(lambda: not guarded(node))
    second = begin()
    assert url_of(second)
    assert eventually(lambda: guarded(node))
    for program in (user, second):
        program.kill()
        program.communicate()
    assert eventually(lambda: not node.status().running)


@posix
def test_a_starter_killed_as_soon_as_the_node_is_executed_leaves_it_to_the_guardian(
    bitcoind: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node's own first act here is to kill its starter, which cannot note the process any more."""
    deadly = script(tmp_path / "bitcoind", f'#!/bin/sh\nkill -KILL $PPID\nexec {bitcoind} "$@"\n')
    monkeypatch.setenv("INKPROOF_BITCOIND", deadly)
    starter = begin()
    assert starter.wait(60) == -signal.SIGKILL
    assert eventually(lambda: not nodes(home) and not guarded(EmbeddedNode("regtest")))


def test_a_node_is_found_though_no_file_names_its_process(bitcoind: Path, home: Path) -> None:
    node = EmbeddedNode("regtest")
    node.start(quiet)
    pid = node.status().pid
    for note in node.places.notes:
        assert eventually(note.exists)
        note.unlink()
    assert node.status().pid == pid
    with node.lease(quiet):
        assert node.status().pid == pid
    assert node.stop()
    assert nodes(home) == []


@posix
@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT, signal.SIGTERM]])
def test_a_start_that_is_ended_before_the_node_answers_leaves_no_node(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signals: list[int]
) -> None:
    """`inkproof node start` is interrupted, also more than once, while the node warms up."""
    slow = script(tmp_path / "bitcoind", f"#!{sys.executable}\nimport time\ntime.sleep(600)\n")
    monkeypatch.setenv("INKPROOF_BITCOIND", slow)
    starter = subprocess.Popen([sys.executable, "-c", STARTER], preexec_fn=hearing)
    assert eventually(lambda: bool(nodes(home)))
    for number in signals:
        starter.send_signal(number)
    assert starter.wait(60) == 7
    assert nodes(home) == []


@posix
def test_what_is_started_is_given_no_credentials(
    bitcoind: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {"INKPROOF_RPC_USER": "u-3c", "INKPROOF_RPC_PASSWORD": "p-7f", "INKPROOF_ARC_TOKEN": "t-a1"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    node = EmbeddedNode("regtest")
    with node.lease(quiet):
        pid = node.status().pid
        assert pid is not None
        assert eventually(lambda: guarded(node))
        for process in (psutil.Process(pid), *guardians(home)):
            environment = process.environ()
            assert not secrets.keys() & environment.keys()
            assert environment["PATH"] == os.environ["PATH"]
