"""Second factors at rest: seeds are sealed inside of what allauth keeps as JSON."""

from collections.abc import Iterator

from allauth.mfa.models import Authenticator

from flexoraa.lib import sets
from flexoraa.lib.resealing import Resealed, reseal_values

SEEDS = ("secret", "seed")  # of an authenticator app, of recovery codes


def reseal(*, write: bool) -> Resealed:
    """Seal every seed with the first of FIELD_KEYS (settings.SEALED_ELSEWHERE)."""
    return reseal_values(
        "mfa_authenticator.data", _seeds(), _replace if write else None
    )


def _seeds() -> Iterator[tuple[int, str]]:
    for pk, data in Authenticator.objects.order_by("id").values_list("pk", "data"):
        yield from ((pk, data[name]) for name in SEEDS if data.get(name))


def _replace(pk: int, old: str, new: str) -> None:
    """Only the seed: codes may be used up at the same moment."""
    for name in SEEDS:
        sets.execute(
            "UPDATE mfa_authenticator SET data = "
            "jsonb_set(data, %s, to_jsonb(%s::text)) WHERE id = %s AND data->>%s = %s",
            [[name], new, pk, name, old],
        )
