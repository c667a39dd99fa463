"""Looking people and messages up across workspaces.

The indexes for that begin with the workspace or the account, so all that the asker
reaches are named:
PostgreSQL then probes the index once for each instead of reading the whole table.
"""

from django.db.models import Q, QuerySet

from inbox.models import ChannelAccount, Contact, ContactIdentity
from teams.back_office.reach import Places, within
from teams.models import Workspace

MOST = 1_000
SPACING = str.maketrans("", "", " -()./")


def people(term: str, places: Places) -> set[int]:
    """Ids of contacts whose name begins like this, or whose phone number or other id
    does, and of those whom they were merged with; the first thousand of each kind."""
    reached = within(Workspace.objects.all(), places)
    spaces = list(reached.values_list("pk", flat=True))
    digits = term.translate(SPACING).removeprefix("+")
    key = digits if digits.isdecimal() else term
    named = Contact.objects.filter(
        Q(name__istartswith=term) | Q(username__istartswith=term.removeprefix("@")),
        workspace__in=spaces,
    )
    known = ContactIdentity.objects.filter(workspace__in=spaces, key__startswith=key)
    found = {*named.values_list("pk", flat=True)[:MOST]}
    found |= {*known.values_list("contact", flat=True)[:MOST]}
    family = Contact.objects.filter(Q(pk__in=found) | Q(merged_into__in=found))
    for pk, winner in family.values_list("pk", "merged_into"):
        found |= {pk, winner or pk}
    return found


def by_external_id(messages: QuerySet, external_id: str, places: Places) -> QuerySet:
    """Messages that a provider calls so, on whichever account."""
    known = within(ChannelAccount.objects.all(), places)
    accounts = list(known.values_list("pk", flat=True))
    return messages.filter(account__in=accounts, external_id=external_id)
