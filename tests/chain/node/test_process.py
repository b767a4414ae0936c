"""The embedded node: started once, shared, found again, and stopped by the last one out."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from app.chain.backends.mining import mine, wake
from app.chain.backends.node import network_of
from app.chain.networks import REGTEST
from app.chain.node.process import EmbeddedNode
from app.chain.wallet.key import Wallet
from app.errors import ChainError, DamagedNodeError, NodeError, UnreachableError
from tests.conftest import Regtest, quiet
from tests.sizes import sized

# Another program that uses the node: it says when it has it, and keeps it until told or killed.
OTHER = textwrap.dedent(
    """
    import sys
    from app.chain.node.process import EmbeddedNode
    with EmbeddedNode("regtest").lease(lambda text, done: None) as rpc:
        print(rpc.url, flush=True)
        sys.stdin.readline()
    """
)


def begin() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def url_of(program: subprocess.Popen[str]) -> str:
    """The node that another program uses, once it has it."""
    assert program.stdout is not None
    return program.stdout.readline().strip()


def let_go(program: subprocess.Popen[str]) -> None:
    program.communicate("\n", timeout=120)
    assert program.returncode == 0


def test_the_node_is_a_bitcoin_sv_node_on_a_private_chain(regtest: Regtest) -> None:
    status = regtest.node.status()
    assert status.running and status.answering
    assert status.version is not None and status.version.startswith("Bitcoin SV")
    assert status.chain == "regtest"
    assert status.connections == 0
    assert status.users >= 1
    assert network_of(regtest.rpc) is REGTEST


def test_the_node_keeps_a_default_nodes_script_policy(regtest: Regtest) -> None:
    settings = regtest.rpc.call("getsettings")
    assert settings["maxscriptsizepolicy"] == 500_000
    assert settings["maxscriptnumlengthpolicy"] == 10_000
    assert settings["maxtxsizepolicy"] == 10_000_000
    assert settings["maxstackmemoryusagepolicy"] == 100_000_000
    assert settings["maxstdtxvalidationduration"] == 3
    assert settings["maxnonstdtxvalidationduration"] == 1000


def test_the_raised_node_takes_larger_scripts_and_extra_flags_and_has_a_folder_of_its_own(
    bitcoind: Path, home: Path
) -> None:
    raised = EmbeddedNode("regtest-raised", extra_flags=["-maxstdtxvalidationduration=77"])
    with raised.lease(quiet) as rpc:
        settings = rpc.call("getsettings")
        assert settings["maxscriptsizepolicy"] > 852_000
        assert settings["maxstdtxvalidationduration"] == 77
        assert raised.folder != EmbeddedNode("regtest").folder
        assert not EmbeddedNode("regtest").status().running


def test_the_node_listens_on_loopback_only(regtest: Regtest) -> None:
    pid = regtest.node.status().pid
    assert pid is not None
    listening = [
        link.laddr.ip
        for link in psutil.Process(pid).net_connections(kind="inet")
        if link.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert set(listening) == {"127.0.0.1"}


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX")
def test_credentials_are_for_the_owner_only_and_not_on_the_command_line(regtest: Regtest) -> None:
    folder = regtest.node.folder
    conf = folder / "bitcoin.conf"
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    password = next(
        line.split("=")[1] for line in conf.read_text().splitlines() if line.startswith("rpcpassword")
    )
    pid = regtest.node.status().pid
    assert pid is not None
    assert password not in " ".join(psutil.Process(pid).cmdline())
    assert password not in repr(regtest.rpc)


def test_status_starts_nothing(home: Path) -> None:
    status = EmbeddedNode("regtest").status()
    assert not status.running and not status.answering
    assert status.pid is None


def test_a_running_node_is_used_again(bitcoind: Path, home: Path) -> None:
    first = EmbeddedNode("regtest").start(quiet)
    pid = EmbeddedNode("regtest").status().pid
    second = EmbeddedNode("regtest").start(quiet)
    assert first.url == second.url
    assert EmbeddedNode("regtest").status().pid == pid
    assert EmbeddedNode("regtest").stop()
    assert not EmbeddedNode("regtest").status().running
    assert not EmbeddedNode("regtest").stop()
    with pytest.raises(UnreachableError):
        first.call("getblockcount")


def test_the_last_one_out_stops_the_node(bitcoind: Path, home: Path) -> None:
    one, two = begin(), begin()
    assert url_of(one) == url_of(two) != "", "they began together, and share one node"
    assert EmbeddedNode("regtest").status().users == 2
    let_go(one)
    assert EmbeddedNode("regtest").status().running
    assert EmbeddedNode("regtest").status().users == 1
    let_go(two)
    assert not EmbeddedNode("regtest").status().running


def test_a_node_to_be_kept_outlives_its_users(bitcoind: Path, home: Path) -> None:
    node = EmbeddedNode("regtest")
    node.start(quiet)
    other = begin()
    assert url_of(other)
    let_go(other)
    assert node.status().running
    assert node.status().keep
    node.stop()
    assert not node.status().keep


def test_a_program_that_begins_when_another_was_killed_gets_a_node(bitcoind: Path, home: Path) -> None:
    killed = begin()
    assert url_of(killed)
    killed.kill()
    killed.communicate()
    with EmbeddedNode("regtest").lease(quiet) as rpc:
        assert rpc.call("getblockcount") == 0
    assert not EmbeddedNode("regtest").status().running


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")
def test_ctrl_c_in_the_terminal_does_not_reach_the_node(regtest: Regtest) -> None:
    pid = regtest.node.status().pid
    assert pid is not None
    assert os.getpgid(pid) != os.getpgid(0)
    assert os.getsid(pid) != os.getsid(0)


def test_the_node_does_not_examine_itself_at_every_block(regtest: Regtest) -> None:
    """The check of the mempool fails on a sound one while transactions arrive, and ends the node."""
    mine(regtest.rpc, regtest.wallet.address, 3)
    log = regtest.node.places.log.read_text(encoding="utf-8")
    assert "UpdateTip" in log and "Checking mempool" not in log


def test_a_killed_node_comes_back_with_the_blocks_it_had(bitcoind: Path, home: Path) -> None:
    node = EmbeddedNode("regtest")
    with node.lease(quiet) as rpc:
        wallet = Wallet.load_or_create(home, REGTEST)
        mine(rpc, wallet.address, 3)
        pid = node.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        while node.status().running:
            time.sleep(0.01)
        with node.lease(quiet) as again:
            assert again.call("getblockcount") == 3


def test_another_process_with_the_same_number_is_not_taken_for_the_node(bitcoind: Path, home: Path) -> None:
    node = EmbeddedNode("regtest")
    node.folder.mkdir(parents=True)
    (node.folder / "node.pid").write_text(str(os.getpid()))
    assert not node.status().running
    assert not node.stop()


@pytest.mark.parametrize("content", ["", "x", "-1", "99999999999999999999999", "\x00"])
def test_a_damaged_process_note_is_ignored(bitcoind: Path, home: Path, content: str) -> None:
    node = EmbeddedNode("regtest")
    node.folder.mkdir(parents=True)
    (node.folder / "node.pid").write_text(content)
    assert not node.status().running


def test_a_damaged_data_folder_is_named_and_can_be_moved_aside(bitcoind: Path, home: Path) -> None:
    node = EmbeddedNode("regtest")
    with node.lease(quiet) as rpc:
        mine(rpc, Wallet.load_or_create(home, REGTEST).address, 2)
    for file in (node.folder / "regtest" / "blocks" / "index").iterdir():
        file.write_bytes(b"not a database")
    with pytest.raises(NodeError) as refusal:
        node.start(quiet)
    assert "damaged" in refusal.value.why
    assert str(node.folder) in refusal.value.hint
    aside = node.set_aside()
    assert (aside / "regtest" / "blocks" / "index").is_dir()
    with node.lease(quiet) as rpc:
        assert rpc.call("getblockcount") == 0


def test_a_node_that_fails_an_assertion_at_each_start_can_be_moved_aside(bitcoind: Path, home: Path) -> None:
    """The index of blocks is shorter than the chain state: the node dies of it without an explanation."""
    node = EmbeddedNode("regtest")
    with node.lease(quiet) as rpc:
        mine(rpc, Wallet.load_or_create(home, REGTEST).address, 2)
    for file in (node.folder / "regtest" / "blocks" / "index").glob("*.log"):
        os.truncate(file, 0)
    with pytest.raises(DamagedNodeError) as refusal:
        node.start(quiet)
    assert "Assertion" in refusal.value.why
    assert "inkproof repair" in refusal.value.hint
    node.set_aside()
    with node.lease(quiet) as rpc:
        assert rpc.call("getblockcount") == 0


def test_a_program_that_is_no_node_is_explained(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKPROOF_BITCOIND", sys.executable)
    with pytest.raises(NodeError) as refusal:
        EmbeddedNode("regtest").start(quiet)
    assert "did not start" in refusal.value.what
    assert "Unknown option" in refusal.value.why


def test_a_program_that_cannot_be_run_is_explained(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = home / "bitcoind"
    text.write_bytes(b"\x00not a program")
    text.chmod(0o755)
    monkeypatch.setenv("INKPROOF_BITCOIND", str(text))
    with pytest.raises(NodeError, match="cannot be run"):
        EmbeddedNode("regtest").start(quiet)


@sized("times", 1, 4)
def test_a_node_that_has_just_been_killed_can_be_started_at_once(
    bitcoind: Path, home: Path, times: int
) -> None:
    node = EmbeddedNode("regtest")
    for _ in range(times):
        node.start(quiet)
        pid = node.status().pid
        assert pid is not None
        psutil.Process(pid).kill()
    assert node.start(quiet).call("getblockcount") == 0


def test_a_data_folder_that_cannot_be_used_is_named(bitcoind: Path, home: Path) -> None:
    (home / "nodes").mkdir()
    (home / "nodes" / "regtest").write_text("a file in its place")
    with pytest.raises(NodeError, match="cannot be used") as refusal:
        EmbeddedNode("regtest").start(quiet)
    assert "INKPROOF_HOME" in refusal.value.hint


def test_an_unknown_profile_is_refused(home: Path) -> None:
    with pytest.raises(NodeError, match="mainnet"):
        EmbeddedNode("mainnet")


def test_blocks_are_mined_to_an_address(regtest: Regtest) -> None:
    before = regtest.rpc.call("getblockcount")
    hashes = mine(regtest.rpc, regtest.wallet.address, 2)
    assert regtest.rpc.call("getblockcount") == before + 2
    assert regtest.rpc.call("getbestblockhash") == hashes[-1]


def test_a_node_whose_tip_is_old_is_woken_by_one_block(bitcoind: Path, home: Path) -> None:
    with EmbeddedNode("regtest").lease(quiet) as rpc:
        wallet = Wallet.load_or_create(home, REGTEST)
        assert wake(rpc, wallet.address), "the first block of the private chain is of 2011"
        assert rpc.call("getblockcount") == 1
        assert not wake(rpc, wallet.address)
        assert rpc.call("getblockcount") == 1


def test_a_malformed_request_to_mine_is_the_nodes_to_refuse(regtest: Regtest) -> None:
    with pytest.raises(ChainError):
        mine(regtest.rpc, "not an address", 1)


def test_a_start_that_is_given_up_leaves_no_node_behind(home, bitcoind):
    """The person presses Ctrl+C, or closes the window, while the node is coming up."""
    node = EmbeddedNode("regtest")
    launched = []

    def impatient(text: str, done: float | None) -> None:
        launched.append(text)
        if "warming up" in text:
            raise KeyboardInterrupt

    # A node that answers at once gives no occasion: then it is stopped as after any use.
    with contextlib.suppress(KeyboardInterrupt), node.lease(impatient):
        pass
    assert launched
    assert not node.status().running
