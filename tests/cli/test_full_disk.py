"""Wherever the disk can fill, the full disk is named, and no half-written file is left."""

from __future__ import annotations

import pytest

from tests import fulldisk

OWNER = "5a" * 20


@pytest.fixture
def disk(tmp_path):
    if not fulldisk.available(tmp_path):
        pytest.skip("no file system can be mounted here (unshare)")
    return tmp_path


def test_a_new_key(disk):
    ran = fulldisk.on_small_disk(disk, "64k", ["wallet", "address"], full=True)
    assert ran.status == 2
    assert "No space left on device" in ran.stderr
    assert "The disk is full: free some space" in ran.stderr
    assert "only you can read" not in ran.stderr
    assert ran.files == []


def test_a_new_ledger(disk):
    ran = fulldisk.on_small_disk(disk, "64k", ["history"], full=True)
    assert ran.status == 2
    assert "The disk is full: free some space" in ran.stderr


def test_the_nodes_settings(disk, bitcoind):
    ran = fulldisk.on_small_disk(disk, "64k", ["node", "start"], full=True)
    assert ran.status == 2
    assert "The disk is full: free some space" in ran.stderr
    assert not [name for name in ran.files if name.endswith(".new")]


@pytest.mark.exhaustive
def test_the_node_that_is_fetched(disk, monkeypatch):
    monkeypatch.delenv("INKPROOF_BITCOIND", raising=False)
    ran = fulldisk.on_small_disk(disk, "1m", ["node", "start"])
    assert ran.status == 2
    assert "cannot be stored in" in ran.stderr and "No space left on device" in ran.stderr
    assert "The disk is full: free some space" in ran.stderr
    assert "Exception" not in ran.stderr and "connection" not in ran.stderr
    assert not [name for name in ran.files if "node-binary" in name]


def test_an_exported_contract(disk):
    target = disk / "contract.hex"
    ran = fulldisk.on_small_disk(
        disk, "8k", ["contract", "export", "--model", "compact", "--owner", OWNER, "-o", target]
    )
    assert ran.status == 2
    assert "contract.hex cannot be written. No space left on device." in ran.stderr
    assert ran.files == []
