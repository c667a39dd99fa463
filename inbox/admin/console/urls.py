"""Routes of the agent console, below /admin/inbox/console/."""

from django.urls import path

from inbox.admin.console import views
from inbox.admin.console.views import guarded

app_name = "console"
urlpatterns = [
    path("", guarded(views.home), name="home"),
    path("<slug:workspace>/", guarded(views.page), name="page"),
    path("<slug:workspace>/rows", guarded(views.rows), name="rows"),
    path("<slug:workspace>/<uuid:conversation>", guarded(views.thread), name="thread"),
    path("<slug:workspace>/<uuid:conversation>/head", guarded(views.head), name="head"),
    path(
        "<slug:workspace>/<uuid:conversation>/templates",
        guarded(views.templates),
        name="templates",
    ),
    path(
        "<slug:workspace>/<uuid:conversation>/messages",
        guarded(views.messages),
        name="messages",
    ),
]
