from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.errors import DataError
from app.training.data import KEYS, Mnist, load_mnist

Arrays = dict[str, Any]


def good() -> Arrays:
    return {
        "x_train": np.zeros((5, 28, 28), np.uint8),
        "y_train": np.array([0, 1, 2, 3, 9], np.uint8),
        "x_test": np.full((2, 28, 28), 255, np.uint8),
        "y_test": np.array([4, 5], np.int64),
    }


def saved(folder: Path, arrays: Arrays) -> Path:
    path = folder / "data.npz"
    np.savez(path, **arrays)
    return path


def test_a_file_in_keras_layout_is_read_whole(tmp_path: Path) -> None:
    data = load_mnist(saved(tmp_path, good()))
    assert data.x_train.shape == (5, 28, 28) and data.x_test.max() == 255
    assert data.y_train.tolist() == [0, 1, 2, 3, 9] and data.y_test.tolist() == [4, 5]
    assert data.y_test.dtype == np.uint8


def test_mnist_itself_is_read(mnist: Mnist) -> None:
    assert len(mnist.x_train) == 60_000 and len(mnist.x_test) == 10_000
    assert np.bincount(mnist.y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


BAD: list[tuple[str, Arrays]] = [
    ("x_train", {"x_train": np.zeros((5, 28, 28), np.float32)}),
    ("x_train", {"x_train": np.zeros((5, 784), np.uint8)}),
    ("x_train", {"x_train": np.zeros((5, 28, 27), np.uint8)}),
    ("x_test", {"x_test": np.zeros((0, 28, 28), np.uint8), "y_test": np.zeros(0, np.uint8)}),
    ("y_train", {"y_train": np.array([0, 1, 2, 3], np.uint8)}),
    ("y_train", {"y_train": np.array([0, 1, 2, 3, 10], np.uint8)}),
    ("y_train", {"y_train": np.array([0, 1, 2, 3, -1], np.int64)}),
    ("y_test", {"y_test": np.array([0.0, 1.0])}),
    ("y_test", {"y_test": np.eye(2, 10, dtype=np.uint8)}),
]


@pytest.mark.parametrize(("key", "change"), BAD)
def test_arrays_that_are_not_mnist_are_refused_by_name(tmp_path: Path, key: str, change: Arrays) -> None:
    with pytest.raises(DataError) as caught:
        load_mnist(saved(tmp_path, good() | change))
    assert key in caught.value.why and "--data" in caught.value.hint


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    arrays = good()
    del arrays["y_test"]
    with pytest.raises(DataError, match="y_test"):
        load_mnist(saved(tmp_path, arrays))


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_mnist(tmp_path / "nothing.npz")
    assert "--data FILE" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not an archive at all" * 50])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        load_mnist(path)


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, good())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="cannot be read"):
        load_mnist(path)


def test_an_archive_with_any_byte_damaged_is_refused_or_none_the_worse(tmp_path: Path) -> None:
    """Compressed, as Keras's own file is: a flipped byte meets zip's tables, zlib and NumPy's headers."""
    path = tmp_path / "data.npz"
    np.savez_compressed(path, **good())
    sound, known = path.read_bytes(), load_mnist(path)
    refused = 0
    for at in range(len(sound)):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 0xFF]) + sound[at + 1 :])
        try:
            again = load_mnist(path)
        except DataError:
            refused += 1
        else:
            assert all(np.array_equal(getattr(again, key), getattr(known, key)) for key in KEYS)
    assert refused > len(sound) / 2


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load_mnist(saved(tmp_path, good() | {"x_train": np.array([{"code": 1}], dtype=object)}))


@pytest.mark.slow
def test_an_archive_that_unpacks_to_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = saved(tmp_path, {key: value for key, value in good().items() if key != "x_train"})
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("x_train.npy", "w") as member,
    ):
        np.lib.format.write_array(member, np.zeros((710_000, 28, 28), np.uint8))
    assert path.stat().st_size < 5_000_000
    with pytest.raises(DataError, match="unpacks to"):
        load_mnist(path)


def test_a_download_says_nothing_on_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard output is for results. Keras fetches for real here, from a file instead of its own server."""
    from keras.src.datasets import mnist as keras_mnist

    fetch, origin = keras_mnist.get_file, saved(tmp_path, good()).as_uri()
    cache = tmp_path / "cache"
    cache.mkdir()  # without one, Keras uses a cache that outlives the test

    def from_file(fname: str, **_: str) -> str:
        return str(fetch(fname, origin, cache_dir=str(cache)))

    monkeypatch.setattr(keras_mnist, "get_file", from_file)
    assert len(load_mnist().x_test) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Downloading" in told.err


def test_importing_the_room_does_not_import_tensorflow() -> None:
    script = (
        "import sys, app.training.data, app.training.train, app.training.report, app.floats.judge\n"
        "print([name for name in ('tensorflow', 'keras', 'matplotlib') if name in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=root, check=True
    )
    assert done.stdout.strip() == "[]"
