"""What README.md and docs/ say is what the files and commands of the project say."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from app.cli.parser import build_parser
from tests.figures import ROOT, check, figures, figures_in, pages

PAGES = pytest.mark.parametrize("page", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"""(?:\]\(\s*<?([^)\s>]+)|(?:src|srcset|href)="([^"]+)")""")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*$", re.MULTILINE)


def test_there_are_figures_to_check():
    assert figures()


@pytest.mark.parametrize("figure", figures(), ids=str)
def test_a_quoted_figure_is_the_one_its_source_holds(figure):
    check(figure)


@pytest.fixture
def source(tmp_path):
    """A file to quote from."""
    values = {"bytes": 500_000, "share": 0.98744, "half": 2.5, "name": "784-64-10", "hash": "50102e3c" * 8}
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(values | {"list": [{"a": -7}], "none": None}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "it takes 500,001 bytes<!-- figure: FILE; bytes -->",
        "it takes 501 KB<!-- figure: FILE; bytes; /1000 -->",
        "98.75 %<!-- figure: FILE; share; *100 -->",
        "0.987<!-- figure: FILE; share; *100 -->",
        "784-64-1<!-- figure: FILE; name -->",
        "50102e3d<!-- figure: FILE; hash -->",
        "50102e3<!-- figure: FILE; hash -->",
        "7<!-- figure: FILE; list.0.a -->",
        "no number at all<!-- figure: FILE; bytes -->",
        "7 of them<!-- figure: FILE; list -->",
        "7<!-- figure: FILE; none -->",
        "it takes 500,001 bytes<!-- figure: app.script.run; SCRIPT_LIMIT -->",
    ],
)
def test_a_wrong_figure_is_found(text, source):
    (figure,) = figures_in(text.replace("FILE", str(source)), "a page")
    with pytest.raises(AssertionError):
        check(figure)


@pytest.mark.parametrize(
    "text",
    [
        "it takes 500,000 bytes<!-- figure: FILE; bytes -->",
        "500 KB<!-- a remark --><!-- figure: FILE; bytes; /1000 -->",
        "0.50 MB<!-- figure: FILE; bytes; /1e6 -->",
        "98.74 %<!-- figure: FILE; share; *100 -->",
        "98.7 %<!-- figure: FILE; share; *100 -->",
        "3<!-- figure: FILE; half --> or 2<!-- a remark -->",
        "`784-64-10`<!-- figure: FILE; name -->",
        "sha256 `50102e3c5010…`<!-- figure: FILE; hash -->",
        "-7<!-- figure: FILE; list.0.a -->",
        "it takes 500,000 bytes<!-- figure: app.script.run; SCRIPT_LIMIT -->",
    ],
)
def test_a_right_figure_is_passed(text, source):
    (figure,) = figures_in(text.replace("FILE", str(source)), "a page")
    check(figure)


def test_an_example_in_a_block_of_code_is_not_checked():
    assert figures_in("```\n7<!-- figure: nowhere.json; key -->\n```\n", "a page") == []


def test_a_note_that_names_nothing_is_found():
    for note in ("nowhere.json; key", "assets/source/report.json; no such key"):
        (figure,) = figures_in(f"7<!-- figure: {note} -->", "a page")
        with pytest.raises((OSError, KeyError)):
            check(figure)
    for note in ("assets/source/report.json", "a; b; c; d", "a; b; 100"):
        with pytest.raises(ValueError):
            figures_in(f"7<!-- figure: {note} -->", "a page")


@PAGES
def test_a_link_inside_the_project_leads_somewhere(page):
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in (one or other for one, other in _LINK.findall(text)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        assert target.resolve().is_relative_to(ROOT), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to a page's headings."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    names = (re.sub(r"<!--.*?-->|[^\w\s-]", "", title).strip().lower() for title in _HEADING.findall(text))
    return {name.replace(" ", "-") for name in names}


@PAGES
def test_a_command_that_is_shown_is_one_that_is_understood(page):
    for block in _FENCE.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines():
            words = line.split("#")[0].split()
            if words[:1] == ["$"]:
                words = words[1:]
            if words[:1] == ["inkproof"] and not {"|", ">", "--version", "--help"} & set(words):
                build_parser().parse_args(words[1:] or ["window"])


@PAGES
def test_a_make_target_that_is_named_exists(page):
    rules = re.findall(r"^([\w -]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    targets = set(" ".join(rules).split())
    named = re.findall(r"`make ([\w-]+)|^\$? ?make ([\w-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert {one or other for one, other in named} <= targets
