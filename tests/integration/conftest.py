"""Databases for the tests that run on both kinds, and the endpoint that judges as Slack does."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store import Queries, Store
from tests.postbox import HOSTS, Slack
from tests.postgres import postgres, postgres_server  # noqa: F401 - fixtures


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a SQLite database will be."""
    return tmp_path / "monitor.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, path: Path) -> str:
    """The address of an empty database of each kind."""
    return f"sqlite:///{path}" if request.param == "sqlite" else request.getfixturevalue("postgres")


@pytest.fixture
def slack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    with Slack(tmp_path).open() as endpoint:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(endpoint.ca))
        yield endpoint


@pytest.fixture
def everywhere(slack: Slack, monkeypatch: pytest.MonkeyPatch) -> Slack:
    """The endpoint, under the names of the services whose addresses nobody can choose."""
    resolve = socket.getaddrinfo

    def here(host: str, port: int, *rest: object, **more: object) -> object:
        return resolve("127.0.0.1", slack.port, *rest, **more) if host in HOSTS else resolve(host, port, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", here)
    return slack


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store with its tables."""
    with Store.open(url) as opened:
        opened.upgrade()
        yield opened


@pytest.fixture
def queries(store: Store, url: str) -> Iterator[Queries]:
    """The questions to the same database."""
    with Queries.open(url) as opened:
        yield opened
