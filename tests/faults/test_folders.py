"""The data folder: shared, taken, unwritable, full, damaged; and a clock that jumps."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from app.chain.backends.rpc import Rpc
from app.chain.connection import NodeChoice
from app.chain.ledger.records import VerificationState
from app.chain.ledger.store import Ledger
from app.chain.node.process import EmbeddedNode, free_port
from app.chain.service import ledger_path
from app.errors import InkproofError, LedgerError, NodeError, UnreachableError
from tests.cli.conftest import call
from tests.conftest import quiet
from tests.faults import world
from tests.sizes import sized

FAKETIME = next(
    (str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")),
    None,
)
root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="mounting a file system takes root on Linux"
)

OTHER = """
import json, sys
from tests.faults import world
with world.service() as opened:
    print("ready", flush=True)
    sys.stdin.readline()
    for seed in range(int(sys.argv[1]), int(sys.argv[2])):
        verdict = world.claim(opened, seed)
        print(json.dumps([seed, verdict.accepted, verdict.txid]), flush=True)
"""


@contextlib.contextmanager
def mounted(size: str) -> Iterator[Path]:
    """A small file system of its own."""
    folder = Path(tempfile.mkdtemp(prefix="ink-"))
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True
    )
    if done.returncode != 0:
        folder.rmdir()
        pytest.skip("this system lets nobody mount a tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


@pytest.fixture(scope="module")
def made(bitcoind) -> Iterator[Path]:
    """A data folder whose ledger and chain hold one claim, picture 3,000; no node runs."""
    with tempfile.TemporaryDirectory(prefix="ink-") as folder:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("INKPROOF_HOME", folder)
            with world.service() as opened:
                assert world.claim(opened, 3_000).block_height is not None
        yield Path(folder)


@pytest.fixture
def claimed(made, home) -> Path:
    """A copy of it as the test's own data folder."""
    shutil.copytree(made, home, dirs_exist_ok=True)
    return home


def test_two_programs_at_once_on_one_data_folder(bitcoind, home):
    """Both submit as fast as they can; each claim happens once, and no coin is missing."""
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", OTHER, str(first), str(first + 3)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for first in (3_100, 3_200)
    ]
    assert [program.stdout.readline() for program in programs] == ["ready\n"] * 2
    world.node().start(quiet)  # it goes on when they have ended
    for program in programs:
        program.stdin.write("\n")
        program.stdin.flush()
    answers = []
    for program in programs:
        output, _ = program.communicate(timeout=120)
        assert program.returncode == 0
        answers += [json.loads(line) for line in output.splitlines()]
    assert len({txid for _, accepted, txid in answers if accepted}) == 6
    with world.service() as opened:
        world.check(opened)
        taken = [r for r in world.verifications(opened.ledger) if r.state is VerificationState.CONFIRMED]
    assert sorted(record.txid for record in taken) == sorted(txid for _, _, txid in answers)


def test_a_record_that_another_program_is_about_to_send_is_left_alone(kept):
    """Its sender is alive and holds the send lock; meanwhile the other program keeps reconciling."""
    with world.service() as one, world.service() as two:
        one.prepare(quiet)
        seen = []

        def look(stage, _text):
            if stage.name == "SIGNED":
                two.reconcile()
                record = world.verifications(two.ledger)[-1]
                seen.append((record.image, record.state))

        assert world.claim(one, 3_300, on_stage=look).block_height is not None
        assert seen == [(world.picture(3_300), VerificationState.PREPARED)]
        world.check(one)


@sized("times", 1, 2)
def test_a_port_that_was_taken_in_the_meantime(bitcoind, home, times):
    """Somebody takes the free port between our finding it and the node's opening it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = iter([taken.getsockname()[1]] * times)
        node = EmbeddedNode("regtest", port=lambda: next(ports, None) or free_port())
        assert node.start(quiet).call("getblockcount") == 0
        assert list(ports) == [], "the taken port was tried"


def test_the_cookie_of_a_node_that_has_been_restarted_since(bitcoind, tmp_path):
    """A node of one's own, with a cookie: it makes a new one at each start, and the old one is named."""
    port = free_port()
    flags = ["-regtest", "-listen=0", "-genesisactivationheight=1", "-excessiveblocksize=1GB"]
    flags += ["-maxstackmemoryusageconsensus=1GB", "-minminingtxfee=0.00000050", f"-rpcport={port}"]
    cookie = tmp_path / "regtest" / ".cookie"
    old = tmp_path / "old"
    for start in range(2):
        with (tmp_path / "out").open("wb") as output:
            node = subprocess.Popen([bitcoind, f"-datadir={tmp_path}", *flags], stdout=output, stderr=output)
        try:
            wait_for(port, cookie)
            if start == 0:
                shutil.copy(cookie, old)
                continue
            user, _, password = old.read_text().partition(":")
            with pytest.raises(UnreachableError, match="refused the user name or password") as refusal:
                Rpc(f"http://127.0.0.1:{port}", user, password).call("getblockcount")
            assert "cookie" in refusal.value.hint
            user, _, password = cookie.read_text().partition(":")
            assert Rpc(f"http://127.0.0.1:{port}", user, password).call("getblockcount") == 0
        finally:
            node.terminate()
            node.wait(60)


def wait_for(port: int, cookie: Path) -> None:
    for _ in range(400):
        with contextlib.suppress(InkproofError, OSError):
            user, _, password = cookie.read_text().partition(":")
            Rpc(f"http://127.0.0.1:{port}", user, password).call("getblockcount")
            return
        time.sleep(0.05)
    raise AssertionError("the node does not answer")


def test_a_file_where_the_data_folder_should_be(bitcoind, tmp_path, monkeypatch):
    (tmp_path / "home").write_text("a file")
    monkeypatch.setenv("INKPROOF_HOME", str(tmp_path / "home"))
    with pytest.raises(InkproofError, match="cannot be made") as refusal, world.service():
        pass
    assert "INKPROOF_HOME" in refusal.value.hint


@root
def test_a_data_folder_that_cannot_be_written(bitcoind, monkeypatch):
    with mounted("60m") as folder:
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        monkeypatch.setenv("INKPROOF_HOME", str(folder))
        with pytest.raises(NodeError, match="cannot be used") as refusal, world.service():
            pass
        assert "Read-only" in refusal.value.why
        assert "INKPROOF_HOME" in refusal.value.hint
        with pytest.raises(LedgerError, match="cannot be") as refusal:
            Ledger(ledger_path())
        assert "INKPROOF_HOME" in refusal.value.hint


@root
@pytest.mark.timeout(200)
def test_a_full_disk_is_named_and_once_there_is_room_all_goes_on(bitcoind, monkeypatch):
    with mounted("400m") as folder:
        monkeypatch.setenv("INKPROOF_HOME", str(folder))
        try:
            with world.service() as opened:
                assert world.claim(opened, 3_400).accepted
                fill(folder)
                with pytest.raises(LedgerError) as refusal:
                    for seed in range(3_401, 3_420):
                        world.claim(opened, seed)
                assert "disk full" in str(refusal.value) or "disk is full" in str(refusal.value)
                assert refusal.value.hint
                os.kill(world.running(), signal.SIGKILL)  # a node waits long for room before it ends
            with pytest.raises(InkproofError) as unstarted, world.service():
                pass
            assert "full" in unstarted.value.why or "No space" in unstarted.value.why
            (folder / "ballast").unlink()
            with world.service() as opened:
                world.check(opened)
                assert world.claim(opened, 3_500).block_height is not None
                world.check(opened)
        finally:
            world.node().stop()


def fill(folder: Path) -> None:
    """Leave no room at all."""
    with (folder / "ballast").open("wb", buffering=0) as file:
        for size in (2**20, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"x" * size):
                    pass


def test_a_damaged_ledger_is_named_kept_and_replaced(claimed):
    world.node().start(quiet)  # it is kept between the programs
    path = ledger_path()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    damaged = path.read_bytes()
    with pytest.raises(LedgerError, match="is damaged") as refusal, world.service() as opened:
        world.claim(opened, 3_601)
    assert "inkproof repair" in refusal.value.hint

    asked = call("repair")
    assert asked.returncode == 2
    assert "is damaged" in asked.stderr
    assert "inkproof repair --yes" in asked.stderr
    assert "keeps it aside" not in asked.stderr
    assert path.read_bytes() == damaged

    done = call("repair", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("note: The ledger ")
    assert "error:" not in done.stderr and "inkproof repair" not in done.stderr
    kept = Path(json.loads(done.stdout)["ledger"])
    assert kept.read_bytes() == damaged
    assert json.loads(done.stdout)["node"] == "whole"
    with world.service() as opened:
        assert world.claim(opened, 3_602).block_height is not None


def test_a_damaged_node_folder_is_named_kept_and_replaced(claimed):
    for file in (world.node().folder / "regtest" / "blocks" / "index").iterdir():
        file.write_bytes(b"not a database")
    with pytest.raises(NodeError) as refusal, world.service():
        pass
    assert "damaged" in refusal.value.why
    assert "inkproof repair" in refusal.value.hint
    done = call("repair", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    kept = Path(json.loads(done.stdout)["node"])
    assert (kept / "regtest" / "blocks" / "index").is_dir()
    assert json.loads(done.stdout)["ledger"] == "whole"
    with world.service() as opened:
        assert world.claim(opened, 3_701).block_height is not None
    assert [record.image for record in world.records()] == [world.picture(3_000), world.picture(3_701)]


def test_what_is_whole_is_left_alone(claimed):
    before = ledger_path().read_bytes()
    done = call("repair", "--yes")
    assert done.returncode == 0
    assert done.stdout == "The ledger is whole.\nThe embedded node is whole.\n"
    assert ledger_path().read_bytes() == before
    assert not list(ledger_path().parent.rglob("*.damaged-*"))


@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed")
@sized("jumps", ("+10d",), ("+10d", "+239h"))
def test_a_clock_that_jumps(claimed, monkeypatch, jumps):
    """Ten days forward, an hour back, and all the way back: only the last is too much, and is explained."""
    assert FAKETIME is not None
    monkeypatch.setenv("LD_PRELOAD", FAKETIME)
    for jump in jumps:
        monkeypatch.setenv("FAKETIME", jump)
        with world.service() as opened:
            assert world.claim(opened, 3_901).block_height is not None
    monkeypatch.delenv("LD_PRELOAD")
    with pytest.raises(NodeError) as refusal, world.service():
        pass
    assert "the clock of this machine has been set back" in refusal.value.why
    assert "inkproof repair" in refusal.value.hint
    assert [record.state for record in world.records()] == [VerificationState.CONFIRMED] * (1 + len(jumps))
    done = call("repair", "--yes")
    assert done.returncode == 0, done.stderr
    with world.service() as opened:
        assert world.claim(opened, 3_902).block_height is not None


def test_the_order_of_the_history_is_not_the_clocks(kept):
    """Records are numbered; their times are shown and decide nothing."""

    times = (datetime(2020, 1, 1, hour, tzinfo=timezone.utc) for hour in range(23, 0, -1))
    with world.service() as opened:
        opened.ledger.clock = lambda: next(times)
        for seed in (4_000, 4_001, 4_002):
            assert world.claim(opened, seed).block_height is not None
    records = world.records()[-3:]
    assert [record.image for record in records] == [world.picture(seed) for seed in (4_000, 4_001, 4_002)]
    assert records[0].created > records[-1].created


def test_another_node_keeps_working_where_no_embedded_one_can_start(kept, monkeypatch):
    """By --rpc-url no program of ours is started; what is missing here does not matter."""
    choice = world.choice_of(world.node())
    monkeypatch.setenv("INKPROOF_BITCOIND", "/nonexistent")
    assert isinstance(choice, NodeChoice)
    with world.service(choice) as opened:
        assert world.claim(opened, 4_100).block_height is not None
