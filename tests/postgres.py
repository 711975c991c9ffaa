"""A PostgreSQL of one's own: from the machine's programs, on a socket in a folder of its own, gone when the tests are."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

# Ends with whoever started it, however that ends: then its input closes.
KEEPER = '"$0" "$@" & read -r _; kill -INT $!; wait'


def programs() -> Path | None:
    """Return the folder with `initdb` and `postgres`, the newest version first."""
    folders = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/local/bin")]
    found = shutil.which("initdb")
    folders += [Path(found).parent] if found else []
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """The socket's folder of a running server with the user `monitor`."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL's programs (initdb, postgres) are not on this machine")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    home = Path(tempfile.mkdtemp(prefix="monitor-pg-"))
    as_user = _other_user(home)
    try:
        _run(
            [found / "initdb", "-D", home / "data", "-U", "monitor", "-A", "trust", "-E", "UTF8", "--no-sync"], as_user
        )
        settings = ("listen_addresses=", f"unix_socket_directories={home}", "fsync=off", "max_connections=60")
        options = [word for setting in settings for word in ("-c", setting)]
        with (home / "log").open("w") as log:
            server = subprocess.Popen(
                ["sh", "-c", KEEPER, found / "postgres", "-D", home / "data", *options],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=home,
                user=as_user,
            )
        try:
            _wait_for(home)
            yield home
        finally:
            server.stdin.close()
            server.wait(30)
    finally:
        shutil.rmtree(home, ignore_errors=True)


_numbers = count(1)


@pytest.fixture
def postgres(postgres_server: Path) -> str:
    """The address of an empty database."""
    import psycopg

    name = f"test_{next(_numbers)}"
    with psycopg.connect(f"host={postgres_server} user=monitor dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    return f"postgresql://monitor@/{name}?host={postgres_server}"


def _other_user(home: Path) -> int | None:
    """PostgreSQL refuses to be run by root: let it be somebody else."""
    if os.geteuid() != 0:
        return None
    names = {user.pw_name: user for user in pwd.getpwall()}
    chosen = names.get("postgres") or names["nobody"]
    os.chown(home, chosen.pw_uid, chosen.pw_gid)
    return chosen.pw_uid


def _run(command: list[object], as_user: int | None) -> None:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, user=as_user, cwd="/", check=False
    )
    assert done.returncode == 0, done.stderr


def _wait_for(home: Path) -> None:
    import psycopg

    for _ in range(200):
        try:
            psycopg.connect(f"host={home} user=monitor dbname=postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"PostgreSQL did not start: {(home / 'log').read_text()}")
