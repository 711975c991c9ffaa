"""A daemon that is started again while nobody looks: with a slip in its file, or with a database that it cannot use."""

import pytest

from tests.acceptance.newsroom import Newsroom, Paper, dull_story, kill, secret_story, until


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    paper = Paper("havenkrant")
    paper.write(1, *dull_story(1))
    with Newsroom.open(tmp_path, [paper]) as made:
        yield made


def test_a_slip_in_the_file_does_not_end_the_watch_at_a_restart(room, tmp_path):
    """Saved on Friday evening, restarted on Saturday: what was last in force goes on until it is mended."""
    rules, paper = tmp_path / "rules.yaml", room.site.papers["/havenkrant.xml"]
    good = rules.read_text(encoding="utf-8")
    daemon = room.start("run", "--last-good")
    try:
        assert until(lambda: room.site.asked["/havenkrant/1.html"], 60, daemon), room.log()
    finally:
        kill(daemon)
    rules.write_text(good.replace("    send:", "    sned:"), encoding="utf-8")
    assert room.run("run").returncode == 2, "who does not ask for it is told at once"

    daemon = room.start("run", "--last-good")
    try:
        paper.write(3, *secret_story(3))
        assert until(lambda: room.mailed()["/havenkrant/3.html"], 60, daemon), room.log()
        assert "unknown key 'sned'" in room.log()
        said = room.run("status")
        assert (said.returncode, f"yes, by process {daemon.pid}" in said.stdout) == (0, True), said.stderr
        assert "- the rules file is refused, an older one is in force: rules.yaml:" in said.stdout

        rules.write_text(good, encoding="utf-8")
        assert until(lambda: "reloaded: 1 rules" in room.log(), 20, daemon), room.log()
    finally:
        kill(daemon)


def test_a_daemon_that_cannot_begin_tells_people_once(room, tmp_path):
    """systemd starts it again every five seconds: one mail, not twelve a minute, and none by way of the database."""
    rules = tmp_path / "rules.yaml"
    good = rules.read_text(encoding="utf-8")
    rules.write_text(good.replace("sqlite:///monitor.db", "sqlite:///away/monitor.db"), encoding="utf-8")
    for _ in range(2):
        done = room.run("run")
        assert (done.returncode, "does not exist" in done.stderr) == (1, True)

    (mail,) = room.postbox.mails
    assert mail.parsed["Subject"] == "monitor: the watch cannot begin"
    assert "away for the database does not exist" in mail.part("plain")
    assert len(room.slack.received) == 1, "settings.ops names nobody: all are told"
