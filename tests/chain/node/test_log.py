"""What a node's last words mean. The words are those of bitcoind 1.0.13, met in real failures."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.chain.node.log import explain, tail
from app.errors import DamagedNodeError, NodeError, TransientNodeError


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("Error: Error: Disk space is low!", "disk is full"),
        ("Error: Cannot obtain a lock on data directory /x. Bitcoin SV is probably already", "Another node"),
        (": Error opening block database.\nPlease restart with -reindex to recover.", "damaged"),
        ("bitcoind: /lib/libc.so.6: version `GLIBC_2.99' not found", "does not fit this system"),
        ("something nobody has seen", "It said: something nobody has seen"),
        ("", "it printed nothing"),
    ],
)
def test_the_node_s_last_lines_are_explained_and_quoted(tmp_path: Path, words: str, meaning: str) -> None:
    output = tmp_path / "output.log"
    output.write_text(words)
    error = explain(output, tmp_path / "bitcoind.log", tmp_path)
    assert meaning in error.why
    assert all(line.strip(": ") in error.why for line in words.splitlines())
    assert error.hint


@pytest.mark.parametrize(
    ("words", "passes"),
    [
        ("Error: Unable to start HTTP server. See debug log for details.", True),
        ("Error: Cannot obtain a lock on data directory /x.", True),
        ("Error: Error: Disk space is low!", False),
    ],
)
def test_temporary_failures_are_distinguished(tmp_path: Path, words: str, passes: bool) -> None:
    output = tmp_path / "output.log"
    output.write_text(words)
    assert isinstance(explain(output, tmp_path / "bitcoind.log", tmp_path), TransientNodeError) == passes


@pytest.mark.parametrize(("chain", "kind"), [(True, DamagedNodeError), (False, NodeError)])
def test_a_death_without_a_known_reason_is_called_damage_where_there_is_a_chain(
    tmp_path: Path, chain: bool, kind: type[NodeError]
) -> None:
    (tmp_path / "output.log").write_text("bitcoind: validation.cpp:2970: Assertion `x' failed.")
    if chain:
        (tmp_path / "regtest" / "blocks").mkdir(parents=True)
    error = explain(tmp_path / "output.log", tmp_path / "bitcoind.log", tmp_path)
    assert type(error) is kind
    assert ("inkproof repair" in error.hint) == chain


def test_where_nothing_was_printed_the_log_is_quoted(tmp_path: Path) -> None:
    log = tmp_path / "bitcoind.log"
    log.write_text("x" * 10_000 + "\nthe last line\n")
    assert "the last line" in explain(tmp_path / "output.log", log, tmp_path).why


def test_a_log_is_fit_to_show(tmp_path: Path) -> None:
    log = tmp_path / "bitcoind.log"
    log.write_bytes(b"\x1b[2Jred\n\xff\xfe\n\n" + b"y" * 100_000)
    assert all(line.isprintable() and len(line) <= 200 for line in tail(log))
