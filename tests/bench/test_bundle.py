"""The files of the program: complete and undamaged ones pass, and each fault is named."""

import json

import pytest

from app.bench.bundle import MANIFEST, NEEDED, check_files
from app.errors import InkproofError


def test_a_complete_program_passes(frozen):
    count = len(json.loads((frozen / MANIFEST).read_text(encoding="utf-8")))
    assert check_files() == f"{count + 1} files are there; size and SHA-256 of {count}"


@pytest.mark.parametrize("name", ["assets/handwriting/integers.npz", "lib/tensor flow.so", "LICENSE"])
def test_a_missing_file_is_named(frozen, name):
    (frozen / name).unlink()
    with pytest.raises(InkproofError, match=name):
        check_files()


def test_one_changed_byte_is_noticed(frozen):
    path = frozen / "contracts" / "digit_classifier.json"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InkproofError, match=r"contracts/digit_classifier\.json"):
        check_files()


def test_a_needed_file_is_missed_even_if_the_manifest_does_not_name_it(frozen):
    entries = json.loads((frozen / MANIFEST).read_text(encoding="utf-8"))
    del entries["THIRD-PARTY.md"]
    (frozen / MANIFEST).write_text(json.dumps(entries), encoding="utf-8")
    (frozen / "THIRD-PARTY.md").unlink()
    with pytest.raises(InkproofError, match=r"THIRD-PARTY\.md"):
        check_files()


@pytest.mark.parametrize("content", ["", "[]", "null", '{"a": 1}', '{"a": ["x", "y"]}'])
def test_an_unreadable_manifest_is_an_error(frozen, content):
    (frozen / MANIFEST).write_text(content, encoding="utf-8")
    with pytest.raises(InkproofError, match="cannot be read"):
        check_files()


def test_outside_a_build_the_needed_files_are_looked_for():
    assert check_files().startswith(f"{len(NEEDED)} files are there")
