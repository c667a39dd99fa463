"""Mail goes out from a table: no request waits for a mail server, none is lost.

Two people are never told apart by how long an answer takes, since whoever asks, one
row is written.
"""

import logging
from datetime import timedelta

from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone

from flexoraa.lib.work import Bell
from teams.models import Mail

log = logging.getLogger(__name__)
QUEUE = "teams_mail"
MOST_ATTEMPTS = 8
bell = Bell(QUEUE)


def post(to: str, subject: str, text: str, html: str = "") -> Mail:
    """Put a mail into the queue, in the transaction of what it is about. Without
    `html` it is made from the text."""
    subject = " ".join(subject.split())[:250]
    mail = Mail.objects.create(
        to=to,
        subject=subject,
        text=text,
        html=html
        or render_to_string("teams/mail/text.html", {"subject": subject, "text": text}),
    )
    transaction.on_commit(bell.ring)
    return mail


def drain(count: int = 10) -> int:
    """Send what is due; how many were tried. A worker that dies meanwhile leaves its
    mails to be sent again after a while: better twice than never."""
    with transaction.atomic():
        claimed = Mail.objects.claim(count)
    for mail in claimed:
        _send(mail)
    return len(claimed)


def _send(mail: Mail) -> None:
    message = EmailMultiAlternatives(
        mail.subject, mail.text.reveal(), settings.DEFAULT_FROM_EMAIL, [mail.to]
    )
    message.attach_alternative(mail.html.reveal(), "text/html")
    try:
        message.send()
    except Exception as error:  # whatever a provider's client raises
        _failed(mail, error)
        return
    status = getattr(message, "anymail_status", None)
    mail.state, mail.sent_at, mail.error = Mail.State.SENT, timezone.now(), ""
    mail.message_id = (status and status.message_id) or ""
    mail.text = mail.html = ""
    mail.save(update_fields=["state", "sent_at", "error", "message_id", "text", "html"])


def _failed(mail: Mail, error: Exception) -> None:
    """Again later, at growing intervals; given up when the address is refused."""
    attempts = mail.attempts + 1
    is_refused = isinstance(error, AnymailRecipientsRefused)
    # a provider's error may quote the mail: its kind is enough
    mail.error = _kind(error)
    log.warning("A mail was not sent: %s", mail.error)
    fields = ["error", "state", "due_at"]
    if is_refused or attempts >= MOST_ATTEMPTS:
        mail.state = Mail.State.FAILED
        mail.text = mail.html = ""
        fields += ["text", "html"]
    mail.due_at = Now() + timedelta(seconds=15 * 3**attempts)
    mail.save(update_fields=fields)


def _kind(error: Exception) -> str:
    if isinstance(error, AnymailError) and error.status_code:
        return f"{type(error).__name__} {error.status_code}"
    return type(error).__name__


def note_report(message_id: str, kind: str, reason: str) -> None:
    """A provider says what became of a mail; only bad news is kept."""
    if not message_id or kind not in ("bounced", "rejected", "complained", "failed"):
        return
    Mail.objects.filter(message_id=message_id, bounced_at=None).update(
        bounced_at=Now(), bounce_reason=(reason or kind)[:200]
    )
