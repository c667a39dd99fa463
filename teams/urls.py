"""Pages for people: their account's first page, and an invitation's."""

from django.urls import path

from teams import pages

urlpatterns = [
    path("", pages.Home.as_view(), name="home"),
    path("invitation", pages.Invitation.as_view(), name="invitation"),
    path(
        "invitations/<str:token>",
        pages.OpenInvitation.as_view(),
        name="open_invitation",
    ),
]
