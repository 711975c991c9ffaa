"""Real pages of publishers, and pages around the seeds' texts, through the whole program with the shipped rules."""

import json
from html import escape
from pathlib import Path

import pytest
import yaml

from tests.acceptance.newsroom import Newsroom, Paper
from tests.conftest import ROOT

pytestmark = [pytest.mark.shared, pytest.mark.slow]


def seed_page(text: str) -> tuple[str, bytes]:
    """A page of our own around a seed's text: its first long line is the headline."""
    parts = [part.strip() for part in text.split("\n\n") if part.strip()]
    title = next(part for part in parts if len(part) > 40)[:120]
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in parts)
    head = f"<meta charset='utf-8'><title>{escape(title)}</title><meta property='og:type' content='article'>"
    page = f"<!doctype html><html lang='nl'><head>{head}</head><body><main><article>{paragraphs}</article></main></body></html>"
    return title, page.encode()


@pytest.fixture
def papers(shared: Path, real: Path) -> list[Paper]:
    """One paper of the seeds, one of forty real Dutch, French and German pages."""
    seeds, others = Paper("seeds"), Paper("others")
    for number, seed in enumerate(sorted((shared / "seeds").glob("*.txt"))):
        title, page = seed_page(seed.read_text(encoding="utf-8"))
        seeds.add(f"/seeds/{number}.html", title, "", page)
    truth = json.loads((real / "gt_dev.json").read_text(encoding="utf-8"))
    for number, (name, facts) in enumerate(sorted(truth.items())[::3][:40]):
        others.add(f"/others/{number}.html", facts["title"] or name, "", (real / name).read_bytes())
    return [seeds, others]


def with_shipped_rules(room: Newsroom) -> None:
    """Let the shipped rules watch the newsroom's papers and alert its channels."""
    own = yaml.safe_load((room.folder / "rules.yaml").read_text(encoding="utf-8"))
    shipped = yaml.safe_load((ROOT / "rules.yaml").read_text(encoding="utf-8"))
    for rule in shipped["rules"]:
        rule["send"] = ["desk", "slack"] if rule["id"] == "secret-talks-kremlin" else ["later"]
    whole = shipped | {key: own[key] for key in ("settings", "feeds")}
    whole["channels"] = own["channels"] | {"later": {"digest": "07:30"}}
    (room.folder / "rules.yaml").write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")


def test_one_mail_and_one_slack_message_for_each_hit(tmp_path, papers):
    """The first four seeds alert, the fifth does not, and whatever else hits is told exactly once in each channel."""
    with Newsroom.open(tmp_path, papers) as room:
        with_shipped_rules(room)
        done = room.run("run", "--once", "--tell-old", timeout=300)
        assert done.returncode == 0, done.stderr

        alerts = {
            str(hit["url"]).removeprefix(room.site.base) for hit in room.hits() if hit["rule"] == "secret-talks-kremlin"
        }
        assert {f"/seeds/{number}.html" for number in range(4)} <= alerts
        assert "/seeds/4.html" not in alerts
        assert room.mailed() == dict.fromkeys(alerts, 1)
        assert room.slacked() == dict.fromkeys(alerts, 1)
        assert room.slack.complaints == []
