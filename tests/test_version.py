"""`--version` says which program this is."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import app
from app import version
from app.version import commit, describe

ROOT = Path(app.__file__).resolve().parents[1]


@pytest.fixture
def frozen(tmp_path, monkeypatch):
    """The two attributes that PyInstaller's programs have."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A copy of the module in a repository of one commit."""
    (tmp_path / "app").mkdir()
    copy = tmp_path / "app" / "version.py"
    shutil.copy(version.__file__, copy)
    monkeypatch.setattr(version, "__file__", str(copy))
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    return tmp_path


def test_the_command_line_prints_the_line_and_nothing_else():
    done = subprocess.run(
        [sys.executable, "-m", "app", "--version"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == describe() + "\n"
    assert re.fullmatch(
        rf"Inkproof {re.escape(app.__version__)}( \(commit [0-9a-f]{{7,40}}\+?\))?", describe()
    )


def test_the_version_is_written_in_one_place():
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.fullmatch(r"\d+\.\d+\.\d+", app.__version__)


def test_in_a_checkout_it_names_the_commit(checkout):
    assert commit() == git(checkout, "rev-parse", "--short=12", "HEAD")


def test_in_a_checkout_with_changes_the_commit_ends_in_a_plus(checkout):
    (checkout / "app" / "version.py").write_text("changed", encoding="utf-8")
    assert commit() == git(checkout, "rev-parse", "--short=12", "HEAD") + "+"


def test_a_tag_does_not_take_the_place_of_the_commit(checkout):
    git(checkout, "tag", "-a", "v9", "-m", "nine")
    assert commit() == git(checkout, "rev-parse", "--short=12", "HEAD")


def test_installed_there_is_no_commit_even_inside_a_strangers_repository(checkout, monkeypatch):
    installed = checkout / "site-packages" / "app" / "version.py"
    monkeypatch.setattr(version, "__file__", str(installed))
    assert commit() == ""
    assert describe() == f"Inkproof {app.__version__}"


def test_without_git_there_is_no_commit(checkout, monkeypatch):
    monkeypatch.setenv("PATH", str(checkout))
    assert commit() == ""


def test_frozen_it_names_the_commit_it_was_built_from(frozen):
    (frozen / version.BUILD_FILE).write_text(json.dumps({"commit": "0123456789ab"}), encoding="utf-8")
    assert describe() == f"Inkproof {app.__version__} (commit 0123456789ab, frozen)"


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"commit": 7}'])
def test_frozen_without_a_record_it_still_says_so(frozen, content):
    if content is not None:
        (frozen / version.BUILD_FILE).write_text(content, encoding="utf-8")
    assert describe() == f"Inkproof {app.__version__} (frozen)"
