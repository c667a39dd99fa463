"""Sending what is queued: claim, call, write down what came of it; many at a time.

    queued -> sending -> sent | failed | queued again | unknown

`sending` is committed before the call, and no transaction is open during it. Whoever
dies in between leaves a row in `sending`, which becomes `unknown`: it may have been
sent (inbox/reconciling.py goes on from there). Nothing is ever sent again because
nobody answered.
"""

import logging
import os
import queue
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from flexoraa.lib import http, sets
from inbox import media, outbox, recipients, windows
from inbox.adapters import ADAPTERS
from inbox.adapters.base import Adapter
from inbox.adapters.sending import (
    Call,
    Choice,
    Draft,
    File,
    Outgoing,
    Refusal,
    Refused,
    Sent,
    TemplateUse,
    Unsendable,
)
from inbox.adapters.words import Identity, Kind
from inbox.models import Attachment, ChannelAccount
from inbox.outbox import Job
from inbox.settling import NotSent, Outcome, Result, Uncertain, settle

log = logging.getLogger(__name__)
PUMP_SECONDS = 1.0  # how long one drain goes on claiming
SWITCH_SECONDS = 0.0005  # else the thread with the rows waits 5 ms after each query
WAIT_SECONDS = 0.05  # for calls that are under way, when there is nothing else to do
FINISH_SECONDS = 25.0  # how long a process that ends waits for its calls
SEALED = "The channel's access token cannot be opened: enter it again."
MISSING = "The channel has no access token: an admin must enter one."


def passing(point: str) -> None:
    """Where a worker may die between a commit and a call; tests do so here."""


class Errand(NamedTuple):
    """A job with all that its call needs."""

    job: Job
    account: ChannelAccount
    to: tuple[Identity, ...]
    tag: str
    files: Sequence[Attachment]


class Post:
    """What one process has under way. One thread at a time claims and settles; the
    calls are made by threads that touch no rows."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="send")
        self._turn = threading.Lock()
        self._done: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._results: list[Result] = []  # not written down yet
        self._busy: Counter[int] = Counter()  # account id -> calls under way

    def drain(self) -> int:
        """Claim, send and settle for a second, or until there is nothing to do; how
        much was done, and is still under way. 0 while another thread is at it."""
        if not self._turn.acquire(blocking=False):
            return 0
        try:
            return self._pump()
        finally:
            self._turn.release()

    def finish(self, seconds: float = FINISH_SECONDS) -> int:
        """Claim nothing more and wait for what is under way; how much still is."""
        with self._turn:
            until = time.monotonic() + seconds
            while self._under_way() and time.monotonic() < until:
                self._settle()
            return self._under_way()

    def _pump(self) -> int:
        until, total = time.monotonic() + PUMP_SECONDS, 0
        while True:
            started = self._start()
            settled = self._settle()
            total += settled
            if not (started or settled) or time.monotonic() > until:
                return total + self._under_way()

    def _under_way(self) -> int:
        return self._busy.total() + len(self._results)

    def _start(self) -> int:
        """Claim as much as there are free slots, and begin."""
        free = self._slots - self._busy.total()
        jobs = outbox.claim(free, self._busy, self._slots) if free > 0 else []
        if not jobs:
            return 0
        passing("claimed")
        self._busy.update(job.account_id for job in jobs)
        try:
            errands = prepare(jobs)
        except Exception:
            log.exception("Replies could not be prepared")
            errands = [Result(job, NotSent("something failed here")) for job in jobs]
        for errand in errands:
            if isinstance(errand, Result):
                self._done.put(errand)
            else:
                self._pool.submit(self._run, errand)
        return len(jobs)

    def _run(self, errand: Errand) -> None:
        try:
            outcome = send(errand)
        except Exception:
            log.exception("Message %s was lost on its way", errand.job.id)
            outcome = Uncertain("It may have been sent: something failed here.")
        self._done.put(Result(errand.job, outcome))

    def _settle(self) -> int:
        """Write down what has come back; wait a moment for the first."""
        if not self._results and self._busy.total():
            try:
                self._took(self._done.get(timeout=WAIT_SECONDS))
            except queue.Empty:
                return 0
        while not self._done.empty():
            self._took(self._done.get())
        count = len(self._results)
        settle(self._results)
        passing("settled")
        self._results = []
        return count

    def _took(self, result: Result) -> None:
        self._busy -= Counter({result.job.account_id: 1})
        self._results.append(result)


_posts: dict[int, Post] = {}


def post() -> Post:
    """This process' own: threads do not survive a fork."""
    pid = os.getpid()
    if pid not in _posts:
        sys.setswitchinterval(SWITCH_SECONDS)
        _posts.clear()
        _posts[pid] = Post(settings.SEND_SLOTS)
    return _posts[pid]


def drain() -> int:
    """Send what is due; see Post.drain."""
    return post().drain()


def finish() -> int:
    """For a process that ends: let calls under way come to their end."""
    return post().finish()


def prepare(jobs: Sequence[Job]) -> list[Errand | Result]:
    """What each call needs, in three queries; or why it cannot be made."""
    accounts = recipients.accounts_by_id({job.account_id for job in jobs})
    names = recipients.names_of([job.conversation_id for job in jobs])
    files: dict[int, list[Attachment]] = {job.id: [] for job in jobs}
    with_files = [job.id for job in jobs if job.kind != Kind.TEXT]
    if with_files:
        found_files = Attachment.objects.filter(message__in=with_files)
        for file in found_files.order_by("position", "pk"):
            files[file.message_id or 0].append(file)
    found: list[Errand | Result] = []
    for job in jobs:
        account = accounts[job.account_id]
        if account is None or not account.token:
            words = MISSING if account else SEALED
            found.append(Result(job, Refusal(why=Refused.BROKEN, words=words)))
            continue
        tag = _tag(job, account)
        found.append(
            Errand(job, account, names[job.conversation_id], tag, files[job.id])
        )
    return found


def _tag(job: Job, account: ChannelAccount) -> str:
    """What lets a message through after the usual window."""
    if not account.human_agent:
        return ""
    last, now = sets.fetch(windows.LAST_INBOUND, {"id": job.conversation_id})[0]
    return windows.judge(account, last, now).tag


def send(errand: Errand) -> Outcome:
    """Make the call. Runs on a thread without a transaction."""
    try:
        return _sent(errand)
    finally:
        if errand.files:  # uploads are looked up
            connection.close()


def _sent(errand: Errand) -> Outcome:
    adapter = ADAPTERS[errand.job.channel]
    try:
        call = _call(errand, adapter)
    except Unsendable as error:
        return NotSent(error.words, for_good=True)
    except http.CallFailed as error:  # of an upload: the message itself did not go
        return NotSent(str(error))
    except media.UploadRefused as error:
        if error.refusal.why is Refused.AMBIGUOUS:
            return NotSent(error.refusal.words)
        return error.refusal
    except Exception:
        log.exception("Message %s could not be put into a call", errand.job.id)
        return NotSent("This message cannot be sent.", for_good=True)
    outcome = _made(errand, adapter, call)
    if isinstance(outcome, Refusal) and outcome.why is Refused.UPLOAD_AGAIN:
        media.forget(errand.files, errand.account)
    return outcome


def _made(errand: Errand, adapter: Adapter, call: Call) -> Outcome:
    token = errand.account.token
    try:
        answer = http.call(
            call.method,
            adapter.url(call),
            json=call.json,
            params=adapter.params(call, token),
            headers=adapter.headers(token),
            read_seconds=settings.SEND_READ_SECONDS,
        )
        passing("called")
        outcome = _news(errand, adapter.outcome(answer.status, answer.json()))
        if isinstance(outcome, Refusal) and outcome.why is Refused.THROTTLE_ACCOUNT:
            return replace(outcome, wait_seconds=adapter.wait_seconds(answer.headers))
        return outcome
    except http.NotSent as error:
        return NotSent(str(error))
    except http.Ambiguous as error:
        return Uncertain(f"It may have been sent: {error}.")
    except Exception:
        log.exception("The answer for message %s could not be read", errand.job.id)
        return Uncertain("It may have been sent: the answer could not be read.")


def _news(errand: Errand, outcome: Outcome) -> Outcome:
    """The outcome, with what was not known of the recipient only."""
    if not isinstance(outcome, Sent):
        return outcome
    known = {(identity.kind, identity.key) for identity in errand.to}
    learned = [name for name in outcome.learned if (name.kind, name.key) not in known]
    return replace(outcome, learned=tuple(learned))


def _call(errand: Errand, adapter: Adapter) -> Call:
    job, account = errand.job, errand.account
    return adapter.message_call(
        Outgoing(
            account=account.external_id,
            token=account.token,
            to=errand.to,
            ref=job.ref,
            draft=draft_of(job, _files(errand)),
            tag=errand.tag,
        )
    )


def _files(errand: Errand) -> tuple[File, ...]:
    """The message's file as the provider knows it, uploaded if it does not yet."""
    return tuple(
        media.as_file(file, media.provider_id(file, errand.account))
        for file in errand.files[:1]
    )


def draft_of(job: Job, files: tuple[File, ...]) -> Draft:
    """What was queued, as the adapter takes it."""
    use = job.payload.get("template")
    return Draft(
        text="" if use else job.text,
        files=files,
        choices=tuple(Choice(**told) for told in job.payload.get("choices", ())),
        template=TemplateUse(
            name=use["name"],
            language=use["language"],
            components=tuple(use["components"]),
        )
        if use
        else None,
        reply_to=job.reply_to,
    )
