"""Sending, against a real SMTP server and a real HTTPS endpoint that judges as Slack does."""

import asyncio
import io
import json
import logging
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from monitor.errors import DeliveryError
from monitor.model import Channel, Delivery, Envelope, Message, Opening, Outcome, Secret
from monitor.notify import HANGING, Notifier
from monitor.notify.masks import mask
from monitor.policy.delivery import after_refused, after_sent, behind, depart, enveloped
from monitor.render import message
from tests.alerts import NOW, SENTENCE, delivery, hit, notice
from tests.postbox import Dripping, Postbox, Slack, rings

BRUSSELS = ZoneInfo("Europe/Brussels")


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with Postbox().open() as box:
        yield box


@pytest.fixture
def notifier() -> Notifier:
    return Notifier(deadline=timedelta(seconds=10))


def channel(url: str | None, name: str = "desk") -> Channel:
    return Channel(name=name, url=Secret(url) if url else None)


@dataclass
class Sent:
    """What the notifier was given, and who it said had taken it."""

    message: Message
    envelope: Envelope


def as_opening(sent: Sent) -> Opening:
    """What follows knows of it."""
    return Opening(envelope=sent.envelope, title=sent.message.title)


async def told(notifier: Notifier, to: Channel, *deliveries: Delivery, opening: Opening | None = None,
               taken: dict[str, str] | None = None) -> Sent:  # fmt: skip
    """Send a hit, or these; who takes it is written into `taken`, as the store would."""
    some, taken = deliveries or (delivery(hit()),), {} if taken is None else taken
    sent = message(some, to, zone=BRUSSELS)
    envelope = replace(enveloped(some, NOW), opening=opening, taken=dict(taken))
    await notifier.send(to, sent, envelope, took=taken.__setitem__)
    return Sent(sent, replace(envelope, taken=taken))


async def refused(
    notifier: Notifier, to: Channel, *deliveries: Delivery, taken: dict[str, str] | None = None
) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await told(notifier, to, *deliveries, taken=taken)
    return caught.value


# --- mail ------------------------------------------------------------------------------------------------------------


async def test_a_mail_arrives_whole(notifier, postbox):
    """HTML and plain, one Message-ID of ours, a date, and nobody's holiday answer comes back."""
    sent = await told(notifier, channel(postbox.url()))

    (mail,) = postbox.mails
    assert mail.recipient == "desk@krant.example"
    assert mail.parsed.get_all("Message-ID") == [sent.envelope.message_id]
    assert mail.parsed["Date"].datetime == NOW
    assert mail.parsed["Auto-Submitted"] == "auto-generated"
    assert mail.parsed["Subject"] == sent.message.title
    assert SENTENCE.replace("Poetin", "*Poetin*")[:30] in mail.part("plain")
    assert "https://krant.example/buitenland/1" in mail.part("plain")
    assert re.search(r"<b [^>]*>in het geheim</b>", mail.part("html"))
    assert 'href="https://krant.example/buitenland/1"' in mail.part("html")


async def test_a_follow_up_mail_is_in_the_thread_of_the_first(notifier, postbox):
    """Mail programs thread by References."""
    first = delivery(hit(1, story="s"))
    opening = await told(notifier, channel(postbox.url()), first)
    second = delivery(hit(2, story="s"), follows=first.key)
    await told(notifier, channel(postbox.url()), second, opening=as_opening(opening))
    assert postbox.mails[1].parsed["References"] == postbox.mails[0].parsed["Message-ID"]
    assert postbox.mails[1].parsed["In-Reply-To"] == postbox.mails[0].parsed["Message-ID"]


async def test_a_repeated_mail_has_the_same_message_id(notifier, postbox):
    """What is sent twice after a crash is folded into one by the mail program."""
    for _ in range(2):
        await told(Notifier(), channel(postbox.url()))
    assert len({mail.parsed["Message-ID"] for mail in postbox.mails}) == 1


@pytest.mark.parametrize(
    ("how", "retry"),
    [
        ({"refusing": "451 4.7.1 greylisted, come back later"}, True),
        ({"refusing": "550 5.1.1 no such user"}, False),
        ({"after_data": "452 4.3.1 disk full"}, True),
        ({"after_data": "554 5.7.1 looks like spam"}, False),
    ],
)
async def test_the_servers_code_decides_whether_to_try_again(notifier, postbox, how, retry):
    """4xx is later, 5xx is never; the reason is the server's own."""
    for name, answer in how.items():
        setattr(postbox, name, answer)
    error = await refused(notifier, channel(postbox.url()))
    assert (error.retry, error.uncertain) == (retry, False)
    assert next(iter(how.values())) in error.reason
    assert postbox.mails == []


async def test_a_connection_lost_after_the_mail_leaves_us_uncertain(notifier, postbox):
    """It was taken, but nobody said so: it goes again, under the same id."""
    postbox.dropping = True
    error = await refused(notifier, channel(postbox.url()))
    assert error.retry
    assert error.uncertain

    postbox.dropping = False
    await told(notifier, channel(postbox.url()))
    assert len(postbox.mails) == 2
    assert postbox.mails[0].raw == postbox.mails[1].raw


async def test_a_server_that_is_down_is_tried_again(notifier):
    """Nothing went out: that is certain."""
    box = Postbox()
    with box.open():
        pass
    error = await refused(notifier, channel(box.url()))
    assert (error.retry, error.uncertain) == (True, False)
    with box.open():
        await told(notifier, channel(box.url()))
    assert len(box.mails) == 1


async def test_a_server_that_thinks_too_long_is_left(postbox):
    """The deadline holds, and what came of it is uncertain."""
    postbox.seconds = 5
    error = await refused(Notifier(deadline=timedelta(seconds=0.5)), channel(postbox.url()))
    assert error.retry
    assert error.uncertain


async def test_one_refused_recipient_of_three_gets_his_own_retry(notifier, postbox):
    """Greylisting of one must not mail the other two again and again."""
    everybody = channel(postbox.url("an@krant.example", "bo@krant.example", "cy@krant.example"))
    postbox.refusing_to = {"bo@krant.example": "451 4.7.1 greylisted"}
    taken: dict[str, str] = {}

    error = await refused(notifier, everybody, taken=taken)
    assert error.retry
    assert "bo@krant.example: 451" in error.reason
    assert "2 of 3 took it" in error.reason
    assert sorted(mail.recipient for mail in postbox.mails) == ["an@krant.example", "cy@krant.example"]

    assert not any("@" in recipient for recipient in taken), "no part of an address goes on record"

    postbox.refusing_to = {}
    await told(Notifier(), everybody, taken=taken)
    assert [mail.recipient for mail in postbox.mails].count("bo@krant.example") == 1
    assert len(postbox.mails) == 3
    await told(Notifier(), everybody, taken=taken)
    assert len(postbox.mails) == 3, "all of them have it"


async def test_one_recipient_who_is_gone_does_not_stop_the_others(notifier, postbox):
    """A colleague who left makes a dead delivery that says so, not a desk without alerts."""
    postbox.refusing_to = {"an@krant.example": "550 5.1.1 no such user"}
    error = await refused(notifier, channel(postbox.url("an@krant.example", "bo@krant.example")))
    assert not error.retry
    assert [mail.recipient for mail in postbox.mails] == ["bo@krant.example"]


async def test_a_server_that_wants_tls_and_a_login_gets_them(notifier, tmp_path, monkeypatch):
    """STARTTLS with a certificate that is looked at, then the password; a wrong one is no matter of time."""
    with Postbox(tls=tmp_path).open() as box:
        address = (
            f"mailto://desk:{{}}@localhost:{box.port}?from=monitor@krant.example&to=desk@krant.example&mode=starttls"
        )
        right, wrong = channel(address.format(box.password)), channel(address.format("fout12345"))
        distrusted = await refused(notifier, right)
        assert distrusted.retry
        assert "certificate" in distrusted.reason.lower()

        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        await told(notifier, right)
        assert len(box.mails) == 1

        error = await refused(notifier, wrong)
        assert not error.retry
        assert "login: 535" in error.reason
        assert "fout12345" not in error.reason


# --- Slack -----------------------------------------------------------------------------------------------------------


async def test_slack_takes_what_we_send(notifier, slack):
    """One hit, a story of three outlets, a digest, a notice: all within Slack's rules."""
    to = channel(slack.url)
    await told(notifier, to)
    await told(notifier, to, *(delivery(hit(number, story="s", outlet=f"Krant {number}")) for number in range(3)))
    await told(notifier, to, *(delivery(hit(number)) for number in range(20)))
    await told(notifier, to, delivery(notice()))
    assert slack.complaints == []
    assert len(slack.received) == 4
    assert all(payload["blocks"] and not rings(payload) for payload in slack.received)


@pytest.mark.parametrize(
    ("mode", "retry", "after", "uncertain"),
    [
        ("429", True, timedelta(hours=1), False),
        ("500", True, None, False),
        ("403", False, None, False),
        ("302", True, None, False),
        ("drop", True, None, True),
    ],
)
async def test_what_slack_answers_decides_what_comes_next(notifier, slack, mode, retry, after, uncertain):
    """429 says when, 500 means later, 403 means never; a redirect is no success; a torn line is uncertain."""
    slack.mode = mode
    error = await refused(notifier, channel(slack.url))
    assert (error.retry, error.retry_after, error.uncertain) == (retry, after, uncertain)
    assert [path for path, _ in slack.requests] == [slack.path]  # asked once, and nowhere else
    slack.mode = "ok"
    await told(notifier, channel(slack.url))
    assert len(slack.received) == (2 if uncertain else 1)


async def test_a_date_in_retry_after_is_read_by_the_servers_own_clock(notifier, slack):
    """RFC 9110 allows a date; our clock may be wrong, the server's `Date` is what it means."""
    slack.mode, slack.retry_after = "429", "Fri, 31 Dec 2100 23:59:59 GMT"
    error = await refused(notifier, channel(slack.url))
    assert error.retry_after is not None
    assert error.retry_after > timedelta(days=365)


@pytest.mark.parametrize("mode", ["hang", "drip"])
async def test_an_endpoint_that_hangs_is_left_at_the_deadline(slack, mode):
    """And it may have taken the message."""
    slack.mode = mode
    hasty = Notifier(deadline=timedelta(seconds=0.5))
    if mode == "hang":
        error = await refused(hasty, channel(slack.url))
        assert error.retry
        assert error.uncertain
    else:  # the status is 200: it was taken, whatever it goes on to mumble
        await told(hasty, channel(slack.url))


async def test_an_endless_answer_is_not_read_to_its_end(notifier, slack):
    """200 is 200; nobody reads the gigabytes behind it."""
    slack.mode = "endless"
    receipt = await notifier.send(channel(slack.url), message([delivery(hit())], channel(slack.url), zone=BRUSSELS))
    assert receipt.said.startswith("200")
    assert len(receipt.said) <= 300


async def test_blocks_that_slack_refuses_are_sent_as_text(notifier, slack):
    """An alert in plain words is better than none."""
    broken = Message(title="t", text="Het nieuws", blocks=({"type": "nieuw soort"},))
    await notifier.send(channel(slack.url), broken)
    (payload,) = slack.received
    assert payload["text"] == "Het nieuws"
    assert "blocks" not in payload


async def test_eight_stuck_channels_do_not_delay_the_ninth(slack, postbox):
    """Each send has a thread of its own."""
    slack.mode = "hang"
    notifier = Notifier(deadline=timedelta(seconds=3))
    stuck = [asyncio.create_task(refused(notifier, channel(slack.url, f"stuck {number}"))) for number in range(8)]
    await asyncio.sleep(0.1)
    await told(notifier, channel(postbox.url(), "ninth"))
    assert not any(task.done() for task in stuck)
    assert all(error.uncertain for error in await asyncio.gather(*stuck))


async def test_a_channel_that_keeps_hanging_is_not_asked_any_more():
    """An answer that drips letter by letter keeps a thread for ever: such are left behind, but not without end."""
    notifier = Notifier(deadline=timedelta(seconds=0.2))
    with Dripping().open() as endpoint:
        to = channel(f"json://127.0.0.1:{endpoint.port}/x")
        reasons = [(await refused(notifier, to)).reason for _ in range(HANGING + 2)]
        assert "still hang" in reasons[-1]
        # On a busy machine a connection may break by itself and leave room for one more.
        assert endpoint.requests <= HANGING + 1


async def test_slacks_own_addresses_are_known(notifier, everywhere):
    """As apprise writes them, and as Slack shows them."""
    await told(notifier, channel("slack://T0000AAAA/B0000BBBB/abcdefghijklmnopqrstuvwx"))
    await told(notifier, channel("https://hooks.slack.com/services/T0000AAAA/B0000BBBB/abcdefghijklmnopqrstuvwx"))
    assert {path for path, _ in everywhere.requests} == {"/services/T0000AAAA/B0000BBBB/abcdefghijklmnopqrstuvwx"}
    assert len(everywhere.received) == 2


BOT = "slack://xoxb-1234567890-1234567890-abcdefghij"


async def test_a_bot_posts_to_each_of_its_channels_once(notifier, everywhere):
    """Two rooms; the second is refused; the retry does not tell the first again."""
    bot, taken = channel(f"{BOT}/#nieuws/+C024BE91L"), dict[str, str]()
    everywhere.mode = "ratelimited"
    await refused(notifier, bot, taken=taken)
    everywhere.mode = "ok"
    await told(notifier, channel(f"{BOT}/#nieuws"), taken=taken)
    await told(notifier, bot, taken=taken)
    assert [payload["channel"] for payload in everywhere.received] == ["#nieuws", "C024BE91L"]


async def test_a_bots_follow_up_goes_in_the_thread_of_the_first_in_each_of_its_channels(notifier, everywhere):
    """Slack tells a bot what its message is called; a thread is known by that."""
    bot, first = channel(f"{BOT}/#nieuws/+C024BE91L"), delivery(hit(1, story="s"))
    opening = await told(notifier, bot, first)
    await told(notifier, bot, delivery(hit(2, story="s"), follows=first.key), opening=as_opening(opening))

    threads = {payload["channel"]: payload["ts"] for payload in everywhere.received[:2]}
    assert len(set(threads.values())) == 2
    assert {payload["channel"]: payload.get("thread_ts") for payload in everywhere.received[2:]} == threads
    assert all("thread_ts" not in payload for payload in everywhere.received[:2])
    assert everywhere.complaints == []


async def test_a_follow_up_of_a_message_that_was_deleted_comes_all_the_same(notifier, everywhere):
    """Somebody tidied the channel up: the news goes beside the thread that is gone."""
    bot, first = channel(f"{BOT}/#nieuws"), delivery(hit(1, story="s"))
    opening = await told(notifier, bot, first)
    everywhere.deleted = {everywhere.received[0]["ts"]}
    await told(notifier, bot, delivery(hit(2, story="s"), follows=first.key), opening=as_opening(opening))
    assert "thread_ts" not in everywhere.received[1]
    assert everywhere.received[1]["blocks"]


async def test_a_webhooks_follow_up_stands_by_itself(notifier, slack):
    """A webhook is not told what its messages are called."""
    first = delivery(hit(1, story="s"))
    opening = await told(notifier, channel(slack.url), first)
    assert opening.envelope.taken == {}
    await told(
        notifier, channel(slack.url), delivery(hit(2, story="s"), follows=first.key), opening=as_opening(opening)
    )
    assert slack.complaints == []
    assert "Ook in" in slack.received[1]["text"]


@pytest.mark.parametrize(
    ("mode", "retry"), [("ratelimited", True), ("channel_not_found", False), ("invalid_auth", False)]
)
async def test_a_bot_is_refused_with_200(notifier, everywhere, mode, retry):
    """Slack's API says `ok: false`."""
    everywhere.mode = mode
    error = await refused(notifier, channel(f"{BOT}/#nieuws"))
    assert error.retry is retry
    assert mode in error.reason


@pytest.mark.parametrize(
    "url",
    [
        "discord://123456789012345678/abcdefghijklmnopqrst",
        "tgram://123456789:abcdefghijklmnopqrstuvwxyz123456789/12345/",
    ],
)
async def test_discord_and_telegram_show_hostile_words_as_words(notifier, everywhere, url):
    """Discord rings `@everyone` and hides links behind words even in plain text; Telegram reads HTML."""
    words = HOSTILE["mention"] + HOSTILE["markup"] + HOSTILE["script"]
    await told(notifier, channel(url), *hostile(words))
    ((_, body),) = everywhere.requests
    said = json.loads(body)
    text = said.get("content") or said["text"]
    assert not re.search(r"@(everyone|channel|here)|<[@#!]|\]\(", text)
    assert not set(re.findall(r"<(\w+)", text)) - {"b"}
    assert hit().article.url in text
    assert len(text) <= 4096


# --- other services, by apprise --------------------------------------------------------------------------------------


def json_url(slack: Slack) -> str:
    return f"jsons://localhost:{slack.port}/json?redirect=yes"


async def test_a_service_gets_plain_text_within_its_limit(notifier, slack):
    """Any of apprise's services; here the one that posts JSON."""
    sent = await told(notifier, channel(json_url(slack)))
    ((_, body),) = slack.requests
    assert sent.message.title.encode() in body
    assert b"https://krant.example/buitenland/1" in body
    assert b"github" not in body  # no pictures from elsewhere


@pytest.mark.parametrize(
    ("mode", "retry", "after"),
    [("429", True, timedelta(hours=1)), ("500", True, None), ("403", False, None), ("302", True, None)],
)
async def test_a_services_answer_is_overheard(notifier, slack, mode, retry, after):
    """apprise keeps status and Retry-After to itself; we need both. A redirect is followed by nobody."""
    slack.mode = mode
    error = await refused(notifier, channel(json_url(slack)))
    assert (error.retry, error.retry_after) == (retry, after)
    assert [path for path, _ in slack.requests] == ["/json"]


async def test_an_address_that_nobody_understands_is_parked(notifier):
    """Trying again does not make it better."""
    nonsense = channel("nosuchservice://geheim123")
    assert Notifier([nonsense]).faults == {"desk": "apprise does not understand this address"}
    error = await refused(notifier, nonsense)
    assert not error.retry
    assert "geheim" not in str(error)


# --- the console -----------------------------------------------------------------------------------------------------


async def test_the_console_prints_plainly_into_a_pipe(notifier, capsys):
    """No colours, no broken lines: what follows may be grep."""
    await told(notifier, channel(None), delivery(hit(title="x" * 150)))
    out = capsys.readouterr().out
    assert "x" * 150 in out
    assert SENTENCE.replace("Poetin", "*Poetin*")[:30] in out
    assert "\x1b" not in out


async def test_a_closed_console_loses_nothing(notifier, monkeypatch):
    """`monitor run | head` ends; the delivery waits for another try."""
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    assert (await refused(notifier, channel(None))).retry


# --- hostile words ---------------------------------------------------------------------------------------------------

HOSTILE = {
    "mention": "<!channel> <!here|nu> <@U1> <#C1> @everyone @channel <https://evil.example|klik> &lt;!channel&gt;",
    "script": "</b></title><script>alert(1)</script><img src=x onerror=alert(1)>\"'><a href=javascript:x>",
    "lines": "Titel\r\nBcc: slachtoffer@evil.example\r\n\r\n.\r\nQUIT\nMAIL FROM:<x>\r.\n\x0b\x0c\x85\u2028\u2029einde",
    "turned": "goed \u202e\u2066dahcsrekev\u2069\u202c \u200f\u061c einde",
    "long": "lang " * 200_000,
    "unbroken": "ö" * 1_000_000,
    "surrogates": "half \ud800 en \udfff heel \x00\x07\x1b[31m",
    "dots": ".\n..\n.\r\n.",
    "markup": "*ster* _streep_ ~weg~ `code` [klik](https://evil.example) {{ 7*7 }} {% raise %} %s $x",
    "empty": " \u200b\x00 ",
}


def hostile(words: str) -> list[Delivery]:
    """Everything that comes from the web says this."""
    body = f"Vooraf {words}. Poetin {words}"
    one = hit(title=words, body=body, sentence=body, words=("Poetin",), outlet=words, tags=(words,), rule_name=words)
    return [delivery(one)]


class Tags(HTMLParser):
    """What a mail program would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes += attrs


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_words_do_no_harm_in_mail(notifier, postbox, words):
    """One mail, one subject of one line, no header and no tag that is not ours, and it ends where we end it."""
    await told(notifier, channel(postbox.url()), *hostile(words))

    (mail,) = postbox.mails
    parsed = mail.parsed
    assert set(parsed.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type", "X-Peer",
        "X-MailFrom", "X-RcptTo",
    } - {"X-Peer", "X-MailFrom", "X-RcptTo"}  # fmt: skip
    assert len(parsed["Subject"]) <= 200
    assert not re.search(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", parsed["Subject"])
    assert max(map(len, mail.raw.split(b"\r\n"))) <= 998
    assert len(mail.raw) < 100_000
    tags = Tags(mail.part("html"))
    assert not tags.seen & {"script", "img", "iframe", "form", "link"}
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    assert {value for name, value in tags.attributes if name == "href"} == {"https://krant.example/buitenland/1"}
    assert "https://krant.example/buitenland/1" in mail.part("plain")
    assert "monitor hits show" in mail.part("plain")
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069]", mail.part("plain") + mail.part("html"))


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_words_do_no_harm_in_slack(notifier, slack, words):
    """Literal text: nobody is rung, no link but ours, and Slack accepts it at the first try."""
    await told(notifier, channel(slack.url), *hostile(words))
    await told(notifier, channel(slack.url), *hostile(words), *(delivery(hit(number)) for number in range(2, 5)))
    assert slack.complaints == []
    for payload in slack.received:
        assert rings(payload) == []
        urls = set(re.findall(r'"url": "([^"]*)"', str(payload["blocks"]).replace("'", '"')))
        assert all(url.startswith("https://krant.example/buitenland/") for url in urls)
        assert not re.search(r"[\u202a-\u202e\u2066-\u2069\x00\x1b]", str(payload))


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_words_do_no_harm_in_other_services(notifier, slack, words):
    """No mention that Discord or Mattermost would ring, no link in disguise."""
    await told(notifier, channel(json_url(slack)), *hostile(words))
    ((_, body),) = slack.requests
    said = body.decode("unicode-escape", "surrogatepass")
    assert not re.search(r"@(everyone|channel|here)", said)
    assert not re.search(r"<[!@#a-z/]", said)
    assert "](" not in said
    assert "krant.example/buitenland/1" in said.replace("\\/", "/")


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_words_do_no_harm_on_the_console(notifier, capsys, words):
    """No escape sequence reaches the terminal, no rich markup is read."""
    await told(notifier, channel(None), *hostile(words))
    out = capsys.readouterr().out
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", out)
    assert "https://krant.example/buitenland/1" in out
    assert len(out) < 10_000


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://user:pw@evil.example/",
        "http://",
        "",
        "https://[::1",
    ],
)
async def test_a_link_that_is_none_is_left_out(notifier, postbox, slack, url):
    """The alert comes all the same, and says how to find it."""
    for to in (channel(postbox.url(), "mail"), channel(slack.url, "slack")):
        await told(notifier, to, delivery(hit(url=url)))
    assert "href" not in postbox.mails[0].part("html")
    assert "monitor hits show" in postbox.mails[0].part("plain")
    assert '"url"' not in str(slack.received[0]).replace("'", '"')


# --- secrets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["429", "500", "302", "hang", "drop", "ok", "down"])
async def test_no_secret_is_in_a_log_or_an_error(slack, postbox, caplog, mode):
    """A canary in every address, everything logged at DEBUG, everything failing in turn: not seen once."""
    caplog.set_level(logging.DEBUG)
    for name in ("apprise", "urllib3", "requests", "urllib3.connectionpool"):
        logging.getLogger(name).setLevel(logging.DEBUG)  # as somebody may who looks for a fault
    for server in ("aiohttp.access", "aiohttp.server", "mail.log"):
        logging.getLogger(server).setLevel(logging.CRITICAL)  # the other side may know
    slack.mode = mode
    addresses = [
        slack.url.replace("verygeheim", "kanarie12345"),
        f"jsons://kanarie12345:kanarie12345@localhost:{slack.port}/json?kanarie12345=kanarie12345",
        f"mailto://desk:kanarie12345@127.0.0.1:{postbox.port}?from=a@b.example&to=c@d.example&mode=insecure",
    ]
    if mode == "down":
        addresses = [address.replace(f":{slack.port}", ":1").replace(f":{postbox.port}", ":1") for address in addresses]
    hasty = Notifier(deadline=timedelta(seconds=1))
    said = []
    for number, address in enumerate(addresses):
        to = channel(address, f"c{number}")
        said.append(repr(to))
        try:
            said.append((await hasty.send(to, message([delivery(hit())], to, zone=BRUSSELS))).said)
        except DeliveryError as error:
            said += [str(error), error.reason, repr(error.__cause__)]
    assert said
    assert "kanarie" not in "\n".join([*said, caplog.text])


@pytest.mark.parametrize(
    ("url", "said", "shown"),
    [
        ("mailto://desk:pa%24%24wd1@smtp.example?to=an@krant.example", "an: pa$$wd1 pa%24%24wd1", "an: ••• •••"),
        ("mailto://smtp.example?user=desk&pass=geheim99&to=a@b.example", "geheim99 smtp.example", "••• smtp.example"),
        (
            "https://hooks.slack.com/services/T0AAAAAA/B0BBBBBB/tokentoken",
            "hooks.slack.com tokentoken",
            "hooks.slack.com •••",
        ),
        ("tgram://123456:abcdefgh/42", "bot123456:abcdefgh", "bot•••:•••"),
    ],
)
def test_what_is_secret_in_an_address_is_masked(url, said, shown):
    """Host names help to understand an error; tokens and passwords do not."""
    assert mask(said, channel(url)) == shown


# --- all of it -------------------------------------------------------------------------------------------------------


async def test_a_night_of_faults_loses_nothing(postbox, slack):
    """60 hits, two channels that refuse, hang up and think too long at random: all arrive, in order.

    Twice arrives only what a channel left uncertain.
    """
    chance, now = random.Random(7), NOW
    notifier = Notifier(deadline=timedelta(seconds=5))
    channels = [channel(postbox.url(), "desk"), channel(slack.url, "slack")]
    outbox = {
        one.key: one
        for number in range(60)
        for to in channels
        for one in [delivery(hit(number), to.name, created=NOW - timedelta(seconds=200 - number))]
    }
    uncertain = 0
    for _ in range(500):
        for to in channels:
            due = [one for one in outbox.values() if one.channel == to.name and one.due and one.due <= now]
            departure = depart(due, to, now, BRUSSELS)
            outbox |= {one.key: one for one in departure.held}
            leaving = [*departure.messages, *([departure.held] if departure.held else [])]
            for place, composed in enumerate(departure.messages):
                envelope = enveloped(composed, now)
                together = [replace(one, envelope=envelope.key) for one in composed]
                postbox.refusing = chance.choice(["", "", "", "451 later"])
                postbox.dropping = chance.random() < 0.05
                slack.mode = chance.choice(["ok"] * 4 + ["429", "500", "drop"])
                slack.retry_after = "120"
                try:
                    receipt = await notifier.send(to, message(together, to, zone=BRUSSELS), envelope)
                except DeliveryError as error:
                    uncertain += error.uncertain
                    jitter = chance.random()
                    after = [after_refused(one, error, now, timedelta(days=3), jitter) for one in together]
                    waiting = [one for later in leaving[place + 1 :] for one in later]
                    outbox |= {one.key: one for one in (*after, *behind(waiting, after[-1]))}
                    break
                outbox |= {one.key: after_sent(one, receipt, now) for one in together}
        waits = [one.due for one in outbox.values() if one.due]
        if not waits:
            break
        now = max(now, min(waits))

    assert all(one.outcome is Outcome.SENT for one in outbox.values())
    in_mail = [number for mail in postbox.mails for number in numbers(mail.part("plain"))]
    in_slack = [number for _, body in slack.requests for number in numbers(body.decode())]
    accepted = [number for payload in slack.received for number in numbers(json.dumps(payload["blocks"]))]
    assert set(in_mail) == set(range(60))
    assert set(accepted) == set(range(60))
    assert uncertain > 0
    assert in_first_order(in_mail)
    assert in_first_order(accepted)
    assert in_first_order(in_slack)
    assert len({mail.parsed["Message-ID"] for mail in postbox.mails}) + uncertain >= len(postbox.mails)


def numbers(text: str) -> list[int]:
    """The hits that a message shows, by their links, each once."""
    return list(dict.fromkeys(int(number) for number in re.findall(r"buitenland/(\d+)", text)))


def in_first_order(seen: list[int]) -> bool:
    """Whether every hit was seen for the first time after those before it."""
    first = list(dict.fromkeys(seen))
    return first == sorted(first)
