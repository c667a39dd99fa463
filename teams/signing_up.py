"""What a new person finds: their workspace, or the one they were invited into."""

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from teams.models import Invitation, User, Workspace
from teams.roles import Role

SLUG_TRIES = 50


def settle(user: User) -> Workspace | None:
    """The address is verified: make the workspace that was named at sign-up, unless
    they are a member somewhere or somebody's invitation waits. Twice makes none."""
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        is_expected = Invitation.objects.pending().filter(email__iexact=user.email)
        if not locked.company or locked.memberships.exists() or is_expected.exists():
            return None
        workspace = found(locked, name=locked.company)
        locked.company = ""
        locked.save(update_fields=["company"])
    return workspace


def found(owner: User, *, name: str, slug: str = "", **fields: str) -> Workspace:
    """A new workspace with its owner; the slug is made from the name unless given.

    Raises SlugTaken when there is none left for the name, or the given one is taken.
    """
    for candidate in [slug] if slug else _slugs(name):
        try:
            with transaction.atomic():
                workspace = Workspace.objects.create(
                    name=name, slug=candidate, **fields
                )
                workspace.memberships.create(user=owner, role=Role.OWNER)
        except IntegrityError:
            continue
        return workspace
    raise SlugTaken


class SlugTaken(Exception):
    """Another workspace has it."""


def _slugs(name: str) -> list[str]:
    """The name's own, then with numbers; some names have no letter that fits."""
    base = slugify(name)[:55].strip("-_").replace("_", "-") or "workspace"
    return [base, *(f"{base}-{number}" for number in range(2, SLUG_TRIES))]
