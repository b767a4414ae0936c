"""Workers: they answer, they are started again when they die, and they end when they are told to."""

import contextlib
import queue
import time

import numpy as np
import psutil
import pytest
from PIL import Image

from app import fixedpoint, models
from app.drawing import Stroke, rasterise, to_mnist
from app.fixedpoint.sureness import Sureness, lead
from app.window.model.document import Content, Place
from app.window.model.protocol import (
    BringBack,
    DeleteDrawing,
    Explain,
    Explained,
    Failed,
    Keep,
    Look,
    LookAtFile,
    Looked,
    Models,
    Placed,
    Read,
    ReadPicture,
    Ready,
    Said,
    SaveDrawing,
    SwitchModel,
    Traced,
    TraceRun,
)
from app.window.model.values import Who
from app.window.options import WindowOptions
from app.window.workers.desk import Desk
from app.window.workers.judging import exact_reading, read_with_script
from app.window.workers.process import ProcessWorker
from tests.window.states import PICTURE, SEVEN
from tests.window.workers.targets import deaf, mortal, tells_its_work


class Post:
    """What a worker posts, in order."""

    def __init__(self):
        self.messages = queue.SimpleQueue()

    def __call__(self, message):
        self.messages.put(message)

    def next(self, kind, seconds=60.0):
        """The next message of a kind; others are passed over."""
        deadline = time.monotonic() + seconds
        while True:
            message = self.messages.get(timeout=max(0.01, deadline - time.monotonic()))
            if isinstance(message, kind):
                return message


@contextlib.contextmanager
def running(target, *arguments):
    post = Post()
    worker = ProcessWorker(Who.FLOAT, "test", target, arguments, post)
    worker.start()
    try:
        yield worker, post
    finally:
        worker.ask_to_stop()
        worker.end(time.monotonic() + 2)


@pytest.fixture(scope="module")
def script():
    """The process that reads with the contract's Script: each test chooses the model."""
    with running(read_with_script, WindowOptions(model="no-such-model")) as (worker, post):
        failed = post.next(Failed)
        yield worker, post, failed


def test_a_missing_model_is_an_answer_and_not_a_death_and_another_one_can_be_chosen(script):
    worker, post, failed = script
    assert not failed.again
    assert failed.notice.hint
    worker.send(SwitchModel("no-such-model"))
    worker.send(ReadPicture(1, PICTURE))
    worker.send(SwitchModel("compact"))
    worker.send(ReadPicture(2, PICTURE))
    assert post.next(Read).reading.revision == 2


def test_a_run_of_the_script_is_sampled_from_its_start_to_its_end(script):
    worker, post, _ = script
    worker.send(SwitchModel("handwriting"))
    worker.send(TraceRun(4, PICTURE))
    traced = post.next(Traced)
    worker.send(ReadPicture(5, PICTURE))
    assert post.next(Read).reading.digit == traced.digit
    assert traced.job == 4
    assert 40 <= len(traced.samples) <= 80
    assert traced.samples[-1].code == traced.total
    assert all(len(sample.lanes) == 64 for sample in traced.samples[5:-15])


def test_a_worker_that_dies_is_reported_and_started_again():
    with running(mortal) as (worker, post):
        post.next(Ready)
        worker.send(ReadPicture(1, PICTURE))
        first = post.next(Said).notice
        worker.send(ReadPicture(13, PICTURE))
        failed = post.next(Failed)
        assert failed.again
        assert "exit code 7" in failed.notice.why
        post.next(Ready)
        worker.send(ReadPicture(2, PICTURE))
        assert post.next(Said).notice != first


def test_a_worker_ends_when_it_is_told_to():
    with running(mortal) as (worker, post):
        post.next(Ready)
        pid = worker.pid
        worker.ask_to_stop()
        assert worker.end(time.monotonic() + 60)
        assert not psutil.pid_exists(pid)


def test_a_worker_that_does_not_listen_is_killed():
    with running(deaf) as (worker, post):
        post.next(Ready)
        pid = worker.pid
        worker.ask_to_stop()
        assert not worker.end(time.monotonic() + 0.3)
        assert not psutil.pid_exists(pid)


def test_stopping_at_once_leaves_nothing():
    post = Post()
    worker = ProcessWorker(Who.FLOAT, "test", mortal, (), post)
    worker.start()
    worker.ask_to_stop()
    assert worker.end(time.monotonic() + 60)
    assert worker.pid is None or not psutil.pid_exists(worker.pid)


def test_the_script_s_process_reads_what_the_engine_reads_with_each_model_that_is_chosen(script):
    worker, post, _ = script
    picture = np.frombuffer(PICTURE, np.uint8).reshape(28, 28)
    for revision, name in enumerate(("handwriting", "compact", "source")):
        worker.send(SwitchModel(name))
        worker.send(ReadPicture(revision, PICTURE))
        exact = fixedpoint.load(models.named(name).integers_path).read(picture)
        reading = post.next(Read).reading
        assert (reading.revision, reading.digit, reading.logits) == (revision, exact.digit, exact.logits)
        assert sum(reading.shares) == pytest.approx(1)


def test_a_worker_that_dies_is_started_again_with_the_work_it_had_last():
    with running(tells_its_work, "first") as (worker, post):
        assert post.next(Said).notice == "first"
        worker.switch(("second",), SwitchModel("second"))
        assert post.next(Said).notice == "second"
        worker.send(SwitchModel("death"))
        post.next(Failed)
        assert post.next(Said).notice == "second"


@pytest.mark.parametrize("pause", [0, 0.05, 0.3])
def test_work_given_while_a_worker_starts_is_not_lost(pause):
    post = Post()
    worker = ProcessWorker(Who.FLOAT, "test", tells_its_work, ("first",), post)
    worker.start()
    time.sleep(pause)
    worker.switch(("second",), SwitchModel("second"))
    try:
        while post.next(Said).notice != "second":
            pass
    finally:
        worker.ask_to_stop()
        assert worker.end(time.monotonic() + 60)


def test_a_reading_is_sure_by_the_model_s_own_threshold_where_there_is_one():
    logits = (500, *[0] * 9)
    for least, sure in ((lead(logits, False), True), (lead(logits, False) + 1, False)):
        known = Sureness("ab", threshold=least, middle=1, width=1)
        assert exact_reading(1, 0, logits, 10**9, 0.1, known).sure is sure
    assert exact_reading(1, 0, logits, 100, 0.1, None).sure
    assert not exact_reading(1, 0, logits, 10**9, 0.1, None).sure


# --- the desk ---


@pytest.fixture
def desk(home):
    from app.paths import SHIPPED

    post = Post()
    desk = Desk(SHIPPED, post, lambda: None)
    desk.start()
    post.next(Ready)
    yield desk, post
    desk.ask_to_stop()
    assert desk.end(time.monotonic() + 60)


def test_the_desk_sees_and_reads_ink_as_image_files_are_read(desk):
    desk, post = desk
    desk.send(Look(3, Content(None, SEVEN), None))
    looked = post.next(Looked)
    assert looked.revision == 3
    assert looked.picture == to_mnist(rasterise(SEVEN)).tobytes()
    assert looked.reading.digit == 7


def test_a_picture_put_down_whole_is_read_as_it_is(desk):
    desk, post = desk
    desk.send(Look(1, Content(Place(PICTURE), ()), None))
    assert post.next(Looked).picture == PICTURE


def test_ink_on_a_picture_changes_it(desk):
    desk, post = desk
    line = Stroke(((0.1, 0.9), (0.9, 0.9)), 0.08)
    desk.send(Look(1, Content(Place(PICTURE), (line,)), None))
    assert post.next(Looked).picture != PICTURE


def test_the_desk_reads_with_the_model_that_was_chosen_last(desk):
    desk, post = desk
    for name in ("compact", "no-such-model", "source"):
        desk.send(SwitchModel(name))
    desk.send(Look(1, Content(None, SEVEN), None))
    assert post.next(Failed).who is Who.FIXED
    exact = fixedpoint.load(models.named("source").integers_path)
    picture = to_mnist(rasterise(SEVEN))
    assert post.next(Looked).reading.logits == exact.read(picture).logits


def test_a_dot_is_not_a_digit(desk):
    desk, post = desk
    desk.send(Look(1, Content(None, (Stroke(((0.5, 0.5),), 0.05),)), None))
    looked = post.next(Looked)
    assert looked.picture is None
    assert "dot" in looked.blank


def test_two_digits_are_not_one(desk):
    desk, post = desk
    ones = tuple(Stroke(((x, 0.3), (x, 0.7)), 0.04) for x in (0.3, 0.6))
    desk.send(Look(1, Content(None, ones), None))
    looked = post.next(Looked)
    assert looked.picture is None and looked.reading is None
    assert "two digits" in looked.blank


def test_a_file_becomes_a_picture_and_a_bad_one_a_sentence(desk, tmp_path):
    desk, post = desk
    desk.send(LookAtFile("tests/data/seven.png"))
    assert post.next(Placed).name == "seven.png"
    bad = tmp_path / "notes.png"
    bad.write_text("no picture")
    desk.send(LookAtFile(str(bad)))
    notice = post.next(Said).notice
    assert notice.error
    assert notice.hint


def test_the_frame_of_an_animation_that_was_read_is_named(desk, tmp_path):
    desk, post = desk
    with Image.open("tests/data/seven.png") as seven:
        drawn = seven.convert("L")
    blank = Image.new("L", drawn.size, 255)
    blank.save(tmp_path / "film.gif", save_all=True, append_images=[drawn])
    desk.send(LookAtFile(str(tmp_path / "film.gif")))
    assert post.next(Placed).name == "Frame 2 of film.gif"


def test_a_kept_drawing_comes_back_stroke_by_stroke_and_any_other_as_its_picture(desk, home):
    desk, post = desk
    looked = to_mnist(rasterise(SEVEN)).tobytes()
    desk.send(Keep("ab" * 32, Content(None, SEVEN)))
    desk.send(BringBack("ab" * 32, looked))
    assert post.next(Placed) == Placed(looked, strokes=SEVEN, txid="ab" * 32)
    desk.send(BringBack("cd" * 32, PICTURE))
    assert post.next(Placed) == Placed(PICTURE, txid="cd" * 32)


def test_evidence_and_neurons_are_those_of_the_model_that_reads(desk):
    desk, post = desk
    desk.send(Explain(3, PICTURE, 7))
    explained = post.next(Explained)
    assert (explained.evidence.revision, explained.evidence.digit) == (3, 7)
    assert explained.evidence.exact
    assert max(map(abs, explained.evidence.pixels)) == 1
    assert (explained.neurons.count, explained.neurons.side) == (64, 1)
    desk.send(SwitchModel("cnn"))
    desk.send(Explain(4, PICTURE, 7))
    explained = post.next(Explained)
    assert not explained.evidence.exact
    assert (explained.neurons.count, explained.neurons.side) == (32, 26)


@pytest.mark.parametrize(
    "name", ["model.keras", pytest.param("model.h5", marks=pytest.mark.exhaustive), "MODEL.ONNX"]
)
def test_an_unreadable_model_file_is_refused_in_a_sentence(desk, tmp_path, name):
    desk, post = desk
    post.next(Models)
    bad = tmp_path / name
    bad.write_bytes(b"not a model")
    desk.send(LookAtFile(str(bad)))
    while not (notice := post.next(Said).notice).error:
        assert notice.what.startswith(f"Importing {name}")
    assert post.messages.empty()


@pytest.mark.exhaustive
def test_a_model_file_becomes_one_of_the_person_s_models(desk):
    desk, post = desk
    before = post.next(Models).entries
    desk.send(LookAtFile(str(models.named("handwriting").float_path)))
    after = post.next(Models, seconds=600).entries
    (added,) = set(after) - set(before)
    assert added.own
    assert post.next(Said).notice.what.startswith(f"{added.name} is one of your models")
    desk.send(SwitchModel(added.name))
    desk.send(Look(1, Content(None, SEVEN), None))
    assert post.next(Looked).reading is not None


def test_strokes_that_are_deleted_are_gone(desk, home):
    desk, post = desk
    desk.send(Keep("ab" * 32, Content(None, SEVEN)))
    desk.send(DeleteDrawing("ab" * 32))
    assert "stay in the ledger" in post.next(Said).notice.hint
    assert not list((home / "drawings").iterdir())
    desk.send(DeleteDrawing("ab" * 32))
    assert "No strokes" in post.next(Said).notice.what


@pytest.mark.parametrize("bad", [b"", b"{", b'{"strokes":[]}', b'{"strokes":[{"width":9,"points":[[0,0]]}]}'])
def test_a_kept_drawing_that_was_tampered_with_is_not_taken(desk, home, bad):
    desk, post = desk
    (home / "drawings").mkdir(parents=True)
    (home / "drawings" / f"{'ab' * 32}.json").write_bytes(bad)
    desk.send(BringBack("ab" * 32, PICTURE))
    assert post.next(Placed) == Placed(PICTURE, txid="ab" * 32)


def test_a_saved_drawing_is_read_back_as_the_same_digit(desk, home):
    from app.drawing import read_digit
    from app.paths import model_folder

    desk, post = desk
    desk.send(SaveDrawing(Content(None, SEVEN)))
    desk.send(SaveDrawing(Content(None, SEVEN)))
    assert not post.next(Said).notice.error
    post.next(Said)
    first, second = sorted((home / "pictures").glob("*.png"))
    assert first != second
    engine = fixedpoint.load(model_folder() / "integers.npz")
    assert engine.read(read_digit(first)).digit == 7
