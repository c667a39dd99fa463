"""What hangs on messages in the API's answers."""

from collections.abc import Iterable
from typing import Any

from flexoraa.lib.rows import shape_of
from inbox.api.serializers import (
    AttachmentSerializer,
    MentionSerializer,
    ReactionSerializer,
    with_person,
)
from inbox.models import Attachment, Mention, Reaction


class ShowsMessages:
    """`children` for a viewset of messages."""

    def children(self, keys: Iterable[int]) -> dict[str, dict[int, list[Any]]]:
        files = Attachment.objects.filter(message__in=keys).with_page()
        emojis = with_person(Reaction.objects.filter(message__in=keys))
        named = Mention.objects.filter(message__in=keys).order_by("id")
        return {
            "attachments": shape_of(AttachmentSerializer).by_parent(
                files.order_by("position", "id"), "message"
            ),
            "reactions": shape_of(ReactionSerializer).by_parent(
                emojis.exclude(emoji="").order_by("provider_at", "id"), "message"
            ),
            "mentions": shape_of(MentionSerializer).by_parent(named, "message"),
        }
