"""The whole program as a person runs it: papers in, one mail and one Slack message for each hit out."""

import signal
import subprocess

import pytest

from tests.acceptance.newsroom import Newsroom, Paper, dull_story, kill, secret_story, until


@pytest.fixture
def paper() -> Paper:
    paper = Paper("havenkrant")
    for number in range(6):
        paper.write(number, *(secret_story(number) if number % 2 else dull_story(number)))
    return paper


SECRET = {f"/havenkrant/{number}.html" for number in (1, 3, 5)}


def test_one_round_tells_each_hit_once_in_each_channel(tmp_path, paper):
    """The main job: what the papers list is read, and what the rule hits is told, once."""
    with Newsroom.open(tmp_path, [paper]) as room:
        done = room.run("run", "--once", "--tell-old")

        assert done.returncode == 0, done.stderr
        assert room.mailed() == dict.fromkeys(SECRET, 1)
        assert room.slacked() == dict.fromkeys(SECRET, 1)
        assert room.slack.complaints == []

        again = room.run("run", "--once", "--tell-old")

        assert again.returncode == 0, again.stderr
        assert room.mailed() == dict.fromkeys(SECRET, 1), "the second round tells nothing new"
        assert room.site.answered[304] >= 1, "an unchanged feed is not sent again"


def test_a_first_poll_is_silent_and_what_comes_later_is_told(tmp_path, paper):
    """A desk that starts today is not drowned in what the papers listed yesterday; it is on record all the same."""
    paper.shown = 4
    with Newsroom.open(tmp_path, [paper]) as room:
        assert room.run("run", "--once").returncode == 0
        assert not room.postbox.mails
        assert {hit["url"] for hit in room.hits()} == {
            room.site.base + path for path in SECRET - {"/havenkrant/5.html"}
        }

        paper.shown = 6
        assert room.run("run", "--once").returncode == 0

        assert room.mailed() == {"/havenkrant/5.html": 1}
        assert room.slacked() == {"/havenkrant/5.html": 1}


def test_the_ledger_accounts_for_every_entry(tmp_path, paper):
    """listed = known + new, and new = what became of each."""
    with Newsroom.open(tmp_path, [paper]) as room:
        room.run("run", "--once")
        room.run("run", "--once")
        paper.write(7, *secret_story(7))
        room.run("run", "--once")
        shown = room.run("feeds", "show", "havenkrant")
    assert "listed 13 = known 6 + new 7" in shown.stdout
    assert "new 7 = waiting 0 + 7 read" in shown.stdout


def test_the_daemon_runs_until_it_is_asked_to_stop(tmp_path, paper):
    """SIGTERM lets what is in hand end, and the exit code says that all is well; a second daemon is refused."""
    with Newsroom.open(tmp_path, [paper]) as room:
        daemon = room.start("run", "--tell-old")
        try:
            assert until(lambda: room.mailed().keys() >= SECRET and room.slacked().keys() >= SECRET, 60, daemon), (
                room.log()
            )

            second = room.run("run")
            assert second.returncode == 1
            assert f"already being watched by process {daemon.pid}" in second.stderr

            paper.write(9, *secret_story(9))
            assert until(
                lambda: room.slacked()["/havenkrant/9.html"] and room.mailed()["/havenkrant/9.html"], 30, daemon
            )
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(timeout=15) == 0, room.log()
        finally:
            if daemon.poll() is None:
                kill(daemon)
        assert set(room.mailed().values()) == {1}


def test_a_changed_file_is_taken_over_and_a_broken_one_is_not(tmp_path, paper):
    """People edit rules.yaml while the daemon runs; a slip of the pen must not stop the watch."""
    with Newsroom.open(tmp_path, [paper]) as room:
        daemon = room.start("run", "-v")
        rules = tmp_path / "rules.yaml"
        good = rules.read_text(encoding="utf-8")
        try:
            assert until(lambda: room.site.asked["/havenkrant/5.html"], 60, daemon), room.log()
            rules.write_text(good.replace("    send:", "    sned:"), encoding="utf-8")
            assert until(lambda: "the last good one stays in force" in room.log(), 20, daemon), room.log()
            assert "rules.yaml:" in room.log()

            rules.unlink()  # as some editors save; the file that comes with the program must not take its place
            assert until(lambda: "rules.yaml cannot be read" in room.log(), 20, daemon), room.log()
            rules.write_text(f"include: teams/*.yaml\n{good}", encoding="utf-8")
            assert until(lambda: "reloaded: 1 rules" in room.log(), 20, daemon), room.log()
            (tmp_path / "teams").mkdir()
            (tmp_path / "teams" / "bruggen.yaml").write_text(
                "rules: [{id: bruggen, name: Bruggen, find: brug, send: [desk]}]\n", encoding="utf-8"
            )
            assert until(lambda: "reloaded: 2 rules" in room.log(), 20, daemon), room.log()
            paper.write(8, *dull_story(8))
            assert until(lambda: room.mailed()["/havenkrant/8.html"], 30, daemon), room.log()
        finally:
            kill(daemon)


def test_sighup_reads_the_file_again(tmp_path, paper):
    """What an administrator types; also where a file's date does not change (a credential behind it did)."""
    with Newsroom.open(tmp_path, [paper]) as room:
        daemon = room.start("run", "-v")
        try:
            assert until(lambda: room.site.asked["/havenkrant/5.html"], 60, daemon), room.log()
            daemon.send_signal(signal.SIGHUP)
            assert until(lambda: "reloaded: 1 rules" in room.log(), 20, daemon), room.log()
        finally:
            kill(daemon)


def test_a_second_sigterm_stops_at_once(tmp_path, paper):
    """A send that hangs may take its time at the first; at the second a person has no more patience."""
    with Newsroom.open(tmp_path, [paper]) as room:
        room.slack.mode = "hang"
        daemon = room.start("run", "--tell-old")
        try:
            assert until(lambda: room.slack.requests, 60, daemon), room.log()
            daemon.send_signal(signal.SIGTERM)
            assert until(lambda: "finishing what is in hand" in room.log(), 10, daemon), room.log()
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(timeout=5) != 0
        finally:
            if daemon.poll() is None:
                kill(daemon)
        room.slack.mode = "ok"
        assert room.run("run", "--once").returncode == 0
        assert room.slacked().keys() == SECRET, "what hung is sent by the next"


def test_a_send_that_hangs_does_not_keep_the_daemon(tmp_path, paper):
    """SIGTERM with a stuck channel: it exits within the deadline, with 0, and loses nothing."""
    with Newsroom.open(tmp_path, [paper]) as room:
        room.slack.mode = "hang"
        daemon = room.start("run", "--tell-old")
        try:
            assert until(lambda: room.slack.requests and room.mailed().keys() == SECRET, 60, daemon), room.log()
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(timeout=30) == 0, room.log()
        finally:
            if daemon.poll() is None:
                kill(daemon)
        room.slack.mode = "ok"
        assert room.run("run", "--once").returncode == 0
        assert room.slacked().keys() == SECRET
        assert set(room.mailed().values()) == {1}


def test_a_round_in_which_a_feed_fails_says_so(tmp_path, paper):
    """For cron and for people: exit 1, and the other feed is read."""
    with Newsroom.open(tmp_path, [paper, Paper("courant")]) as room:
        del room.site.papers["/courant.xml"]
        done = room.run("run", "--once", "--tell-old")
        assert done.returncode == 1
        assert room.mailed() == dict.fromkeys(SECRET, 1)


def test_a_channel_that_is_down_loses_nothing_and_is_said(tmp_path, paper):
    """Slack is down for one round: exit 1, and the next daemon sends it all."""
    with Newsroom.open(tmp_path, [paper]) as room:
        room.slack.mode = "500"
        failed = room.run("run", "--once", "--tell-old")
        assert failed.returncode == 1
        assert room.mailed() == dict.fromkeys(SECRET, 1), "the other channel is not delayed"
        assert not room.slack.received

        waiting = room.run("deliveries", "list", "--channel", "slack", "--json")
        assert waiting.stdout.count('"retry"') >= 1

        room.slack.mode = "ok"
        room.end_pauses()
        daemon = room.start("run")
        try:
            assert until(lambda: room.slacked().keys() >= SECRET, 120, daemon), room.log()
        finally:
            kill(daemon)
        assert room.slacked() == dict.fromkeys(SECRET, 1)


def test_help_is_instant_because_heavy_imports_wait(tmp_path):
    """`monitor --help` may import nothing that takes time."""
    heavy = {"trafilatura", "feedparser", "apprise", "sqlalchemy", "numpy", "aiohttp", "alembic", "pydantic", "lxml"}
    code = (
        "import sys; from monitor.cli.app import main\n"
        "try: main(['--help'], standalone_mode=False)\n"
        "finally: print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    from tests.acceptance.newsroom import PROGRAM

    done = subprocess.run([PROGRAM[0], "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert not {name for name in heavy if f"'{name}'" in done.stderr}
