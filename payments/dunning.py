"""When a workspace's standing changes: its limits, and mail to who can do something."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from payments import access, clock
from payments.access import Standing, State
from payments.models import Notice
from teams.models import Mail, Workspace
from teams.roles import Action, roles_for

BATCH = 200
WARN_BEFORE = timedelta(days=3)  # of the end of a trial
SUBJECTS = {
    "trial_ending": "The trial of {workspace} ends on {day}",
    "payment_failed": "A payment for {workspace} failed",
    "halted": "{workspace}: payments failed, and are no longer retried",
    "read_only": "{workspace} can only be read now",
}
TEXTS = {
    "trial_ending": "Choose a plan until {day} to go on without a break. After that "
    "everything can be read, and what customers write is still stored.",
    "payment_failed": "{reason} The bank is asked again over the next days. Until "
    "{day} everything goes on as before.",
    "halted": "{reason} Until {day} everything goes on as before.",
    "read_only": "{reason} Nothing is lost: everything can be read, and what customers "
    "write is still stored.",
}


def take_stock(workspace: Workspace) -> Standing:
    """Write what the (locked) workspace may do, and tell when that got worse."""
    found = access.standing(workspace)
    access.write(workspace, found)
    tell(workspace, found)
    return found


def tell(workspace: Workspace, found: Standing) -> None:
    """Queue the mail for this standing; once for each time it begins."""
    kind = _kind(found)
    if not kind:
        return
    since = found.until or _beginning(found)
    about = f"{since:%Y-%m-%d}" if since else "now"
    _, is_new = Notice.objects.get_or_create(
        workspace=workspace, kind=kind, about=about
    )
    if not is_new:
        return
    words = {
        "workspace": workspace.name,
        "reason": found.reason,
        "day": f"{found.until:%d %B %Y}" if found.until else "",
    }
    text = TEXTS[kind].format(**words)
    path = reverse("admin:payments_billing", args=[workspace.slug])
    link = settings.PUBLIC_URL.rstrip("/") + path
    for address in payers(workspace):
        Mail.objects.create(
            to=address,
            subject=SUBJECTS[kind].format(**words)[:250],
            text=f"{text}\n\n{link}\n",
        )


def payers(workspace: Workspace) -> list[str]:
    """Who may do something about it: the active owners."""
    those = workspace.memberships.filter(
        role__in=roles_for(Action.MANAGE_BILLING), user__is_active=True
    )
    return list(those.order_by("id").values_list("user__email", flat=True))


def housekeep() -> int:
    """Take stock where time alone changes something: a trial or grace that ends, a
    workspace that is new; how many. Cheap when there is nothing."""
    if not settings.RAZORPAY_KEY_ID:
        return 0
    now = clock.now()
    stamp = now.isoformat(timespec="seconds")
    soon = (now + WARN_BEFORE).isoformat(timespec="seconds")
    warned = Notice.objects.filter(kind="trial_ending").values("workspace")
    is_due = (
        Q(limits={})
        | Q(limits__until__lt=stamp)
        | Q(limits__state=State.TRIAL, limits__until__lt=soon) & ~Q(pk__in=warned)
    )
    due = list(Workspace.objects.filter(is_due).values_list("pk", flat=True)[:BATCH])
    for pk in due:
        with transaction.atomic():
            take_stock(Workspace.objects.locked().get(pk=pk))
    return len(due)


def _kind(found: Standing) -> str:
    if found.state == State.TRIAL and found.until:
        return "trial_ending" if found.until - clock.now() < WARN_BEFORE else ""
    status = found.subscription.status if found.subscription else ""
    if found.state == State.GRACE:
        return {"pending": "payment_failed", "halted": "halted"}.get(status, "")
    return "read_only" if found.state == State.READ_ONLY else ""


def _beginning(found: Standing) -> datetime | None:
    """When what is wrong began, as far as a row says so."""
    row = found.subscription
    return (row.trouble_since or row.ended_at or row.current_end) if row else None
