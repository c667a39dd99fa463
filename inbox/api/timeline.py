"""A lead's line of time over the API: a door to inbox/timeline.py."""

from typing import Any

import orjson
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.viewsets import GenericViewSet

from flexoraa.lib.crypto import Undecryptable, decrypt, encrypt
from flexoraa.lib.cursors import CursorPagination
from inbox import timeline
from inbox.api.serializers import ColleagueSerializer
from leads.models import Lead
from teams.api.scoping import WorkspaceScoped
from teams.roles import Action

# what `detail` has, by kind, is in docs/leads.md
SHOWN = [name for name in timeline.NAMES if name != "nobody"]


class TimelineLineSerializer(serializers.Serializer):
    """One thing that happened. `text` says it in words, `detail` has the parts."""

    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(SHOWN)
    text = serializers.CharField()
    by = ColleagueSerializer(allow_null=True)
    detail = serializers.DictField()


class TimelineViewSet(WorkspaceScoped, GenericViewSet):
    """What became of a lead and of whoever was merged into it, the latest first."""

    queryset = Lead.objects.all()
    serializer_class = TimelineLineSerializer
    actions = {"list": Action.READ}

    @extend_schema(
        responses=TimelineLineSerializer(many=True),
        parameters=[OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)],
    )
    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        reach = self.get_queryset().in_reach_of(self.membership)
        lead = reach.head(self.kwargs["id"])
        if lead is None:
            raise Http404
        limit = CursorPagination()._limit(request.query_params.get("limit", ""))
        before = place_of(request.query_params.get("cursor", ""), lead)
        found = timeline.lines(lead, before=before, limit=limit + 1)
        following = None
        if len(found) > limit:
            sealed = encrypt(orjson.dumps([lead.pk, *found[limit - 1].place]).decode())
            url = request.build_absolute_uri()
            following = replace_query_param(url, "cursor", sealed)
        rows = self.get_serializer(found[:limit], many=True).data
        return Response({"next": following, "previous": None, "results": rows})


def place_of(sealed: str, lead: Lead) -> timeline.Place:
    """Where a page begins. Raises ValidationError unless the cursor is of this lead."""
    if not sealed:
        return timeline.NOWHERE
    try:
        whose, at, kind, pk = orjson.loads(decrypt(sealed))
        if whose != lead.pk:
            raise ValueError
        return timeline.Place(str(at), int(kind), int(pk))
    except (Undecryptable, ValueError, TypeError) as error:
        raise exceptions.ValidationError(
            {"cursor": ["This is not a cursor of this list: take it from next."]}
        ) from error
