"""Slack's door: its blocks, its Retry-After, its one-word answers. apprise reads the address.

A webhook (`https://hooks.slack.com/services/…`, `slack://T…/B…/…`; on another host: a gateway that speaks the same)
or a bot (`slack://xoxb-…/#channel`). Only a bot is told what its message is called, so only a bot's follow-ups can go in
the thread of the first.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import requests

from monitor.model import Channel, Message
from monitor.notify import services
from monitor.notify.attempt import Attempt, Refused
from monitor.notify.overheard import Heard, listening

# Answers after which the same words may pass without this part: better than none, or outside of a thread that is gone.
_DISPENSABLE = {
    "blocks": ("invalid_blocks", "msg_blocks_too_long", "invalid_payload", "invalid_attachments"),
    "thread_ts": ("thread_not_found", "message_not_found", "cannot_reply_to_message", "invalid_thread_ts"),
}
_WEBHOOK = re.compile(r"https?://[^/]+/services/", re.IGNORECASE)


class Target(NamedTuple):
    """Where to post, and what goes with it."""

    url: str
    channel: str = ""  # "": the webhook's own
    token: str = ""


class Answer(NamedTuple):
    """What Slack said when it took a message, and what it calls it: a bot is told, a webhook is not."""

    said: str
    name: str = ""


def send(channel: Channel, message: Message, attempt: Attempt) -> str:
    """Post a message to each of the address's targets. Raises Refused."""
    targets = _targets(channel)
    if not targets:
        return services.send(channel, message, attempt)  # a workflow: it has no blocks
    answer = Answer("taken before")
    for target in targets:
        if attempt.lacks(target.channel):
            answer = _post_what_passes(target, _payload(target, message, attempt), attempt)
            attempt.taken(target.channel, answer.name, alone=len(targets) == 1)
    return answer.said


def _payload(target: Target, message: Message, attempt: Attempt) -> dict[str, Any]:
    optional = {
        "channel": target.channel,
        "blocks": list(message.blocks),
        "thread_ts": attempt.opening(target.channel) if target.token else "",
    }
    given = {name: value for name, value in optional.items() if value}
    return {"text": message.text, "unfurl_links": False, "unfurl_media": False, **given}


def _post_what_passes(target: Target, payload: dict[str, Any], attempt: Attempt) -> Answer:
    try:
        return _post(target, payload, attempt)
    except Refused as refused:
        said = refused.reason
        wrong = {
            name for name, words in _DISPENSABLE.items() if name in payload and any(word in said for word in words)
        }
        if not wrong:
            raise
    return _post_what_passes(target, {name: payload[name] for name in payload.keys() - wrong}, attempt)


def _post(target: Target, payload: dict[str, Any], attempt: Attempt) -> Answer:
    """Post once; return Slack's answer."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if target.token:
        headers["Authorization"] = f"Bearer {target.token}"
    body = json.dumps(payload, ensure_ascii=True).encode("ascii")
    with listening(attempt) as heard:
        try:
            requests.post(target.url, data=body, headers=headers, timeout=attempt.left(), allow_redirects=False)
        except requests.RequestException:
            raise heard.refusal() from None
    if not 200 <= heard.status < 300:
        raise heard.refusal()
    attempt.begun = False  # the answer is in: what follows is not about this message
    return _said_to_bot(heard) if target.token else Answer(f"{heard.status} {heard.body[:200]}")


def _said_to_bot(heard: Heard) -> Answer:
    """The API answers 200 also when it refuses."""
    try:
        answer = json.loads(heard.body)
    except ValueError:
        raise Refused(f"200, but no JSON: {heard.body[:100]}", uncertain=True) from None
    if not isinstance(answer, dict) or not answer.get("ok"):
        error = str(answer.get("error")) if isinstance(answer, dict) else "?"
        again = error in {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
        raise Refused(f"200 {error}", retry=again, retry_after=heard.retry_after())
    name = str(answer.get("ts") or "")
    return Answer(f"200 ts={name}", name)


def _targets(channel: Channel) -> list[Target]:
    address = channel.url.reveal().strip() if channel.url else ""
    if _WEBHOOK.match(address):
        return [Target(address)]
    plugin: Any = services.plugin_of(channel)
    if plugin.mode == "bot":
        url = plugin.api_url.format("chat.postMessage")
        return [Target(url, _name(name), plugin.access_token) for name in plugin.channels if name]
    if plugin.mode in {"hook", "gov-hook"}:
        base = plugin.webhook_url if plugin.mode == "hook" else plugin.webhook_gov_url
        url = f"{base}/{plugin.token_a}/{plugin.token_b}/{plugin.token_c}"
        return [Target(url, _name(name) if name else "") for name in plugin.channels]
    return []


def _name(name: str) -> str:
    """A channel as Slack wants it: `+C024` is an id, all else that is no user a name."""
    if name.startswith("+"):
        return name[1:]
    return name if name[0] in "#@" else f"#{name}"
