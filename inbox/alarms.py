"""Telling a workspace's admins what only they can put right."""

from collections.abc import Mapping

from django.conf import settings

from flexoraa.lib import sets
from inbox.models import ChannelAccount
from teams.models import Mail, Membership
from teams.roles import ALLOWED, Action

TEXT = """\
{name} ({channel}) no longer sends messages.

{reason}

Replies written meanwhile wait and are sent once the channel is connected again,
if that is within {hours:g} hours. What people write still arrives.

Connect it again under Channels: {url}
"""


def report_broken(reasons: Mapping[int, str]) -> None:
    """Mark accounts as disconnected (account id -> why, in words), and write to those
    who may connect channels; once, however many messages met the same wall. Runs
    inside the caller's transaction."""
    for account_id, reason in sorted(reasons.items()):
        changed = sets.execute(
            "UPDATE inbox_channelaccount SET status = 'disconnected', "
            "status_reason = %s, status_at = statement_timestamp() "
            "WHERE id = %s AND status = 'connected'",
            [reason[:200], account_id],
        )
        if changed:
            _mail(account_id, reason)


def _mail(account_id: int, reason: str) -> None:
    account = ChannelAccount.objects.defer("token").get(pk=account_id)
    roles = [role for role, may in ALLOWED.items() if Action.MANAGE_CHANNELS in may]
    admins = Membership.objects.filter(
        workspace=account.workspace_id, role__in=roles, user__is_active=True
    )
    text = TEXT.format(
        name=account.name,
        channel=account.get_channel_display(),
        reason=reason,
        hours=settings.SEND_WITHIN_HOURS,
        url=settings.PUBLIC_URL,
    )
    subject = f"{account.name} is disconnected"
    Mail.objects.bulk_create(
        [
            Mail(to=email, subject=subject, text=text)
            for email in admins.values_list("user__email", flat=True)
        ]
    )
