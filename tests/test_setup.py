"""`tools/setup.sh` finds uv and a Python, or says in a sentence what is missing before it installs anything.

The Pythons and the uv here are small scripts that answer what the script asks them; the script, its shell
and everything else are real. With real Pythons and real downloads: the exhaustive test at the end.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.third_party import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the environments are made by a POSIX shell")

SHELL_TOOLS = ("sh", "dirname", "mktemp", "rm", "mkdir", "sed", "tail", "touch", "cat", "chmod", "env")
COMPILER = ("cc", "autoconf", "automake", "libtoolize", "pkg-config")

PYTHON = """#!/bin/sh
# A Python {version} that knows its version, whether its headers are there, and how pip and venv behave.
case "$*" in
  *'print('*) echo {version} ;;
  *Python.h*) exit {no_headers} ;;
  *'(3, 8)'*) exit {too_old} ;;
  '-m pip --version') exit {no_pip} ;;
  '-c import ensurepip'*) exit {no_venv} ;;
  '-m pip install'*) {fetch} ;;
  '-m venv'*) mkdir -p build/uv/bin && cp "$0" build/uv/bin/python ;;
esac
"""

UV = """#!/bin/sh
# uv, as far as setup.sh uses it. Wheels of everything exist for 3.10 and 3.11.
echo "uv $*" >> "{log}"
case "$*" in
  --version) exit 0 ;;
  'python find'*) for last; do :; done
    command -v "python$last" || command -v "$last" || exit 2 ;;
  'python install'*) {download} ;;
  *--dry-run*)
    [ -z "{offline}" ] || {{ echo 'error: it failed'; echo '  cause: dns error'; exit 1; }}
    case "$*" in *python3.12*|*python3.13*) echo 'hint: building from source is disabled'; exit 1 ;; esac ;;
  venv*) for last; do :; done
    mkdir -p "$last/bin" && printf '#!/bin/sh\\n{own}\\n' > "$last/bin/python"
    chmod +x "$last/bin/python" ;;
esac
"""


class Machine:
    """A copy of the scripts, and a PATH with nothing on it but what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "a project"
        self.path = folder / "bin"
        self.log = folder / "log"
        self.path.mkdir()
        shutil.copytree(ROOT / "tools", self.project / "tools", ignore=shutil.ignore_patterns("*.py*"))
        for name in SHELL_TOOLS:
            found = shutil.which(name)
            assert found, name
            (self.path / name).symlink_to(found)

    def add(self, name: str, text: str = "#!/bin/sh\n") -> None:
        (self.path / name).write_text(text, encoding="utf-8")
        (self.path / name).chmod(0o755)

    def uv(self, *, download: bool = False, offline: bool = False) -> str:
        fetched = f'cp "{self.path}/python3.11.there" "{self.path}/python3.11"'
        if download:
            self.add("python3.11.there", python("3.11"))
            (self.path / "cp").symlink_to(str(shutil.which("cp")))
        return UV.format(
            log=self.log,
            download=fetched if download else "exit 2",
            offline="yes" if offline else "",
            own=f'echo "python $*" >> "{self.log}"',
        )

    def set_up(self, kind: str = "run", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.path / "sh"), str(self.project / "tools" / "setup.sh"), kind, ".venv"],
            env={"PATH": str(self.path), **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def installed(self) -> bool:
        return (self.project / ".venv").exists()

    def chosen(self) -> str:
        """The Python of the environment."""
        (line,) = [one for one in self.log.read_text().splitlines() if one.startswith("uv venv")]
        return Path(line.split()[-2]).name


def python(
    version: str, *, headers: bool = True, pip: bool = True, venv: bool = True, fetch: str = "exit 1"
) -> str:
    return PYTHON.format(
        version=version,
        no_headers=int(not headers),
        too_old=int(version in ("2.7", "3.6", "3.7")),
        no_pip=int(not pip),
        no_venv=int(not venv),
        fetch=fetch,
    )


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def refused(machine: Machine, *parts: str, **variables: str) -> None:
    """The setup ended with one message that holds these parts, and left no environment behind."""
    done = machine.set_up(**variables)
    assert done.returncode == 2, done
    words = [line for line in done.stderr.splitlines() if "(once)" not in line]
    assert 1 <= len(words) <= 3, done.stderr
    assert done.stdout == ""
    for part in parts:
        assert part in done.stderr
    assert not machine.installed()


def test_python_3_11_is_used_where_it_is_installed(machine):
    machine.add("uv", machine.uv())
    for version in ("3.10", "3.11", "3.12", "3.13"):
        machine.add(f"python{version}", python(version))
    done = machine.set_up()
    assert (done.returncode, machine.chosen()) == (0, "python3.11")
    assert "python install" not in machine.log.read_text()


def test_python_3_11_is_fetched_where_it_is_missing(machine):
    machine.add("uv", machine.uv(download=True))
    machine.add("python3.13", python("3.13"))
    done = machine.set_up()
    assert (done.returncode, machine.chosen()) == (0, "python3.11")
    assert done.stderr.startswith("Fetching Python 3.11 (once)\n")


@pytest.mark.parametrize("tools", [(), COMPILER], ids=["no compiler", "compiler"])
def test_python_3_10_serves_where_3_11_cannot_be_fetched(machine, tools):
    machine.add("uv", machine.uv())
    for tool in tools:
        machine.add(tool)
    machine.add("python3.13", python("3.13"))
    machine.add("python3.10", python("3.10"))
    assert (machine.set_up().returncode, machine.chosen()) == (0, "python3.10")


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_a_newer_python_serves_where_a_compiler_is(machine, version):
    machine.add("uv", machine.uv())
    for tool in COMPILER:
        machine.add(tool)
    machine.add(f"python{version}", python(version))
    done = machine.set_up()
    assert (done.returncode, machine.chosen()) == (0, f"python{version}")
    assert f"Compiling electrumsv-secp256k1 for Python {version}" in done.stderr


@pytest.mark.parametrize("version", ["3.12", "3.13"])
@pytest.mark.parametrize("absent", COMPILER)
def test_what_a_newer_python_lacks_is_named(machine, version, absent):
    machine.add("uv", machine.uv())
    for tool in COMPILER:
        if tool != absent:
            machine.add(tool)
    machine.add(f"python{version}", python(version))
    named = "a C compiler" if absent == "cc" else absent
    refused(
        machine, f"no ready build for Python {version}", f"there is no: {named}.\n", "Install Python 3.11"
    )


def test_missing_headers_are_named(machine):
    machine.add("uv", machine.uv())
    for tool in COMPILER:
        machine.add(tool)
    machine.add("python3.12", python("3.12", headers=False))
    refused(machine, "there is no: Python's headers.\n", "python3-dev")


@pytest.mark.parametrize("version", ["3.9", "3.14"])
def test_a_python_that_is_too_old_or_too_new_is_named(machine, version):
    machine.add("uv", machine.uv())
    machine.add("python3", python(version))
    refused(machine, "Inkproof needs Python 3.11", f"Here is only Python {version}.")


def test_without_a_connection_uv_s_reason_is_reported(machine):
    machine.add("uv", machine.uv(offline=True))
    machine.add("python3.11", python("3.11"))
    refused(machine, "uv says: dns error", "Check the connection")


@pytest.mark.parametrize(
    ("version", "words"), [("3.9", "Inkproof needs 3.10 to 3.13"), ("3.13", "there is no: a C compiler")]
)
def test_a_python_that_was_asked_for_is_used_or_refused(machine, version, words):
    machine.add("uv", machine.uv())
    machine.add("python3.11", python("3.11"))
    machine.add(f"python{version}", python(version))
    refused(machine, words, PYTHON=f"python{version}")
    refused(machine, "PYTHON=nothing is no Python that runs.", PYTHON="nothing")
    assert machine.set_up(PYTHON="python3.11").returncode == 0


FETCH = (
    'mkdir -p build/uv/bin && cat "$(dirname "$0")/uv.fetched" > build/uv/bin/uv && chmod +x build/uv/bin/uv'
)


@pytest.mark.parametrize("ways", [{"venv": False}, {"pip": False}], ids=["with pip", "with venv"])
def test_uv_is_fetched_where_it_is_missing(machine, ways):
    machine.add("uv.fetched", machine.uv())
    (machine.path / "cp").symlink_to(str(shutil.which("cp")))
    fetch = FETCH if "venv" in ways else FETCH.replace('$(dirname "$0")', str(machine.path))
    machine.add("python3.11", python("3.11", fetch=fetch, **ways))
    assert machine.set_up().returncode == 0
    assert (machine.project / "build" / "uv" / "bin" / "uv").is_file()


def test_the_reason_why_uv_cannot_be_fetched_is_reported(machine):
    refused(machine, "neither uv nor Python 3.8 or newer is on PATH")
    machine.add("python3", python("3.7"))
    refused(machine, "neither uv nor Python 3.8 or newer is on PATH")
    machine.add("python3", python("3.11", pip=False, venv=False))
    refused(machine, "python3 has neither pip nor venv", "Install python3-venv")
    machine.add("python3", python("3.11", fetch="echo 'ERROR: no such host' >&2; exit 1"))
    refused(machine, "could not be fetched from PyPI", "no such host", "Check the connection")
    assert not (machine.project / "build" / "uv").exists()


def test_everything_is_installed_by_hash(machine):
    machine.add("uv", machine.uv())
    machine.add("python3.11", python("3.11"))
    for kind in ("run", "dev", "freeze"):
        machine.log.unlink(missing_ok=True)
        assert machine.set_up(kind).returncode == 0
        assert (machine.project / ".venv" / f".{kind}").is_file()
        installs = [
            line
            for line in machine.log.read_text().splitlines()
            if " pip install " in line and "--dry-run" not in line
        ]
        libraries, project = installs
        assert libraries.endswith(f"--require-hashes -r requirements/{kind}.txt")
        assert " --no-deps " in project
        assert all("--build-constraints requirements/build.txt" in line for line in installs)


def test_the_libraries_are_compiled_after_they_are_installed(machine):
    machine.add("uv", machine.uv())
    machine.add("python3.11", python("3.11"))
    assert machine.set_up().returncode == 0
    assert machine.log.read_text().splitlines()[-1] == "python -m compileall -q -j 0 .venv/lib"


def test_an_existing_environment_is_kept(machine):
    machine.add("uv", machine.uv())
    machine.add("python3.11", python("3.11"))
    assert machine.set_up("run").returncode == 0
    machine.log.unlink()
    assert machine.set_up("dev").returncode == 0
    assert "uv venv" not in machine.log.read_text()


def real_pythons() -> list[str]:
    """Interpreters of this machine, by INKPROOF_PYTHONS (paths, joined as PATH is) or from PATH."""
    named = os.environ.get("INKPROOF_PYTHONS")
    if named:
        return named.split(os.pathsep)
    names = [shutil.which(f"python3.{minor}") for minor in (10, 11, 12, 13)]
    return [name for name in names if name]


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("compiler", [False, True], ids=["no compiler", "compiler"])
@pytest.mark.parametrize("interpreter", real_pythons())
def test_each_python_of_this_machine_sets_up_alone_or_says_why(tmp_path, interpreter, compiler):
    """With real downloads, `interpreter` being the only Python on PATH."""
    left_out = ("python", "pip", "uv") if compiler else ("python", "pip", "uv", "cc", "gcc", "c99", "auto")
    path = tmp_path / "bin"
    path.mkdir()
    for one in [*Path("/bin").iterdir(), *Path("/usr/bin").iterdir()]:
        if not one.name.startswith(left_out) and not (path / one.name).exists():
            (path / one.name).symlink_to(one)
    (path / "python3").symlink_to(interpreter)
    project = tmp_path / "project"
    ignored = shutil.ignore_patterns(".*", "build", "dist", "tests", "__pycache__")
    shutil.copytree(ROOT, project, ignore=ignored)
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYENV", "VIRTUAL"))
    }
    done = subprocess.run(
        ["make", ".venv/.run"],
        cwd=project,
        env={**environment, "PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    if done.returncode == 0:
        run = subprocess.run(
            [project / ".venv/bin/inkproof", "contract", "info"], capture_output=True, check=False
        )
        assert run.returncode == 0, run.stderr
    else:
        assert "Install Python 3.11" in done.stderr
        assert not (project / ".venv").exists()
