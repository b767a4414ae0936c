"""UNIPEN files and UCI's raw pen digits: every labelled character, and nothing outside the named folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.errors import DataError
from app.training.pens import load_pens, save_pens
from app.training.unipen import pen_set, read_unipen

UCI = """.INCLUDE dene.doc
.LEXICON "0" "1"
.HIERARCHY DIGIT
.SEGMENT DIGIT 0 ? "1"
.COMMENT 1 12 224
.PEN_DOWN
 10 100
 10 50
 10 0
.PEN_UP
.DT 100
.SEGMENT DIGIT 1-2 ? "4"
.COMMENT 4 13 225
.PEN_DOWN
 0 40
 0 20
 40 20
.PEN_UP
.DT 100
.PEN_DOWN
 30 40
 30 0
.PEN_UP
.DT 100
"""

INK = """.VERSION 1.0
.COORD X Y T
.PEN_DOWN
0 10 1
0 0 2
.PEN_UP
5 5 3
.PEN_DOWN
10 20 4
20 20 5
30 20 6
30 0 7
"""

LABELS = """.WRITER_ID anna
.INCLUDE ink/one.dat
.SEGMENT TEXT 0-2 ? "17"
.SEGMENT CHARACTER 0 OK "1"
.SEGMENT CHARACTER 2:1-2:3 OK "7"
.SEGMENT CHARACTER 0,2 OK "A"
"""


def test_uci_s_digits_have_their_strokes_and_writers(tmp_path: Path) -> None:
    (tmp_path / "pendigits-orig.tra").write_text(UCI)
    one, four = read_unipen(tmp_path / "pendigits-orig.tra")
    assert (one.label, one.writer, len(one.strokes)) == ("1", "12", 1)
    assert (four.label, four.writer) == ("4", "13")
    # The tablet counts upward; y runs down here.
    assert one.strokes[0].tolist() == [[10, -100], [10, -50], [10, 0]]
    assert [stroke.tolist() for stroke in four.strokes] == [
        [[0, -40], [0, -20], [40, -20]],
        [[30, -40], [30, 0]],
    ]


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    (tmp_path / "data" / "ink").mkdir(parents=True)
    (tmp_path / "data" / "ink" / "one.dat").write_text(INK)
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "one.txt").write_text(LABELS)
    return tmp_path


def test_segments_name_components_of_included_files_and_points_of_them(labelled: Path) -> None:
    one, seven, letter = read_unipen(labelled / "labels" / "one.txt", [labelled / "data"], y_down=True)
    assert [found.writer for found in (one, seven, letter)] == ["anna"] * 3
    assert [stroke.tolist() for stroke in one.strokes] == [[[0, 10], [0, 0]]]
    assert [stroke.tolist() for stroke in seven.strokes] == [[[20, 20], [30, 20], [30, 0]]]
    assert letter.label == "A" and [len(stroke) for stroke in letter.strokes] == [2, 4]


def test_a_set_holds_what_is_wanted_scaled_to_its_box(labelled: Path, tmp_path: Path) -> None:
    written = read_unipen(labelled / "labels" / "one.txt", [labelled / "data"], y_down=True)
    digits = pen_set([("abc", written), ("de", written)], digits=True)
    assert digits.labels.tolist() == [1, 7, 1, 7] and digits.writer.tolist() == [0, 0, 1, 1]
    assert digits.source.tolist() == ["abc", "abc", "de", "de"]
    assert digits.strokes(1)[0].tolist() == [[0, 1000], [500, 1000], [500, 0]]
    signs = pen_set([("abc", written)], digits=False)
    assert signs.labels.tolist() == ["A"]
    save_pens(digits, tmp_path / "pens.npz")
    assert len(load_pens(tmp_path / "pens.npz", digits=True)) == 4


def test_files_without_a_wanted_character_are_refused(labelled: Path) -> None:
    written = read_unipen(labelled / "labels" / "one.txt", [labelled / "data"])
    with pytest.raises(DataError, match="None of the files"):
        pen_set([("abc", written)], digits=False, signs=frozenset("Z"))


def test_no_file_outside_the_named_folders_is_read(labelled: Path) -> None:
    (labelled / "secret.dat").write_text(INK)
    for name in ("../secret.dat", str(labelled / "secret.dat")):
        path = labelled / "labels" / "sly.txt"
        path.write_text(LABELS.replace("ink/one.dat", name))
        with pytest.raises(DataError) as caught:
            read_unipen(path, [labelled / "data"])
        assert "is not there" in caught.value.why


def test_a_file_that_includes_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop.txt").write_text('.INCLUDE loop.txt\n.SEGMENT CHARACTER 0 OK "1"\n')
    with pytest.raises(DataError) as caught:
        read_unipen(tmp_path / "loop.txt")
    assert "deep" in caught.value.why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no labelled characters"),
        (UCI.replace("10 50", "10"), "no coordinates"),
        (UCI.replace("10 50", "10 x"), "no coordinates"),
        (UCI.replace("10 50", "10 1e99"), "too far off"),
        (UCI.replace("DIGIT 0 ?", "DIGIT 9 ?"), "names component 9"),
        (UCI.replace("DIGIT 0 ?", "DIGIT zero ?"), "names no components"),
        (UCI.replace("DIGIT 0 ?", "DIGIT 0-999999999 ?"), "names no components"),
        (UCI + "x" * 20_000, "too long"),
    ],
)
def test_unreadable_files_are_reported(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "file").write_text(text)
    with pytest.raises(DataError) as caught:
        read_unipen(tmp_path / "file")
    assert why in caught.value.why


def test_a_dot_is_no_character(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(UCI.replace("10 100", "10 0").replace("10 50", "10 0"))
    found = pen_set([("uci", read_unipen(tmp_path / "file"))], digits=True)
    assert found.labels.tolist() == [4]
    assert np.concatenate(found.strokes(0)).max(axis=0).tolist() == [1000, 1000]
