"""`selftest` passes where everything works, and says what does not where something does not."""

import stat

import pytest

from app.cli import main
from tests.cli.conftest import run

STEPS = [
    "bundled files",
    "node found",
    "window",
    "digit drawn",
    "integer engine",
    "judges and node up",
    "float model",
    "contract's Script",
    "claim verified",
    "wrong claim refused",
    "window closed",
    "all ended",
]


@pytest.mark.slow
def test_every_part_of_the_program_is_tried(home, bitcoind):
    ran = run("selftest", "--json")
    result = ran.json()
    assert ran.returncode == 0, result
    assert result["passed"] is True
    assert [step["name"] for step in result["steps"]] == STEPS
    details = {step["name"]: step["detail"] for step in result["steps"]}
    assert all(step["passed"] and step["seconds"] >= 0 for step in result["steps"])
    for judge in ("integer engine", "float model", "contract's Script"):
        assert details[judge].startswith("reads 5")
    assert "false/empty top stack element" in details["wrong claim refused"]
    # The data folder of the user is not used.
    assert [path.name for path in home.iterdir() if path.name != "node-binary"] == []


@pytest.mark.exhaustive
def test_a_node_that_does_not_start_is_a_failure_with_its_reason(home, tmp_path, monkeypatch):
    broken = tmp_path / "bitcoind"
    broken.write_text("#!/bin/sh\nexit 3\n", encoding="ascii")
    broken.chmod(stat.S_IRWXU)
    monkeypatch.setenv("INKPROOF_BITCOIND", str(broken))
    ran = run("selftest")
    assert ran.returncode == 2
    *tried, _ = ran.stdout.splitlines()
    marks = ["✓ " + step for step in STEPS[:5]] + ["✗ judges and node up"]
    assert [line[: len(mark)] for line, mark in zip(tried, marks, strict=True)] == marks
    assert "node did not start" in tried[-1]
    assert "FAILED" in ran.stdout.splitlines()[-1]


@pytest.mark.parametrize("command", [["bench"], ["train"], ["contract", "build"]])
def test_a_command_that_needs_the_source_is_refused_in_a_frozen_program(frozen, command, capsys):
    assert main(command) == 2
    assert "needs Python and the project's source" in " ".join(capsys.readouterr().err.split())
