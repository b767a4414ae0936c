"""`selftest` passes where everything works, and says what does not where something does not."""

import json
import shutil
import stat
import sys

import pytest

from app import paths
from app.bench.bundle import MANIFEST, NEEDED, NEEDED_FROZEN, check_files, write_manifest
from app.cli import main
from app.errors import InkproofError

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


def test_it_does_everything_the_program_is_for(inkproof, home):
    ran = inkproof("selftest", "--json")
    result = ran.json()
    assert ran.returncode == 0, result
    assert result["passed"] is True
    assert [step["name"] for step in result["steps"]] == STEPS
    details = {step["name"]: step["detail"] for step in result["steps"]}
    assert all(step["passed"] and step["seconds"] >= 0 for step in result["steps"])
    for judge in ("integer engine", "float model", "contract's Script"):
        assert details[judge].startswith("reads 5")
    assert "false/empty top stack element" in details["wrong claim refused"]
    # The person's own data folder has no part in it.
    assert [path.name for path in home.iterdir() if path.name != "node-binary"] == []


def test_a_node_that_does_not_start_is_a_failure_with_its_reason(inkproof, tmp_path, monkeypatch):
    broken = tmp_path / "bitcoind"
    broken.write_text("#!/bin/sh\nexit 3\n", encoding="ascii")
    broken.chmod(stat.S_IRWXU)
    monkeypatch.setenv("INKPROOF_BITCOIND", str(broken))
    ran = inkproof("selftest")
    assert ran.returncode == 2
    assert "✗ judges and node up" in ran.stdout
    assert "node did not start" in ran.stdout
    assert "claim verified" not in ran.stdout
    assert "FAILED" in ran.stdout.splitlines()[-1]


@pytest.fixture
def frozen(tmp_path, monkeypatch):
    """The files of a frozen program, complete and listed."""
    root = tmp_path / "Programme für Ä"
    for name in (*NEEDED, *NEEDED_FROZEN, "lib/tensor flow.so"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if (paths.resources() / name).is_file() and name in NEEDED:
            shutil.copy(paths.resources() / name, path)
        else:
            path.write_bytes(b"content of " + name.encode())
    write_manifest(root, [path for path in root.rglob("*") if path.is_file() and path.name != MANIFEST])
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(root), raising=False)
    return root


def test_a_complete_program_is_found_complete(frozen):
    count = len(json.loads((frozen / MANIFEST).read_text(encoding="utf-8")))
    assert check_files() == f"{count + 1} files are there; size and SHA-256 of {count}"


@pytest.mark.parametrize("name", ["assets/handwriting/integers.npz", "lib/tensor flow.so", "LICENSE"])
def test_a_missing_file_is_named(frozen, name):
    (frozen / name).unlink()
    with pytest.raises(InkproofError, match=name):
        check_files()


def test_one_changed_byte_is_noticed(frozen):
    path = frozen / "contracts" / "digit_classifier.json"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InkproofError, match=r"contracts/digit_classifier\.json"):
        check_files()


def test_a_file_that_the_build_forgot_is_noticed_though_no_list_names_it(frozen):
    entries = json.loads((frozen / MANIFEST).read_text(encoding="utf-8"))
    del entries["THIRD-PARTY.md"]
    (frozen / MANIFEST).write_text(json.dumps(entries), encoding="utf-8")
    (frozen / "THIRD-PARTY.md").unlink()
    with pytest.raises(InkproofError, match=r"THIRD-PARTY\.md"):
        check_files()


@pytest.mark.parametrize("content", ["", "[]", "null", '{"a": 1}', '{"a": ["x", "y"]}'])
def test_an_unreadable_list_is_a_failure(frozen, content):
    (frozen / MANIFEST).write_text(content, encoding="utf-8")
    with pytest.raises(InkproofError, match="cannot be read"):
        check_files()


def test_outside_a_build_the_files_that_it_cannot_be_without_are_there():
    assert check_files().startswith(f"{len(NEEDED)} files are there")


@pytest.mark.parametrize("command", [["bench"], ["train"], ["contract", "build"]])
def test_a_command_that_needs_the_source_says_so_at_once_in_a_frozen_program(frozen, command, capsys):
    assert main(command) == 2
    assert "needs Python and the project's source" in " ".join(capsys.readouterr().err.split())
