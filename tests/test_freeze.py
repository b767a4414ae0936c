"""What `make exe` puts together. The build itself takes minutes and tests its own result; here it is held to
its parts: that the files it names exist, and that what it leaves out is what the program can be without."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import app
from app import paths
from app.bench.bundle import MANIFEST, NEEDED, NEEDED_FROZEN
from tools import freeze, standins
from tools.freeze import ROOT

SPEC = (ROOT / "build.spec").read_text(encoding="utf-8")


def test_the_spec_is_python_and_names_files_that_exist():
    compile(SPEC, "build.spec", "exec")
    for parts in re.findall(r'ROOT((?: / "[^"]+")+)', SPEC):
        path = ROOT.joinpath(*re.findall(r'"([^"]+)"', parts))
        assert path.exists() or path == ROOT / "build" / "made", path
    for name in ("icon.ico", "icon-1024.png"):
        assert (ROOT / "assets" / "icon" / name).is_file()


def test_everything_the_program_needs_is_in_the_folders_that_go_in():
    assert {name.split("/")[0] for name in NEEDED} <= set(freeze.DATA)
    for name in NEEDED:
        assert (ROOT / name).is_file(), name


@pytest.mark.parametrize("name", freeze.HIDDEN)
def test_a_module_that_no_analysis_sees_exists(name):
    assert importlib.util.find_spec(name) is not None


@pytest.mark.exhaustive
def test_nothing_that_is_left_out_is_imported_by_window_judges_or_chain():
    """Everything but training and the compiler, with TensorFlow behind stand-ins, in a fresh process."""
    code = """
import sys
from tools import freeze, standins
standins.install()
left_out = set(freeze.EXCLUDED) - set(standins.NAMES)
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in left_out:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Refuse())
import app.bench.selftest, app.cli.selftest, app.cli.judging, app.cli.chain, app.cli.node, app.window.app
from app.floats.judge import FloatJudge
from app import paths
import numpy
reading = FloatJudge.load(paths.model_folder() / "model.keras").read(numpy.zeros((28, 28), numpy.uint8))
assert abs(sum(reading.probabilities) - 1) < 1e-5
from app.drawing import read_digit
assert read_digit("tests/data/seven.png").shape == (28, 28)
maps = open("/proc/self/maps").read() if sys.platform == "linux" else ""
print([part for part in freeze.LEFT_OUT if part.rstrip("/") in maps])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_stand_in_can_be_imported_and_says_what_is_missing_when_it_is_used():
    module = standins.StandIn("tensorflow.something")
    with pytest.raises(NotImplementedError, match=r"tensorflow\.something\.Profiler was left out"):
        module.Profiler("address")
    assert not hasattr(module, "__path__")


def test_outside_a_frozen_program_nothing_is_stood_in_for():
    assert not any(isinstance(sys.modules.get(name), standins.StandIn) for name in standins.NAMES)


@pytest.fixture
def made(tmp_path, bitcoind):
    """The files made for a build; the node is the one the tests use."""
    node = tmp_path / "node"
    (node / "bin").mkdir(parents=True)
    shutil.copy(bitcoind, node / "bin" / bitcoind.name)
    (node / "LICENSE.txt").write_text("The Open BSV license.", encoding="utf-8")
    return freeze.gather(tmp_path)


def test_what_is_made_for_a_build_holds_all_that_a_frozen_program_needs(made, tmp_path):
    places = set()
    for source, place in ((Path(one), Path(other)) for one, other in made):
        inside = [path.relative_to(source.parent) for path in source.rglob("*")] if source.is_dir() else []
        moved = [place.joinpath(*path.parts[1:]) for path in inside]
        places |= {path.as_posix() for path in moved or [place / source.name]}
    wanted = {*NEEDED, *NEEDED_FROZEN} - {MANIFEST}
    assert wanted <= places
    build = json.loads((tmp_path / "build.json").read_text(encoding="utf-8"))
    assert build["version"] == app.__version__
    page = (tmp_path / "THIRD-PARTY.md").read_text(encoding="utf-8")
    assert "grpcio" not in page and "Bitcoin SV node" in page


def test_left_out_files_are_left_out_on_every_system():
    entries = [
        ("tensorflow/include/a.h", "/x/a.h", "DATA"),
        ("tensorflow\\include\\a.h", "C:\\x\\a.h", "DATA"),
        ("libX11.so.6", "/usr/lib/libX11.so.6", "BINARY"),
        ("tensorflow/libtensorflow_cc.so.2", "/x/libtensorflow_cc.so.2", "BINARY"),
    ]
    assert freeze.keep(entries) == entries[3:]


@pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("strip"), reason="libraries are stripped on Linux"
)
def test_only_the_libraries_that_survive_it_are_stripped(tmp_path):
    library = Path(shutil.copy(sys.modules["_ctypes"].__file__, tmp_path / "library.so"))
    before = library.stat().st_size
    entries = [
        ("tensorflow/a.so", str(library), "BINARY"),
        ("numpy.libs/b.so", str(library), "BINARY"),
        ("tensorflow/link.so", "a.so", "SYMLINK"),
        ("tensorflow/data.pb", str(library), "DATA"),
    ]
    slimmed = freeze.slim(entries, tmp_path / "stripped")
    assert slimmed[1:] == entries[1:]
    assert Path(slimmed[0][1]).stat().st_size <= before == library.stat().st_size


def test_the_finished_folder_lists_every_file_in_it(tmp_path):
    inside = tmp_path / "_internal"
    (inside / "a folder").mkdir(parents=True)
    for name in ("LICENSE", "THIRD-PARTY.md", "a folder/ä.so"):
        (inside / name).write_text(name, encoding="utf-8")
    freeze.finish(tmp_path)
    assert set(json.loads((inside / MANIFEST).read_text())) == {"LICENSE", "THIRD-PARTY.md", "a folder/ä.so"}
    assert (tmp_path / "THIRD-PARTY.md").is_file()


def test_a_single_file_lists_our_own_files(tmp_path):
    source = tmp_path / "x"
    source.write_text("x", encoding="utf-8")
    names = ["assets/a.json", "node/bin/bitcoind", "LICENSE", "tensorflow/b.so", "base_library.zip"]
    entry = freeze.list_contents([(name, str(source), "DATA") for name in names], tmp_path)
    assert entry[0] == MANIFEST
    assert set(json.loads(Path(entry[1]).read_text(encoding="utf-8"))) == set(names[:3])


def test_windows_sees_the_version(tmp_path):
    seen = {}

    def record(name):
        def made(*values, **named):
            seen.setdefault(name, []).append((values, named))
            return (name, *values)

        return made

    names = ["VSVersionInfo", "FixedFileInfo", "StringFileInfo", "StringTable", "StringStruct", "VarFileInfo"]
    text = freeze.version_file(tmp_path / "version_info.txt").read_text(encoding="utf-8")
    eval(text, {name: record(name) for name in [*names, "VarStruct"]})
    strings = dict(values for values, _ in seen["StringStruct"])
    assert strings["FileVersion"] == app.__version__
    assert strings["ProductVersion"].startswith(app.__version__)
    assert seen["FixedFileInfo"][0][1]["filevers"] == (
        *(int(part) for part in app.__version__.split(".")),
        0,
    )


def test_resources_of_the_project_are_those_of_the_tree():
    assert paths.resources() == ROOT
