"""A frozen program is measured from outside; here the program is a script that starts this one."""

import json
import shutil
import stat
import sys

import pytest

from tools import measure
from tools.measure import ROOT


@pytest.fixture
def program(tmp_path, bitcoind):
    """A program of the form that `make exe` makes: a starter, and a folder beside it."""
    if sys.platform == "win32":
        pytest.skip("the starter is a shell script")
    (tmp_path / "_internal").mkdir()
    (tmp_path / "_internal" / "library").write_bytes(bytes(1000))
    starter = tmp_path / "inkproof"
    starter.write_text(
        f'#!/bin/sh\ncd "{ROOT}"\nINKPROOF_BITCOIND="{bitcoind}" exec "{sys.executable}" -m app "$@"\n',
        encoding="utf-8",
    )
    starter.chmod(stat.S_IRWXU)
    return starter


@pytest.mark.exhaustive
def test_a_program_is_measured_from_its_start(program, tmp_path, capsys):
    written = tmp_path / "figures.json"
    assert measure.main([str(program), "--starts", "1", "--output", str(written)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(written.read_text(encoding="utf-8"))
    folder = printed["folder"]
    assert folder["bytes"] == 1000 + program.stat().st_size
    assert folder["self_test_passed"] is True
    assert 0 < folder["first_reading_seconds"]["median"] < measure._LIMIT
    if shutil.which("Xvfb"):
        assert folder["first_frame_seconds"]["processor"] > 0
        assert folder["first_frame_seconds"]["median"] < measure._LIMIT
    else:
        assert folder["first_frame_seconds"] is None


def test_without_a_program_it_says_how_to_build_one(tmp_path, capsys):
    with pytest.raises(SystemExit):
        measure.main([str(tmp_path / "nothing")])
    assert "make exe" in capsys.readouterr().err
