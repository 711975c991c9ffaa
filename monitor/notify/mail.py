"""Mail's door: one transaction for each recipient, SMTP's own codes, Message-ID and References. apprise reads the
address.

What a server says with 4xx is tried again, with 5xx given up. A connection that is lost after DATA leaves us
uncertain: the mail goes out again under the same Message-ID, and mail programs fold the two into one.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from typing import Any

from monitor.model import Channel, Message, key_of
from monitor.notify import services
from monitor.notify.attempt import Attempt, Refused


def send(channel: Channel, message: Message, attempt: Attempt) -> str:
    """Send a mail to every recipient of the address that has not got it. Raises Refused when one did not take it."""
    plugin: Any = services.plugin_of(channel)
    body = compose(plugin, message, attempt).as_bytes()
    names = [*(address for _, address in plugin.targets), *sorted(plugin.cc), *sorted(plugin.bcc)]
    recipients = list(dict.fromkeys(names))
    waiting = [one for one in recipients if attempt.lacks(one)]
    refused: list[Refused] = []
    said = "taken before"
    if not waiting:
        return said
    with _connection(plugin, attempt) as smtp:
        for recipient in waiting:
            try:
                said = _hand_over(smtp, plugin.from_addr[1], recipient, body, attempt)
                attempt.taken(recipient, alone=len(recipients) == 1)
            except Refused as error:
                refused.append(error)
    if refused:
        raise _together(refused, len(recipients))
    return said


def _together(refused: list[Refused], recipients: int) -> Refused:
    """Make one refusal of those of several recipients: it is worth another try if it is for one of them."""
    taken = recipients - len(refused)
    before = f"{taken} of {recipients} took it; " if recipients > 1 else ""
    return Refused(
        before + "; ".join(error.reason for error in refused),
        retry=any(error.retry for error in refused),
        uncertain=any(error.uncertain for error in refused),
    )


@contextmanager
def _connection(plugin: Any, attempt: Attempt) -> Iterator[smtplib.SMTP]:
    """Connect, secure, log in. Raises Refused."""
    try:
        smtp = _logged_in(plugin, attempt)
    except smtplib.SMTPAuthenticationError as error:
        raise Refused(f"login: {_said(error)}", retry=400 <= error.smtp_code < 500) from None
    except smtplib.SMTPResponseException as error:
        raise Refused(_said(error)) from None
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise Refused(f"no connection: {type(error).__name__}: {error}") from None
    try:
        yield smtp
    finally:
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()
        smtp.close()


def _logged_in(plugin: Any, attempt: Attempt) -> smtplib.SMTP:
    smtp: smtplib.SMTP
    if plugin.secure_mode == "ssl":
        smtp = smtplib.SMTP_SSL(plugin.smtp_host, plugin.port, timeout=attempt.left(), context=_trust(plugin))
    else:
        smtp = smtplib.SMTP(plugin.smtp_host, plugin.port, timeout=attempt.left())
    attempt.closes(partial(_cut, smtp))
    try:
        if plugin.secure_mode == "starttls":
            smtp.starttls(context=_trust(plugin))
        if plugin.user and plugin.password:
            smtp.login(plugin.user, plugin.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _trust(plugin: Any) -> ssl.SSLContext:
    """Whom to believe. To read all authorities takes some ten milliseconds: not where nobody asks for them."""
    context = ssl.create_default_context()
    if not plugin.verify_certificate:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _cut(smtp: smtplib.SMTP) -> None:
    """End a conversation from another thread: only a shutdown wakes the one that reads."""
    if smtp.sock:
        smtp.sock.shutdown(socket.SHUT_RDWR)


def _hand_over(smtp: smtplib.SMTP, sender: str, recipient: str, body: bytes, attempt: Attempt) -> str:
    """Give one recipient the mail, in one transaction; return what the server said. Raises Refused."""
    data = False
    try:
        smtp.ehlo_or_helo_if_needed()
        _expect(smtp.mail(sender), f"sender {sender}", smtp)
        _expect(smtp.rcpt(recipient), recipient, smtp)
        data = attempt.begun = True
        code, words = smtp.data(body)
    except smtplib.SMTPDataError as error:
        attempt.begun = False
        raise _refusal(error.smtp_code, error.smtp_error, recipient) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Refused(f"{recipient}: connection lost: {type(error).__name__}", uncertain=data) from None
    attempt.begun = False
    _expect((code, words), recipient, smtp)
    return f"{code} {_text(words)}"


def _expect(answer: tuple[int, bytes | str], what: str, smtp: smtplib.SMTP) -> None:
    """Raise Refused when the answer is no yes: for good when its code is 5xx."""
    code, words = answer
    if not 200 <= code < 300:
        with suppress(smtplib.SMTPException, OSError):
            smtp.rset()
        raise _refusal(code, words, what)


def _refusal(code: int, words: bytes | str, what: str) -> Refused:
    return Refused(f"{what}: {code} {_text(words)}", retry=not 500 <= code < 600)


def _said(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_text(error.smtp_error)}"


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def compose(plugin: Any, message: Message, attempt: Attempt) -> EmailMessage:
    """Return the mail: a plain part and an HTML part, lines of at most 78, one Message-ID."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["Subject"] = message.title
    mail["From"] = _address(*plugin.from_addr)
    mail["To"] = [_address(*target) for target in plugin.targets]
    if plugin.cc:
        mail["Cc"] = [_address(plugin.names.get(one), one) for one in sorted(plugin.cc)]
    if plugin.reply_to:
        mail["Reply-To"] = [_address(plugin.names.get(one), one) for one in sorted(plugin.reply_to)]
    envelope = attempt.envelope
    if envelope.dated:
        mail["Date"] = format_datetime(envelope.dated)
    if envelope.key:
        mail["Message-ID"] = envelope.message_id
    if envelope.opening:
        mail["In-Reply-To"] = mail["References"] = envelope.opening.envelope.message_id
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
    mail.set_content(message.text, cte="quoted-printable")
    if message.html:
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
        # A repeated mail is the same to the byte. `=_` never occurs in quoted-printable text.
        mail.set_boundary("=_" + key_of("boundary", envelope.key, message.title))
    return mail


def _address(name: object, address: str) -> Address:
    return Address(display_name=str(name or ""), addr_spec=address)
