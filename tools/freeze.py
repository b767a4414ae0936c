"""What build.spec needs beyond PyInstaller: the files that go in, what is left out, what is made smaller."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from app import __version__
from app.bench.bundle import MANIFEST, write_manifest
from app.chain.node import binary
from app.version import BUILD_FILE, asked
from tools import standins, third_party

__all__ = [
    "DATA",
    "EXCLUDED",
    "FROM_THE_SYSTEM",
    "HIDDEN",
    "LEFT_OUT",
    "Entry",
    "finish",
    "gather",
    "keep",
    "slim",
    "version_file",
]

ROOT = Path(__file__).resolve().parents[1]

Entry = tuple[str, str, str]
"""One file of PyInstaller's lists: where it goes, where it comes from, and what it is."""

DATA = ("assets", "contracts")
"""Folders of the project that go in as they are."""

HIDDEN = ("_cffi_backend",)
"""Imported by C code alone, where no analysis sees it: without it scryptlib fails at its first use."""

EXCLUDED = (
    "grpc",  # TensorFlow's server for training on many machines
    "tensorflow.compiler.mlir.stablehlo",  # a converter of its models
    "tensorflow.compiler.tf2xla.ops._xla_ops",
    "matplotlib",  # pictures of a training: from the source only
    "tensorboard",
    "setuptools",
    "pkg_resources",
    "pip",
    "wheel",
    "tkinter",
    "lib2to3",
    "pydoc_data",
    "pytest",
    "IPython",
    *standins.NAMES,
)
"""Modules that some file mentions and that Inkproof never uses."""

LEFT_OUT = (
    "tensorflow/include/",
    "tensorflow/compiler/mlir/stablehlo/",
    "tensorflow/compiler/tf2xla/ops/_xla_ops",
    "tensorflow/lite/python/",
    "libpywrap_tflite_common",
    "tensorflow/python/profiler/internal/_pywrap_profiler_plugin",
    "grpc/",
    "pygame/examples/",
    "pygame/tests/",
    "pygame/docs/",
)
"""Files below these that hooks collect without being asked to."""

FROM_THE_SYSTEM = ("libX11.so", "libXau.so", "libXdmcp.so", "libbsd.so", "libmd.so")
"""X11's libraries, collected for pygame's clipboard: they must fit the system's libxcb and libXext."""

NOT_INSIDE = ("grpcio", "pip", "setuptools", "wheel")
"""Packages that Inkproof's libraries or its source ask for and that are not in the frozen program."""

_OURS = ("assets/", "contracts/", "node/", "licences/", BUILD_FILE, "LICENSE", "THIRD-PARTY.md")

_STRIPPED = ("tensorflow/", "libpython", f"python{sys.version_info[0]}.{sys.version_info[1]}/")
"""Libraries that lose their symbol tables. NumPy's does not survive it, the others are small."""


def gather(folder: Path) -> list[tuple[str, str]]:
    """Pairs of source and place for PyInstaller's `datas`; what is made for the build is made in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    node = folder / "node"
    if not (node / "LICENSE.txt").is_file():
        shutil.rmtree(node, ignore_errors=True)
        binary.install(node, lambda text, _done: print(text))
    build = {"version": __version__, "commit": asked(ROOT), "python": sys.version.split()[0]}
    (folder / BUILD_FILE).write_text(json.dumps(build) + "\n", encoding="utf-8")
    packages = [one for one in third_party.packages() if one.name not in NOT_INSIDE]
    (folder / "THIRD-PARTY.md").write_text(third_party.render(packages), encoding="utf-8")
    third_party.copy_texts(packages, folder / "licences")
    pairs = [(str(folder / "node"), "node"), (str(folder / "licences"), "licences")]
    pairs += [
        (str(folder / BUILD_FILE), "."),
        (str(folder / "THIRD-PARTY.md"), "."),
        (str(ROOT / "LICENSE"), "."),
    ]
    return pairs + [(str(ROOT / name), name) for name in DATA]


def keep(entries: Iterable[Entry]) -> list[Entry]:
    """The entries that are not to be left out."""
    return [one for one in entries if not one[0].replace("\\", "/").startswith((*LEFT_OUT, *FROM_THE_SYSTEM))]


def slim(entries: Iterable[Entry], folder: Path) -> list[Entry]:
    """The same entries, with copies in `folder` instead of what can be stripped. Linux only: elsewhere
    TensorFlow comes stripped, and a changed library would lose its signature."""
    if sys.platform != "linux" or shutil.which("strip") is None:
        return list(entries)
    shutil.rmtree(folder, ignore_errors=True)
    return [_stripped(one, folder) if _can_be_stripped(one) else one for one in entries]


def _can_be_stripped(entry: Entry) -> bool:
    name, _, kind = entry
    return kind in ("BINARY", "EXTENSION") and name.startswith(_STRIPPED)


def _stripped(entry: Entry, folder: Path) -> Entry:
    name, source, kind = entry
    copy = folder / name
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, copy)
    subprocess.run(["strip", "--strip-unneeded", str(copy)], check=True)
    return name, str(copy), kind


def list_contents(entries: Iterable[Entry], folder: Path) -> Entry:
    """The list of our own files, as an entry of the program.

    In a folder `finish` replaces it by a complete one; a single file's loader checks what it unpacks. On
    macOS PyInstaller signs the node again, so it is not listed.
    """
    stage = folder / "stage"
    shutil.rmtree(stage, ignore_errors=True)
    for name, source, _ in entries:
        plain = name.replace("\\", "/")
        if plain.startswith(_OURS) and not (sys.platform == "darwin" and plain.startswith("node/")):
            place = stage / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)
    write_manifest(stage, sorted(path for path in stage.rglob("*") if path.is_file()))
    return MANIFEST, str(stage / MANIFEST), "DATA"


def finish(folder: Path) -> None:
    """Complete the folder that PyInstaller has made: the list of its files, and licence texts where people
    look."""
    inside = folder / "_internal"
    (inside / MANIFEST).unlink(missing_ok=True)
    write_manifest(inside, sorted(path for path in inside.rglob("*") if path.is_file()))
    for name in ("LICENSE", "THIRD-PARTY.md"):
        shutil.copyfile(inside / name, folder / name)


def version_file(path: Path) -> Path:
    """Windows's version resource, in the form that PyInstaller reads."""
    numbers = ", ".join([*__version__.split("."), "0"])
    words = {
        "CompanyName": "Inkproof",
        "FileDescription": "Inkproof: three judges read one drawn digit",
        "FileVersion": __version__,
        "InternalName": "inkproof",
        "LegalCopyright": "MIT licence",
        "OriginalFilename": "inkproof.exe",
        "ProductName": "Inkproof",
        "ProductVersion": f"{__version__} ({asked(ROOT)})",
    }
    strings = ", ".join(f"StringStruct({key!r}, {value!r})" for key, value in words.items())
    path.write_text(
        f"VSVersionInfo(ffi=FixedFileInfo(filevers=({numbers}), prodvers=({numbers}), mask=0x3F, flags=0x0, "
        "OS=0x40004, fileType=0x1, subtype=0x0, date=(0, 0)), kids=["
        f"StringFileInfo([StringTable('040904B0', [{strings}])]), "
        "VarFileInfo([VarStruct('Translation', [1033, 1200])])])\n",
        encoding="utf-8",
    )
    return path
