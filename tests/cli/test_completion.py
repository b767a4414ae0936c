"""The Tab key: what shells are offered, by argcomplete's protocol and in a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.cli.conftest import run

bash = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


LINES = {
    "inkproof verif": "verify",
    "inkproof wallet ba": "balance",
    "inkproof classify --mod": "--model",
    "inkproof classify --model comp": "compact",
}


@bash
def test_bash_completes_commands_actions_options_and_models(tmp_path):
    """A program called `inkproof` is first in PATH, as after an installation."""
    program = tmp_path / "inkproof"
    program.write_text(f'#!/bin/sh\n# PYTHON_ARGCOMPLETE_OK\nexec {sys.executable} -m app "$@"\n')
    program.chmod(0o755)
    script = """
        eval "$(inkproof completion bash)"
        COMP_TYPE=9 COMP_WORDBREAKS=$' \\t\\n'
        for COMP_LINE in "$@"; do
            COMP_POINT=${#COMP_LINE} COMPREPLY=()
            read -ra COMP_WORDS <<< "$COMP_LINE"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _python_argcomplete inkproof
            echo "${COMPREPLY[@]}"
        done
    """
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = ["bash", "--norc", "-c", script, "bash", *LINES]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=True)
    assert [line.strip() for line in done.stdout.splitlines()] == list(LINES.values()), done.stderr


@pytest.mark.parametrize(("shell", "words"), [("zsh", "compdef"), ("fish", "complete --command inkproof")])
def test_other_shells_get_a_script_of_their_own(inkproof, shell, words):
    ran = inkproof("completion", shell)
    assert ran.returncode == 0
    assert words in ran.stdout


def test_an_unknown_shell_is_told_which_are_known(inkproof):
    ran = inkproof("completion", "csh")
    assert ran.returncode == 2
    assert "fish" in ran.stderr


def test_a_variable_of_another_programs_completion_changes_nothing(home):
    assert run("history", env={**os.environ, "COMP_LINE": "git st"}).returncode == 0
