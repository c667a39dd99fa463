"""Who may listen to a workspace's live stream, at first and for how long."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, NamedTuple

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from teams import support
from teams.api.scoping import WorkspaceScoped, key_of
from teams.models import ApiKey, Membership, User
from teams.roles import Action, may


class Seat(NamedTuple):
    """Who listens to which workspace, and the session that let them in."""

    user_id: int
    workspace_id: int
    session: str
    password: str  # a hash of the password's hash, as the session holds it
    key_id: int = 0  # the API key instead of a session


class AnyAnswer(BaseContentNegotiation):
    """Browsers ask for text/event-stream, which no renderer of ours makes."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class Seats(WorkspaceScoped, GenericViewSet):
    """Lets in whom the API would let read: same wall, same keys, same answers."""

    content_negotiation_class = AnyAnswer
    actions = {"listen": Action.READ}

    def listen(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        session = request._request.session
        request._request.seat = Seat(
            request.user.pk,
            self.workspace.pk,
            session.session_key or "",
            session.get(HASH_SESSION_KEY, ""),
            key.pk if (key := key_of(request)) else 0,
        )
        return Response()


_look = Seats.as_view({"get": "listen"})


def seat_of(request: HttpRequest, slug: str) -> Seat | HttpResponse:
    """The seat of who asks, or the answer that the API would give them."""
    SessionMiddleware(_nothing).process_request(request)
    AuthenticationMiddleware(_nothing).process_request(request)
    response = _look(request, workspace=slug)
    if response.status_code != HTTPStatus.OK:
        return response.render()
    return request.seat  # type: ignore[attr-defined]


def still_seated(seats: Iterable[Seat]) -> set[Seat]:
    """Those who would still be let in: place, role, account, session, password.

    Four queries however many they are, one more when there are API keys.
    """
    asked = set(seats)
    members = Membership.objects.filter(
        user__in={seat.user_id for seat in asked},
        workspace__in={seat.workspace_id for seat in asked},
        user__is_active=True,
    )
    places = {*members.values_list("user", "workspace", "role")}
    places |= support.seats({seat.user_id for seat in asked if not seat.key_id})
    reading = {
        (user, workspace) for user, workspace, role in places if may(role, Action.READ)
    }
    people = User.objects.only("password", "session_stamp").in_bulk(
        {user for user, _ in reading}
    )
    passwords = {pk: user.get_session_auth_hash() for pk, user in people.items()}
    sessions = Session.objects.filter(
        session_key__in={seat.session for seat in asked},
        expire_date__gt=timezone.now(),
    )
    alive = set(sessions.values_list("session_key", flat=True))
    keys = set(ApiKey.objects.in_bulk({seat.key_id for seat in asked if seat.key_id}))
    return {
        seat
        for seat in asked
        if (seat.user_id, seat.workspace_id) in reading
        and (
            seat.key_id in keys
            if seat.key_id
            else seat.session in alive and seat.password == passwords[seat.user_id]
        )
    }


def _nothing(request: HttpRequest) -> HttpResponse:
    """What comes after these middlewares: they are only asked what they find."""
    return HttpResponse()
