"""The canary of a real daemon: real extraction processes, a real mail server, a real Slack endpoint."""

import json
import re
from zoneinfo import ZoneInfo

from monitor import wiring
from tests.acceptance.newsroom import Newsroom, Paper, kill, until


def test_a_daemon_lets_its_canary_out_and_it_arrives_in_every_channel(tmp_path):
    """Once, although the daemon is started twice; and it is no hit."""
    with Newsroom.open(tmp_path, [Paper("havenkrant")]) as room:
        now = wiring.now().astimezone(ZoneInfo("Europe/Brussels"))
        rules = tmp_path / "rules.yaml"
        said = f'settings:\n  canary: "{now:%H:%M}"\n'
        rules.write_text(rules.read_text("utf-8").replace("settings:\n", said), "utf-8")

        def sung() -> int:
            """In how many channels it arrived, and is known to have: a kill before that would repeat it."""
            return len(re.findall(r"deliver .*: sent", room.log()))

        daemon = room.start("run")
        try:
            assert until(lambda: sung() == 2, 90, daemon), room.log()
        finally:
            kill(daemon)
        polls = room.log().count("poll havenkrant")
        daemon = room.start("run")
        try:
            assert until(lambda: room.log().count("poll havenkrant") > polls + 1, 90, daemon), room.log()
        finally:
            kill(daemon)

        (mail,) = room.postbox.mails
        (slack,) = room.slack.received
        assert mail.parsed["Subject"].startswith("monitor: Canary of ")
        assert "Canary of " in json.dumps(slack)
        assert room.slack.complaints == []
        assert room.hits() == []
