"""The routes of who was invited: look at the invitation, accept it."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import permissions, views
from rest_framework.response import Response

from flexoraa.lib.api import SessionAuthentication
from teams import invitations
from teams.api.team_shapes import AcceptedSerializer, PreviewSerializer

TOKEN = [OpenApiParameter("token", OpenApiTypes.STR, OpenApiParameter.PATH)]


class PreviewView(views.APIView):
    """What the token of an invitation opens; whatever is wrong with it, 404
    `invitation_invalid` in the same words and time."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)
    metadata_class = None

    @extend_schema(parameters=TOKEN, responses=PreviewSerializer, auth=[])
    def get(self, request: Any, token: str) -> Response:
        found = invitations.find(token)
        if found is None:
            raise invitations.Invalid
        return Response(PreviewSerializer(found).data)


class AcceptView(views.APIView):
    """Come in, as the signed-in owner of the address that was invited."""

    authentication_classes = (SessionAuthentication,)  # a person, not a key
    metadata_class = None

    @extend_schema(parameters=TOKEN, request=None, responses=AcceptedSerializer)
    def post(self, request: Any, token: str) -> Response:
        membership = invitations.accept(token, request.user)
        return Response(AcceptedSerializer(membership).data)
