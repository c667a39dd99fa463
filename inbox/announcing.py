"""What the live stream is told of the inbox, inside the transaction that changes it."""

from collections.abc import Collection

from flexoraa.lib import sets, stream
from inbox.models import Conversation, Message


def messages_created(keys: Collection[int]) -> None:
    """New messages (by primary key), and their conversations, which moved up."""
    if keys:
        stream.publish_rows("message.created", Message, keys)
        rows = sets.fetch(
            "SELECT DISTINCT conversation_id FROM inbox_message WHERE id = ANY(%s)",
            [sorted(keys)],
        )
        conversations_updated([row[0] for row in rows])


def messages_updated(keys: Collection[int]) -> None:
    """Ticks, edits, reactions, files: messages that show something else now."""
    stream.publish_rows("message.updated", Message, keys)


def conversations_updated(keys: Collection[int]) -> None:
    """Conversations that show something else in the list or at their head."""
    stream.publish_rows("conversation.updated", Conversation, keys)
