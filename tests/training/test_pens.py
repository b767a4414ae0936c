"""Pen files: what is written is what is read, and a stranger's file is checked in bounded memory."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.errors import DataError
from app.training.pens import chosen, joined, load_pens, save_pens
from tests.training.pens import straight


def arrays(**changes: Any) -> dict[str, Any]:
    """A valid file of two digits: one of a single stroke, one of two."""
    return {
        "digit": np.array([1, 7], np.uint8),
        "writer": np.array([3, 4], np.int16),
        "source": np.array(["abc", "de"]),
        "digit_start": np.array([0, 1], np.int32),
        "stroke_start": np.array([0, 2, 4], np.int32),
        "points": np.array([[0, 0], [0, 1000], [0, 0], [800, 0], [800, 0], [300, 1000]], np.int16),
    } | changes


def written(path: Path, **changes: Any) -> Path:
    np.savez(path, **{name: value for name, value in arrays(**changes).items() if value is not None})
    return path


def test_a_file_gives_every_stroke_of_every_digit(tmp_path: Path) -> None:
    pens = load_pens(written(tmp_path / "pens.npz"), digits=True)
    assert pens.labels.tolist() == [1, 7] and pens.writer.tolist() == [3, 4]
    assert [stroke.tolist() for stroke in pens.strokes(0)] == [[[0, 0], [0, 1000]]]
    assert [stroke.tolist() for stroke in pens.strokes(1)] == [[[0, 0], [800, 0]], [[800, 0], [300, 1000]]]


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    for digits in (True, False):
        pens = straight(30, digits=digits)
        save_pens(pens, tmp_path / "pens.npz")
        again = load_pens(tmp_path / "pens.npz", digits=digits)
        assert again.labels.tolist() == pens.labels.tolist() and again.source.tolist() == pens.source.tolist()
        assert again.writer.tolist() == pens.writer.tolist()
        for index in range(len(pens)):
            for one, same in zip(pens.strokes(index), again.strokes(index), strict=True):
                assert np.array_equal(one, same)
    assert [path.name for path in tmp_path.iterdir()] == ["pens.npz"]


def test_choosing_and_joining_keep_every_character_whole() -> None:
    pens = straight(40)
    odd = np.arange(40) % 2 == 1
    both = joined([chosen(pens, odd), chosen(pens, ~odd)])
    order = [*range(1, 40, 2), *range(0, 40, 2)]
    assert both.labels.tolist() == [pens.labels[index] for index in order]
    for place, index in enumerate(order):
        ours, theirs = both.strokes(place), pens.strokes(index)
        assert [stroke.tolist() for stroke in ours] == [stroke.tolist() for stroke in theirs]


def test_a_writer_is_held_out_of_all_files_or_of_none() -> None:
    pens, more = straight(400, writers=40), straight(200, writers=20, digits=False)
    sides: dict[tuple[str, int], set[bool]] = {}
    for found in (pens, more):
        for source, writer, out in zip(found.source, found.writer, found.held_out(), strict=True):
            sides.setdefault((str(source), int(writer)), set()).add(bool(out))
    assert all(len(side) == 1 for side in sides.values())
    assert 1 <= sum(True in side for side in sides.values()) <= 12


def test_a_dot_is_left_out(tmp_path: Path) -> None:
    points = arrays()["points"].copy()
    points[:2] = 5
    pens = load_pens(written(tmp_path / "pens.npz", points=points), digits=True)
    assert pens.labels.tolist() == [7] and len(pens.strokes(0)) == 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"digit": np.array([1, 10], np.uint8)}, "digits from 0 to 9"),
        ({"digit": np.array([-1, 1], np.int16)}, "digits from 0 to 9"),
        ({"digit": np.array([0.5, 1.0])}, "digits from 0 to 9"),
        ({"digit": None}, "It has no digit"),
        ({"digit": np.zeros(0, np.uint8)}, "no list"),
        ({"writer": np.array([1], np.int16)}, "`writer`"),
        ({"writer": np.array([1, -1], np.int16)}, "`writer`"),
        ({"source": np.array([1, 2])}, "`source`"),
        ({"points": np.zeros((6, 3), np.int16)}, "`points`"),
        ({"points": np.zeros((0, 2), np.int16)}, "0 to 1000"),
        ({"points": arrays()["points"] * 2}, "0 to 1000"),
        ({"points": arrays()["points"] - 1}, "0 to 1000"),
        ({"points": arrays()["points"].astype(float)}, "`points`"),
        ({"stroke_start": np.array([0, 2, 6])}, "past the end"),
        ({"stroke_start": np.array([0, 2, -1])}, "past the end"),
        ({"stroke_start": np.array([0, 2, 2])}, "does not rise"),
        ({"stroke_start": np.array([1, 2, 4])}, "does not rise"),
        ({"digit_start": np.array([0, 2**40])}, "past the end"),
        ({"digit_start": np.array([0])}, "one entry for each"),
        ({"digit_start": np.array([[0, 1]])}, "no list of offsets"),
    ],
)
def test_an_array_that_does_not_fit_is_named(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(DataError) as caught:
        load_pens(written(tmp_path / "pens.npz", **changes), digits=True)
    assert why in caught.value.why


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "gone off",))

    path = tmp_path / "pens.npz"
    np.savez(path, allow_pickle=True, **(arrays(source=np.array([Bomb(), Bomb()], object))))
    with pytest.raises(DataError, match="not a pen file"):
        load_pens(path, digits=True)
    assert not (tmp_path / "gone off").exists()


def test_a_header_that_claims_more_than_there_is_asks_for_no_memory(tmp_path: Path) -> None:
    path = written(tmp_path / "pens.npz")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<i2", "fortran_order": False, "shape": (2**45, 2)}
    )
    members["points.npy"] = header.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(DataError, match="not a pen file"):
        load_pens(path, digits=True)


def test_signs_that_are_digits_or_words_are_refused(tmp_path: Path) -> None:
    for signs, good in ((["A", "x"], True), (["A", "7"], False), (["A", "to"], False)):
        path = written(tmp_path / "pens.npz", digit=None, character=np.array(signs))
        if good:
            assert load_pens(path, digits=False).labels.tolist() == signs
        else:
            with pytest.raises(DataError, match="not a pen file"):
                load_pens(path, digits=False)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nonsense", b"\x93NUMPY"])
def test_something_else_is_no_pen_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pens.npz").write_bytes(content)
    with pytest.raises(DataError, match="not a pen file"):
        load_pens(tmp_path / "pens.npz", digits=True)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no pen file at .*none\.npz"):
        load_pens(tmp_path / "none.npz", digits=True)
