"""What hangs on messages in the API's answers."""

from typing import Any

from flexoraa.lib.rows import Child, Lists
from inbox.api.serializers import (
    AttachmentSerializer,
    MentionSerializer,
    ReactionSerializer,
    with_person,
)
from inbox.models import Attachment, Mention, Reaction


def _hanging_on(messages: Any) -> dict[str, Child]:
    files = Attachment.objects.filter(message__in=messages).with_page()
    emojis = with_person(Reaction.objects.filter(message__in=messages))
    named = Mention.objects.filter(message__in=messages)
    return {
        "attachments": Child(
            files.order_by("position", "id"), AttachmentSerializer, "message"
        ),
        "reactions": Child(
            emojis.exclude(emoji="").order_by("provider_at", "id"),
            ReactionSerializer,
            "message",
        ),
        "mentions": Child(named.order_by("id"), MentionSerializer, "message"),
    }


OF_MESSAGES = Lists(_hanging_on)
