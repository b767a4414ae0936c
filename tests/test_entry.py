"""Every process of the frozen program loads the bundle's libraries; the programs it starts do not."""

import os
import subprocess
import sys

import pytest

from app.chain.node import guardian
from tools.entry import for_programs, to_find_own_libraries

BUNDLE = "/opt/ink proof/_internal"


def start(environment: dict[str, str]) -> dict[str, str]:
    """The environment in which a process runs in the end, as the linker sees it."""
    again = to_find_own_libraries(environment, BUNDLE)
    return environment if again is None else again


@pytest.mark.parametrize("users", [None, "/usr/local/lib", f"/x:{BUNDLE}"])
def test_a_process_that_one_of_ours_starts_finds_the_bundle_s_libraries_first(users):
    environment = {"HOME": "/home/zoé"} | ({"LD_LIBRARY_PATH": users} if users else {})
    running = start(environment)
    for _ in range(3):  # a worker, and what a worker starts in its turn
        assert running["LD_LIBRARY_PATH"].split(":")[0] == BUNDLE
        assert to_find_own_libraries(running, BUNDLE) is None
        inherited = for_programs(running)
        assert inherited == environment
        running = start(inherited)


@pytest.mark.parametrize("users", [None, "/usr/local/lib"])
def test_the_first_process_has_its_libraries_from_the_loader(users):
    """PyInstaller's loader prepends the bundle and keeps the user's value."""
    environment = {"LD_LIBRARY_PATH": BUNDLE}
    if users:
        environment = {"LD_LIBRARY_PATH": f"{BUNDLE}:{users}", "LD_LIBRARY_PATH_ORIG": users}
    assert to_find_own_libraries(environment, BUNDLE) is None
    assert for_programs(environment) == ({"LD_LIBRARY_PATH": users} if users else {})


def test_a_process_is_started_again_once_only():
    """Even where something takes LD_LIBRARY_PATH away: better to fail than to start for ever."""
    again = to_find_own_libraries({}, BUNDLE)
    assert again is not None
    del again["LD_LIBRARY_PATH"]
    assert to_find_own_libraries(again, BUNDLE) is None


def test_no_library_is_loaded_before_a_process_has_its_environment():
    """What the entry imports at its head needs no shared library beyond Python's own."""
    code = (
        "import sys; before = set(sys.modules); import tools.entry; print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(eval(done.stdout))
    assert not loaded & {"sqlite3", "_sqlite3", "ssl", "_ssl", "_ctypes", "_hashlib", "zlib", "_lzma", "_bz2"}
    assert not any(name.split(".")[0] in ("app", "numpy", "tensorflow", "pygame") for name in loaded)


@pytest.mark.parametrize(
    ("arguments", "said"), [(["--version"], "Inkproof "), ([guardian.GUARD, "regtest"], "")], ids=str
)
def test_the_program_is_a_command_or_the_node_s_guardian(tmp_path, arguments, said):
    """A guardian without a node to guard ends at once."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.entry", *arguments],
        env=os.environ | {"INKPROOF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith(said) and bool(done.stdout) == bool(said)
    assert done.stderr == ""
