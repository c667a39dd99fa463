"""One table: which role may do what. The API, the admin and the tests read it."""

from django.db import models


class Role(models.TextChoices):
    """From most to least; nobody gives a role above their own."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    SDR = "sdr", "SDR"
    MEMBER = "member", "Member"


class Action(models.TextChoices):
    """What a person does to a workspace's rows."""

    READ = "read", "Read conversations and contacts"
    WORK = "work", "Answer, assign and resolve conversations"
    WORK_LEADS = "work_leads", "Add, edit and assign leads in reach"
    MANAGE_LEADS = "manage_leads", "Run campaigns, pipeline, imports and merges"
    ERASE = "erase", "Erase people, and hand out all that is held of one"
    MANAGE_CHANNELS = "manage_channels", "Connect and change channels"
    READ_REPORTS = "read_reports", "See the reports of the whole team"
    READ_BILLING = "read_billing", "See the plan, payments and invoices"
    MANAGE_BILLING = "manage_billing", "Subscribe, pay, cancel and refund"
    MANAGE_WORKSPACE = "manage_workspace", "Change the workspace's settings"
    MANAGE_TEAM = "manage_team", "Invite people, give and take roles"
    MANAGE_KEYS = "manage_keys", "Make and revoke API keys"
    READ_AUDIT = "read_audit", "See who changed what"


# Platform staff who are in a workspace for a while (teams/support.py): a place that
# nobody can be given. They look, and put settings right; they do not speak to its
# customers, touch its leads, its team, its keys or its money.
SUPPORT = "support"

ALLOWED: dict[str, frozenset[str]] = {
    Role.OWNER: frozenset(Action),
    Role.ADMIN: frozenset(Action) - {Action.MANAGE_BILLING},
    Role.SDR: frozenset({Action.READ, Action.WORK, Action.WORK_LEADS}),
    Role.MEMBER: frozenset({Action.READ, Action.READ_REPORTS}),
    SUPPORT: frozenset(
        {
            Action.READ,
            Action.READ_REPORTS,
            Action.READ_BILLING,
            Action.READ_AUDIT,
            Action.MANAGE_CHANNELS,
            Action.MANAGE_WORKSPACE,
        }
    ),
}


def may(role: str, action: str) -> bool:
    """Whether the role may; an unknown role may nothing."""
    return action in ALLOWED.get(role, frozenset())


def roles_for(action: str) -> list[str]:
    """The roles that may, from most to least."""
    return [role for role in Role.values if may(role, action)]


def rank(role: str) -> int:
    """0 for the most powerful; an unknown role is below all."""
    values = Role.values
    return values.index(role) if role in values else len(values)


def may_give(giver: str, role: str) -> bool:
    """Whether who has one role may give, or take away, the other."""
    return role in Role.values and rank(giver) <= rank(role)
