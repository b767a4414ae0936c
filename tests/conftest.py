"""What the tests of several rooms share: MNIST, and a real node with a default node's policy."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app import models
from app.chain.backends.node import NodeBackend
from app.chain.backends.rpc import Rpc
from app.chain.funding import fund
from app.chain.networks import REGTEST
from app.chain.node import binary
from app.chain.node.process import EmbeddedNode
from app.chain.wallet.key import Wallet
from app.script import Kind
from app.training.data import Mnist, load_mnist
from tests import interpreted

LONGEST = "test_script_and_engine_agree_on_500_test_images[unrolled]"


def pytest_runtestloop(session: pytest.Session) -> None:
    """Begin the longest test's work before the first test, if it is to be run."""
    wanted = any(item.name == LONGEST and "test_shipped" in item.nodeid for item in session.items)
    if wanted and not session.config.option.collectonly and _mnist_path().is_file():
        workers = interpreted.begin(models.DEFAULT, Kind.UNROLLED, load_mnist(_mnist_path()).x_test[:500])
        session.config.add_cleanup(lambda: workers.shutdown(cancel_futures=True))


def _mnist_path() -> Path:
    """MNIST in Keras's layout: INKPROOF_MNIST, or the copy beside the project."""
    named = os.environ.get("INKPROOF_MNIST")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist.npz"


@pytest.fixture(scope="session")
def mnist_file() -> Path:
    path = _mnist_path()
    if not path.is_file():
        pytest.skip(f"MNIST is not at {path}; name an mnist.npz in INKPROOF_MNIST")
    return path


@pytest.fixture(scope="session")
def mnist(mnist_file: Path) -> Mnist:
    return load_mnist(mnist_file)


def hearing() -> None:
    """In a child, before it becomes the program: it hears signals, even if who started the tests does not."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)


def quiet(text: str, done: float | None) -> None:
    """Progress that nobody watches."""


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
        folder = request.config.cache.mkdir("bitcoind") / binary.NODE_VERSION
        ready = next(iter(folder.glob("bin/bitcoind*")), None)
        os.environ["INKPROOF_BITCOIND"] = str(ready or binary.install(folder, quiet))
    return binary.find_bitcoind(quiet)


@pytest.fixture(scope="session")
def regtest(bitcoind: Path) -> Iterator[Regtest]:
    """A running node with a funded wallet. Tests share its chain, so they compare before and after."""
    home = Path(tempfile.mkdtemp(prefix="ink-"))
    before = os.environ.get("INKPROOF_HOME")
    os.environ["INKPROOF_HOME"] = str(home)
    try:
        node = EmbeddedNode("regtest")
        with node.lease(quiet) as rpc:
            wallet = Wallet.load_or_create(home, REGTEST)
            fund(NodeBackend(rpc, REGTEST), wallet, 1_000_000, quiet)
            yield Regtest(rpc, wallet, home, node)
    finally:
        if before is None:
            os.environ.pop("INKPROOF_HOME", None)
        else:
            os.environ["INKPROOF_HOME"] = before
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh INKPROOF_HOME of a test's own; nodes that the test left running are stopped."""
    folder = Path(tempfile.mkdtemp(prefix="ink-"))
    monkeypatch.setenv("INKPROOF_HOME", str(folder))
    yield folder
    for profile in ("regtest", "regtest-raised"):
        EmbeddedNode(profile).stop()
    shutil.rmtree(folder, ignore_errors=True)
