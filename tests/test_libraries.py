"""Which system libraries a frozen program needs is read from its files."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.window.screen import X11_LIBRARIES
from tools import libraries
from tools.third_party import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's libraries")

ELF = Path("/bin/ls")


def test_what_a_file_needs_is_what_readelf_says():
    if shutil.which("readelf") is None:
        pytest.skip("readelf (binutils) is not installed")
    said = subprocess.run(["readelf", "-d", str(ELF)], capture_output=True, text=True, check=True).stdout
    expected = re.findall(r"\(NEEDED\).*\[(.+)\]", said)
    assert expected
    assert libraries.needs(ELF) == expected


def test_other_files_need_nothing(tmp_path):
    for name, content in (("text", b"#!/bin/sh\n"), ("empty", b""), ("cut", b"\x7fELF\x02\x01")):
        (tmp_path / name).write_bytes(content)
        assert libraries.needs(tmp_path / name) is None


@pytest.fixture
def folder(tmp_path):
    """A program's folder: one library needs libraries of which the folder holds the first."""
    inside = tmp_path / "_internal"
    (inside / "node" / "bin").mkdir(parents=True)
    shutil.copy(ELF, inside / "module.so")
    first = (libraries.needs(ELF) or [])[0]
    shutil.copy(ELF, inside / first)
    return tmp_path


def test_what_the_folder_holds_does_not_come_from_the_system(folder):
    first, *others = libraries.needs(ELF) or []
    assert first not in libraries.needed(folder)
    assert set(libraries.needed(folder)) == set(others)


@pytest.mark.parametrize("place", ["inkproof", "_internal/node/bin/bitcoind"])
def test_starter_and_node_take_everything_from_the_system(folder, place):
    """The starter runs before the folder's libraries are set; the node does not see them."""
    shutil.copy(ELF, folder / place)
    first = (libraries.needs(ELF) or [])[0]
    assert libraries.needed(folder)[first] == [place]


def test_a_closure_holds_what_its_libraries_need_in_turn():
    names = {path.name for path in libraries.closure(libraries.needs(ELF) or [])}
    for path in libraries.closure(libraries.needs(ELF) or []):
        assert set(libraries.needs(path) or []) <= names
    with pytest.raises(OSError, match=r"libnothing\.so\.9 is not on this system"):
        list(libraries.closure(["libnothing.so.9"]))


def test_the_screen_s_libraries_are_those_that_the_window_names():
    assert libraries.SCREEN == X11_LIBRARIES


def test_the_page_lists_the_screen_s_libraries():
    page = (ROOT / "docs" / "packaging.md").read_text(encoding="utf-8")
    for name in (*libraries.SCREEN, "libz.so.1", "libstdc++.so.6"):
        assert f"`{name}`" in page
