"""One story in two papers is one thread in the mail program."""

from tests.acceptance.newsroom import Newsroom, Paper, secret_story


def test_the_second_paper_is_a_follow_up_in_the_first_mails_thread(tmp_path):
    """A desk is alarmed once; what another paper adds stands below it, and says so in the subject."""
    first, second = Paper("havenkrant"), Paper("courant")
    title, text = secret_story(1)
    first.write(1, title, text)
    with Newsroom.open(tmp_path, [first, second]) as room:
        assert room.run("run", "--once", "--tell-old").returncode == 0
        second.write(
            2, f"Geheim overleg: {title}", text + "\n\nEen tweede bron bevestigt het bericht van de havenkrant."
        )
        assert room.run("run", "--once", "--tell-old").returncode == 0

        alert, follow_up = room.postbox.mails
        assert len({hit["story"] for hit in room.hits()}) == 1
    assert follow_up.parsed["References"] == follow_up.parsed["In-Reply-To"] == alert.parsed["Message-ID"]
    assert alert.parsed["References"] is None
    assert alert.parsed["Subject"].startswith("Geheime gesprekken met het Kremlin: ")
    assert follow_up.parsed["Subject"].startswith("Ook in courant: ")
    assert "/courant/2.html" in follow_up.part("plain")
    assert "/havenkrant/1.html" not in follow_up.part("plain")
