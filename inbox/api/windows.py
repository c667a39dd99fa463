"""The reply window in the API."""

from typing import Any

from rest_framework import serializers

from inbox import windows
from inbox.models import Conversation


class RuleSerializer(serializers.Serializer):
    """`rule` is reply, human_agent, template, closed or always; `allowed` what can be
    sent now: message, template, note."""

    is_open = serializers.BooleanField()
    open_until = serializers.DateTimeField(allow_null=True)
    rule = serializers.ChoiceField([rule.value for rule in windows.Rule])
    allowed = serializers.ListField(child=serializers.CharField())


class ElsewhereSerializer(RuleSerializer):
    """Another conversation of the same person that is open."""

    conversation = serializers.UUIDField()
    channel = serializers.CharField()
    account = serializers.CharField()


class WindowSerializer(RuleSerializer):
    """The window of a conversation, and where else the person may be answered."""

    elsewhere = ElsewhereSerializer(many=True)


def window_answer(conversation: Conversation) -> dict[str, Any]:
    """What the serializer declares."""
    window = windows.window_of(conversation)
    told = {
        **windows.described(window),
        "elsewhere": [
            {
                **windows.described(other.window),
                "conversation": other.conversation.public_id,
                "channel": other.conversation.channel,
                "account": other.conversation.account.name,
            }
            for other in windows.elsewhere(conversation)
        ],
    }
    return WindowSerializer(told).data
