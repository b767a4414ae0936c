"""A bare root holds a program's folder and the libraries it needs, and nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import bare, libraries

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a bare root is made of Linux's namespaces")


@pytest.fixture
def program(tmp_path):
    """A program that lists folders, in the form of a frozen one."""
    folder = tmp_path / "dist"
    (folder / "_internal").mkdir(parents=True)
    return Path(shutil.copy("/bin/ls", folder / "inkproof"))


@pytest.fixture
def root(tmp_path, program):
    """A root for it; skipped where the screen's libraries or namespaces are not to be had."""
    if not all(map(libraries.found, libraries.SCREEN)) or shutil.which("unshare") is None:
        pytest.skip("X11's libraries or unshare are not installed")
    place = tmp_path / "root"
    place.mkdir()
    bare.make_root(place, program.parent)
    if subprocess.run(bare.command(place, program, None), capture_output=True, check=False).returncode:
        pytest.skip("no namespaces here")
    return place


def listed(root: Path, program: Path, *arguments: str) -> set[str]:
    done = subprocess.run(bare.command(root, program, arguments), capture_output=True, text=True, check=True)
    return set(done.stdout.split("\n")) - {""}


def test_nothing_else_is_there(root, program):
    assert listed(root, program, "-1", "/") == {"dev", "etc", "home", "lib", "lib64", "proc", "tmp"}
    needed = [*libraries.needed(program.parent), *libraries.SCREEN]
    expected = {path.name for path in libraries.closure(needed)}
    assert listed(root, program, "-1", "/lib/x86_64-linux-gnu", "/lib64") - expected == {
        "/lib/x86_64-linux-gnu:",
        "/lib64:",
    }
    assert listed(root, program, "-1", f"/{bare.HOME}/Mes programmes/inkproof") == {"_internal", "inkproof"}


def test_a_missing_library_is_not_hidden(root, program):
    """The program fails there; that is no reason to run it elsewhere."""
    (root / "lib" / "x86_64-linux-gnu" / "libc.so.6").unlink()
    assert subprocess.run(bare.command(root, program, None), check=False).returncode == 0
    done = subprocess.run(bare.command(root, program, ["/"]), capture_output=True, text=True, check=False)
    assert done.returncode == 127
    assert "libc.so.6" in done.stderr
