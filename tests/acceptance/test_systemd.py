"""The unit as systemd's own tools judge it, and the page that tells how to install it."""

import logging
import os
import re
import shutil
import socket
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest

from monitor import systemd

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "systemd" / "monitor.service"
AS_SERVICE = ROOT / "systemd" / "monitor-as-service"
# Of what a service can do to its machine, on systemd's scale from 0 to 10.
EXPOSURE = 1.5

analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def _settings(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text("utf-8"), re.MULTILINE)


@analyze
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    """A word that systemd does not know is ignored by it, and the protection that it meant is missing."""
    # Where nothing is installed the program is not in its place; everything else is as shipped.
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text("utf-8").replace("/opt/monitor/bin/monitor", sys.executable), "utf-8")

    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )

    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@analyze
def test_the_service_is_locked_in():
    """It parses what strangers write: whoever takes it over should find nothing to do."""
    judged = [
        "systemd-analyze",
        "security",
        "--offline=true",
        "--no-pager",
        f"--threshold={EXPOSURE * 10:.0f}",
        str(UNIT),
    ]

    said = subprocess.run(judged, capture_output=True, text=True, check=False)

    overall = re.search(r"Overall exposure level[^:]*: ([\d.]+)", said.stdout)
    assert overall, said.stderr
    assert float(overall[1]) <= EXPOSURE
    assert said.returncode == 0


def test_the_watchdog_is_answered_in_time(monkeypatch, tmp_path):
    """systemd restarts what is silent for `WatchdogSec`; a heartbeat thrice as often survives a slow one."""
    seconds = int(_settings("WatchdogSec")[0])
    monkeypatch.setenv("WATCHDOG_USEC", str(seconds * 1_000_000))
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))

        assert systemd.tell("WATCHDOG=1")
        assert ear.recv(100) == b"WATCHDOG=1"
    assert systemd.watchdog_seconds() == seconds


def test_an_ear_that_is_full_does_not_stop_the_watch(monkeypatch, tmp_path):
    """systemd itself may hang or be busy; to wait for it without end would be to hang with it."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setattr(systemd, "PATIENCE", 0.01)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        heard = list(takewhile(bool, (systemd.tell("WATCHDOG=1") for _ in range(2_000))))
    assert 0 < len(heard) < 2_000


def test_the_journal_is_told_how_bad_it_is(tmp_path):
    """`journalctl --priority=err` would show nothing otherwise, and every line would have two times."""
    (tmp_path / "rules.yaml").write_text(
        "version: 1\nsettings: {database: 'sqlite:///m.db'}\n"
        "feeds: [{name: Krant, url: 'http://127.0.0.1:9/rss'}]\nrules: [{id: brug, find: brug}]\n",
        "utf-8",
    )
    with (tmp_path / "log").open("wb") as log:
        stream = os.fstat(log.fileno())
        environment = os.environ | {"JOURNAL_STREAM": f"{stream.st_dev}:{stream.st_ino}"}
        subprocess.run([sys.executable, "-m", "monitor", "run", "--once"], cwd=tmp_path, env=environment, stderr=log,
                       check=False)  # fmt: skip
    lines = (tmp_path / "log").read_text("utf-8").splitlines()
    assert any(line.startswith("<4>poll Krant: failed") for line in lines), lines


def test_every_line_of_a_record_has_its_level():
    """A refused file is named in lines of their own."""
    record = logging.LogRecord("monitor", logging.ERROR, "", 0, "refused:\nrules.yaml:1:1: %s", ("empty",), None)
    assert systemd.ForJournal().format(record) == "<3>refused:\n<3>rules.yaml:1:1: empty"


def test_stopping_has_more_time_than_the_daemon_takes():
    """Else systemd would kill what was about to end by itself."""
    from monitor.daemon import GRACE

    assert int(_settings("TimeoutStopSec")[0]) > GRACE.total_seconds()


def test_a_command_runs_as_the_service_does():
    """The same user, rules, secrets and database; else `monitor status` would tell of another record."""
    script = AS_SERVICE.read_text("utf-8")

    kept = ("StateDirectory", "StateDirectoryMode", "CacheDirectory", "CacheDirectoryMode")
    for name in ("DynamicUser", *kept, "UMask", "LoadCredential"):
        assert f"--property={name}={_settings(name)[0]}" in script
    environment = dict(one.split("=", 1) for one in _settings("Environment"))
    assert f"--setenv=MONITOR_DATABASE={environment['MONITOR_DATABASE']}" in script
    started = _settings("ExecStart")[0].split()
    assert f"--setenv=MONITOR_RULES={started[-1]}" in script
    assert started[0] in script
    assert os.access(AS_SERVICE, os.X_OK)


def test_the_page_installs_what_the_unit_expects():
    """Every place that the unit names is made by a line of docs/install.md."""
    page = (ROOT / "docs" / "install.md").read_text("utf-8")
    typed = "\n".join(re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL))

    assert "python3 -m venv /opt/monitor\n" in typed
    assert "/opt/monitor/bin/pip install .\n" in typed
    assert "cp --recursive docs /opt/monitor/\n" in typed
    assert _settings("Documentation") == ["file:///opt/monitor/docs/install.md"]
    assert "rules.yaml /etc/monitor/rules.yaml\n" in typed
    assert f"--mode=0700 {_settings('LoadCredential')[0].split(':')[1]}\n" in typed
    assert "systemd/monitor.service /etc/systemd/system/\n" in typed
    assert "systemd/monitor-as-service /usr/local/bin/monitor\n" in typed
