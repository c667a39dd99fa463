"""A channel's health in the API: trying the token, webhooks, holding sending back."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from inbox import connecting
from inbox.api.changes import ChannelSerializer
from inbox.connecting import Health
from inbox.models import ChannelAccount


class HealthSerializer(serializers.Serializer):
    """How it went: `detail` in words, and how the channel is now."""

    ok = serializers.BooleanField()
    detail = serializers.CharField()
    status = serializers.ChoiceField(ChannelAccount.Status.choices)
    status_reason = serializers.CharField()


class ReasonSerializer(serializers.Serializer):
    """Why nothing is sent; everybody who writes a reply is told."""

    reason = serializers.CharField(max_length=200)


class Connects:
    """`test`, `subscribe`, `stop` and `resume` for the viewset of channels."""

    @extend_schema(request=None, responses=HealthSerializer)
    def test(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Try the token. A channel that was disconnected is connected again if it
        works, and what is queued goes out; one whose token is refused is not."""
        account = self.get_object()
        return self.health(account, connecting.check(account))

    @extend_schema(request=None, responses=HealthSerializer)
    def subscribe(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Have the platform send webhooks of this channel to the app."""
        account = self.get_object()
        return self.health(account, connecting.subscribe(account))

    @extend_schema(request=ReasonSerializer, responses=ChannelSerializer)
    def stop(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Hold back everything that is queued, until `resume`."""
        account, wanted = self.get_object(), ReasonSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        account.stop_sending(wanted.validated_data["reason"])
        return Response(self.get_serializer(account).data)

    @extend_schema(request=None, responses=ChannelSerializer)
    def resume(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Send again what was held back, and what is new."""
        account = self.get_object()
        account.resume_sending()
        return Response(self.get_serializer(account).data)

    def health(self, account: ChannelAccount, found: Health) -> Response:
        """The answer, with the row as it is after that."""
        account.refresh_from_db(fields=["status", "status_reason"])
        told = {
            "ok": found.is_well,
            "detail": found.words,
            "status": account.status,
            "status_reason": account.status_reason,
        }
        return Response(HealthSerializer(told).data)
