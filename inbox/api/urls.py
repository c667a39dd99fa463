"""Routes of the inbox inside a workspace."""

from django.urls import path

from inbox.api.viewsets import (
    ChannelViewSet,
    ContactViewSet,
    ConversationViewSet,
    MessageViewSet,
)

app_name = "inbox"
urlpatterns = [
    path(
        "channels",
        ChannelViewSet.as_view({"get": "list", "post": "create"}),
        name="channels",
    ),
    path(
        "channels/<uuid:id>",
        ChannelViewSet.as_view(
            {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
        ),
        name="channel",
    ),
    path(
        "conversations",
        ConversationViewSet.as_view({"get": "list"}),
        name="conversations",
    ),
    path(
        "conversations/<uuid:id>",
        ConversationViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="conversation",
    ),
    path(
        "conversations/<uuid:id>/read",
        ConversationViewSet.as_view({"post": "read"}),
        name="conversation-read",
    ),
    path(
        "conversations/<uuid:conversation>/messages",
        MessageViewSet.as_view({"get": "list"}),
        name="messages",
    ),
    path("contacts", ContactViewSet.as_view({"get": "list"}), name="contacts"),
    path(
        "contacts/<uuid:id>",
        ContactViewSet.as_view({"get": "retrieve"}),
        name="contact",
    ),
]
