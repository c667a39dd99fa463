"""Who may listen to a live stream: asked as browsers ask."""

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from teams.seating import Seat, seat_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("accept", ["text/event-stream", "*/*", "image/png"])
def test_what_a_browser_accepts_does_not_decide(accept, workspace, make_member):
    browser = Client()
    user = make_member(workspace)
    browser.force_login(user)
    request = RequestFactory().get("/events/", headers={"accept": accept})
    request.COOKIES[settings.SESSION_COOKIE_NAME] = browser.session.session_key
    seat = seat_of(request, workspace.slug)
    assert isinstance(seat, Seat)
    assert (seat.user_id, seat.workspace_id) == (user.pk, workspace.pk)
