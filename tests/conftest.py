"""What the tests of several rooms share: MNIST, and a real node with a default node's policy."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from app.chain.backends.node import NodeBackend
from app.chain.backends.rpc import Rpc
from app.chain.funding import fund
from app.chain.networks import REGTEST
from app.chain.node import binary
from app.chain.node.process import EmbeddedNode
from app.chain.wallet.key import Wallet
from app.contract.compiler import installed_compiler
from app.errors import DataError
from app.training.data import Mnist, load_mnist
from tests.frozen import frozen as frozen
from tests.sizes import examples

NEEDS_MNIST = "needs MNIST"

# How long an example takes says nothing: the machine may be busy.
settings.register_profile(
    "untimed", examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")


SLOW_ROOMS = ("attack", "floats", "training")
"""Forged spends by the thousand, and TensorFlow."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a node or takes seconds, so that `make check` can leave it out."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "bitcoind" in fixtures:
            item.add_marker("node")
        room = item.path.relative_to(Path(__file__).parent).parts[0]
        if room in SLOW_ROOMS or "keras" in fixtures:
            item.add_marker("slow")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was not proved where MNIST could not be had."""
    skipped = [
        report for report in terminalreporter.stats.get("skipped", []) if NEEDS_MNIST in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.write_line(
            f"NOT PROVED: {len(skipped)} tests on MNIST's images were skipped (accuracy of the models, "
            "agreement of the engines, figures). Name an mnist.npz in INKPROOF_MNIST.",
            yellow=True,
        )


@pytest.fixture(scope="session")
def mnist_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MNIST in Keras's layout: INKPROOF_MNIST, the copy beside the project, or Keras's download."""
    named = os.environ.get("INKPROOF_MNIST")
    path = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist.npz"
    if named or path.is_file():
        return path
    # One download for all processes that run tests.
    with FileLock(tmp_path_factory.getbasetemp().parent / "mnist.lock"):
        try:
            load_mnist()
        except DataError as error:
            pytest.skip(f"{NEEDS_MNIST}: {error.why}")
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets" / "mnist.npz"


@pytest.fixture(scope="session")
def mnist(mnist_file: Path) -> Mnist:
    return load_mnist(mnist_file)


def hearing() -> None:
    """In a child process, before it becomes the program: restore the default handling of signals."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)


def quiet(text: str, done: float | None) -> None:
    """Discard progress."""


@dataclass(frozen=True)
class Regtest:
    """The shared node: its RPC, a wallet with coins on it, and the folder that INKPROOF_HOME names."""

    rpc: Rpc
    wallet: Wallet
    home: Path
    node: EmbeddedNode

    @property
    def backend(self) -> NodeBackend:
        """The node, as the program asks it."""
        return NodeBackend(self.rpc, self.wallet.network)


@pytest.fixture(scope="session")
def bitcoind(request: pytest.FixtureRequest) -> Path:
    """The node's program, fetched once into pytest's cache; INKPROOF_BITCOIND names it from then on."""
    if not os.environ.get("INKPROOF_BITCOIND"):
        cache = request.config.cache.mkdir("bitcoind")
        folder = cache / binary.NODE_VERSION
        with FileLock(cache / "lock"):  # tests may run in several processes
            ready = next(iter(folder.glob("bin/bitcoind*")), None)
            os.environ["INKPROOF_BITCOIND"] = str(ready or binary.install(folder, quiet))
    return binary.find_bitcoind(quiet)


@pytest.fixture(scope="session", autouse=True)
def _own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test uses the person's data folder unless INKPROOF_HOME names one."""
    with pytest.MonkeyPatch.context() as patch:
        if not os.environ.get("INKPROOF_HOME"):
            patch.setenv("INKPROOF_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture
def compiler(request: pytest.FixtureRequest, home: Path) -> None:
    """The sCrypt compiler in the test's own data folder; npm installs it once, into pytest's cache."""
    cache = request.config.cache.mkdir("scryptc")
    with FileLock(cache / "lock"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("INKPROOF_HOME", str(cache))
        folder = installed_compiler().parents[3]
    (home / folder.name).symlink_to(folder, target_is_directory=True)


@contextlib.contextmanager
def running_node(*flags: str) -> Iterator[Regtest]:
    """A running node with more settings, such as "maxscriptsizepolicy=0", and a funded wallet.

    INKPROOF_HOME names its data folder meanwhile.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ink-", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("INKPROOF_HOME", folder)
        home = Path(folder)
        node = EmbeddedNode("regtest", extra_flags=flags)
        with node.lease(quiet) as rpc:
            wallet = Wallet.load_or_create(home, REGTEST)
            fund(NodeBackend(rpc, REGTEST), wallet, 1_000_000, quiet)
            yield Regtest(rpc, wallet, home, node)


@pytest.fixture(scope="session")
def regtest(bitcoind: Path) -> Iterator[Regtest]:
    """A running node with a funded wallet. Tests share its chain, so they compare before and after."""
    with running_node() as regtest:
        yield regtest


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh INKPROOF_HOME of a test's own; nodes that the test left running are stopped."""
    folder = Path(tempfile.mkdtemp(prefix="ink-"))
    monkeypatch.setenv("INKPROOF_HOME", str(folder))
    yield folder
    for profile in ("regtest", "regtest-raised"):
        EmbeddedNode(profile).stop()
    shutil.rmtree(folder, ignore_errors=True)
