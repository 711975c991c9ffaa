"""What a person keeps secret stays so: in the log, in the database, in what commands print, whatever goes wrong."""

import pytest

from tests.acceptance.newsroom import Newsroom, Paper, secret_story

PASSWORD, TOKEN, LOGIN = "kanarie-wachtwoord-91", "verygeheimtoken", "kanarie-feedwoord-47"


@pytest.fixture
def paper() -> Paper:
    paper = Paper("havenkrant")
    paper.write(1, *secret_story(1))
    return paper


@pytest.mark.parametrize("mode", ["ok", "403", "drop"])
def test_no_secret_is_ever_shown(tmp_path, paper, mode):
    """A password in the environment, a token in an address, a login in a feed's address: accepted, refused, cut off."""
    with Newsroom.open(tmp_path, [paper]) as room:
        rules = tmp_path / "rules.yaml"
        text = rules.read_text(encoding="utf-8")
        text = text.replace("mailto://127", f"mailto://piet:{PASSWORD}@127").replace(
            f'url: "{room.site.base}', f'url: "http://jan:{LOGIN}@{room.site.base.removeprefix("http://")}'
        )
        rules.write_text(text, encoding="utf-8")
        room.slack.mode = mode
        shown = []
        for words in (
            ("run", "--once", "--tell-old", "-v"),
            ("check", "--json"),
            ("status", "--json"),
            ("feeds", "list", "--json"),
            ("feeds", "show", "havenkrant"),
            ("deliveries", "list", "--json"),
            ("channels", "test", "--json"),
            ("hits", "list", "--json"),
        ):
            done = room.run(*words)
            assert "Traceback" not in done.stderr
            shown.append(done.stdout + done.stderr)
        said = "\n".join(shown)
        assert "havenkrant" in said
        stored = b"".join(path.read_bytes() for path in tmp_path.glob("monitor.db*"))
        for secret in (PASSWORD, TOKEN, LOGIN):
            assert secret not in said
            assert secret.encode() not in stored
