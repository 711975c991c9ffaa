"""Databases for the tests that run on both kinds."""

from pathlib import Path

import pytest

from tests.postgres import postgres, postgres_server  # noqa: F401 - fixtures


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a SQLite database will be."""
    return tmp_path / "monitor.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, path: Path) -> str:
    """The address of an empty database of each kind."""
    return f"sqlite:///{path}" if request.param == "sqlite" else request.getfixturevalue("postgres")
