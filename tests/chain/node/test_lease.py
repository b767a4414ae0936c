"""Leases: as many as there are users, and none of a program that has ended."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from app.chain.node.lease import Leases

HOLDER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from app.chain.node.lease import Leases
    lease = Leases(Path(sys.argv[1])).take()
    print("held", flush=True)
    sys.stdin.readline()
    """
)


def test_leases_are_counted_while_they_are_held(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "leases")
    assert leases.count() == 0
    one, two = leases.take(), leases.take()
    assert leases.count() == 2
    one.drop()
    assert leases.count() == 1
    two.drop()
    two.drop()
    assert leases.count() == 0
    assert list(leases.folder.iterdir()) == []


def test_a_lease_ends_with_its_program_however_that_ends(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "leases")
    program = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(leases.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "held\n"
    assert leases.count() == 1
    program.kill()
    program.communicate()
    assert leases.count() == 0


def test_a_lease_is_not_handed_down_to_a_program_that_is_started(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "leases")
    lease = leases.take()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    lease.drop()
    assert leases.count() == 0
    child.communicate(b"\n")


def test_a_file_left_behind_is_no_lease(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    (tmp_path / "4711-00.lease").write_text("")
    assert leases.count() == 0
    assert list(tmp_path.iterdir()) == []
