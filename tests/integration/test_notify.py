"""Sending, against a real SMTP server and a real HTTPS endpoint that judges as Slack does."""

import asyncio
import io
import logging
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.errors import DeliveryError
from monitor.model import Channel, Delivery, Message, Secret
from monitor.notify import HANGING, Notifier
from monitor.render import message
from tests.alerts import NOW, SENTENCE, delivery, hit, notice
from tests.postbox import Dripping, Postbox, Slack, rings

BRUSSELS = ZoneInfo("Europe/Brussels")


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with Postbox().open() as box:
        yield box


@pytest.fixture
def slack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    with Slack(tmp_path).open() as endpoint:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(endpoint.ca))
        yield endpoint


@pytest.fixture
def notifier() -> Notifier:
    return Notifier(deadline=timedelta(seconds=10), clock=lambda: NOW)


def channel(url: str | None, name: str = "desk") -> Channel:
    return Channel(name=name, url=Secret(url) if url else None)


async def told(notifier: Notifier, to: Channel, *deliveries: Delivery) -> Message:
    sent = message(deliveries or [delivery(hit())], to, zone=BRUSSELS)
    await notifier.send(to, sent)
    return sent


async def refused(notifier: Notifier, to: Channel, *deliveries: Delivery) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await told(notifier, to, *deliveries)
    return caught.value


# --- mail ------------------------------------------------------------------------------------------------------------


async def test_a_mail_arrives_whole(notifier, postbox):
    """HTML and plain, one Message-ID of ours, a date, and nobody's holiday answer comes back."""
    sent = await told(notifier, channel(postbox.url()))

    (mail,) = postbox.mails
    assert mail.recipient == "desk@krant.example"
    assert mail.parsed.get_all("Message-ID") == [sent.message_id]
    assert mail.parsed["Date"].datetime == NOW
    assert mail.parsed["Auto-Submitted"] == "auto-generated"
    assert mail.parsed["Subject"] == sent.title
    assert SENTENCE.replace("Poetin", "*Poetin*")[:30] in mail.part("plain")
    assert "https://krant.example/buitenland/1" in mail.part("plain")
    assert re.search(r"<b [^>]*>in het geheim</b>", mail.part("html"))
    assert 'href="https://krant.example/buitenland/1"' in mail.part("html")


async def test_a_follow_up_mail_is_in_the_thread_of_the_first(notifier, postbox):
    """Mail programs thread by References."""
    first = delivery(hit(1, story="s"))
    opening = await told(notifier, channel(postbox.url()), first)
    await told(notifier, channel(postbox.url()), delivery(hit(2, story="s"), follows=opening.message_id))
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

    error = await refused(notifier, everybody)
    assert error.retry
    assert "bo@krant.example: 451" in error.reason
    assert "2 of 3 took it" in error.reason
    assert sorted(mail.recipient for mail in postbox.mails) == ["an@krant.example", "cy@krant.example"]

    postbox.refusing_to = {}
    await told(notifier, everybody)
    assert [mail.recipient for mail in postbox.mails].count("bo@krant.example") == 1
    assert len(postbox.mails) == 3


async def test_one_recipient_who_is_gone_does_not_stop_the_others(notifier, postbox):
    """A colleague who left makes a dead delivery that says so, not a desk without alerts."""
    postbox.refusing_to = {"an@krant.example": "550 5.1.1 no such user"}
    error = await refused(notifier, channel(postbox.url("an@krant.example", "bo@krant.example")))
    assert not error.retry
    assert [mail.recipient for mail in postbox.mails] == ["bo@krant.example"]


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
        assert endpoint.requests == HANGING


# --- other services, by apprise --------------------------------------------------------------------------------------


def json_url(slack: Slack) -> str:
    return f"jsons://localhost:{slack.port}/json?redirect=yes"


async def test_a_service_gets_plain_text_within_its_limit(notifier, slack):
    """Any of apprise's services; here the one that posts JSON."""
    sent = await told(notifier, channel(json_url(slack)))
    ((_, body),) = slack.requests
    assert sent.title.encode() in body
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
    assert SENTENCE in out
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
