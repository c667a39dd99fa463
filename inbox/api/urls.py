"""Routes of the inbox inside a workspace."""

from django.urls import path

from inbox.api.assignment import IntervalViewSet, MyDeskViewSet, RuleViewSet
from inbox.api.attachments import AttachmentViewSet
from inbox.api.broadcasts import BroadcastViewSet, RecipientViewSet
from inbox.api.consents import (
    ConsentViewSet,
    EntryViewSet,
    OutreachSettingsViewSet,
)
from inbox.api.erasing import PersonViewSet
from inbox.api.labels import CannedReplyViewSet, LabelViewSet
from inbox.api.merging import MergeViewSet
from inbox.api.replies import SentMessageViewSet
from inbox.api.templates import TemplateViewSet
from inbox.api.timeline import TimelineViewSet
from inbox.api.viewsets import (
    ChannelViewSet,
    ContactViewSet,
    ConversationViewSet,
    FoundMessageViewSet,
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
        "channels/<uuid:id>/test",
        ChannelViewSet.as_view({"post": "test"}),
        name="channel-test",
    ),
    path(
        "channels/<uuid:id>/subscribe",
        ChannelViewSet.as_view({"post": "subscribe"}),
        name="channel-subscribe",
    ),
    path(
        "channels/<uuid:id>/stop",
        ChannelViewSet.as_view({"post": "stop"}),
        name="channel-stop",
    ),
    path(
        "channels/<uuid:id>/resume",
        ChannelViewSet.as_view({"post": "resume"}),
        name="channel-resume",
    ),
    path("templates", TemplateViewSet.as_view({"get": "list"}), name="templates"),
    path(
        "templates/sync",
        TemplateViewSet.as_view({"post": "sync"}),
        name="templates-sync",
    ),
    path(
        "templates/<uuid:id>",
        TemplateViewSet.as_view({"get": "retrieve"}),
        name="template",
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
        "conversations/<uuid:id>/typing",
        ConversationViewSet.as_view({"post": "typing"}),
        name="conversation-typing",
    ),
    path(
        "conversations/<uuid:id>/window",
        ConversationViewSet.as_view({"get": "window"}),
        name="conversation-window",
    ),
    path(
        "conversations/<uuid:conversation>/messages",
        MessageViewSet.as_view({"get": "list", "post": "create"}),
        name="messages",
    ),
    path(
        "conversations/<uuid:conversation>/assignments",
        IntervalViewSet.as_view({"get": "list"}),
        name="assignments",
    ),
    path(
        "messages",
        FoundMessageViewSet.as_view({"get": "list"}),
        name="found-messages",
    ),
    path(
        "messages/<uuid:id>",
        SentMessageViewSet.as_view({"get": "retrieve"}),
        name="message",
    ),
    path(
        "messages/<uuid:id>/resend",
        SentMessageViewSet.as_view({"post": "resend"}),
        name="message-resend",
    ),
    path(
        "messages/<uuid:id>/mark-sent",
        SentMessageViewSet.as_view({"post": "mark_sent"}),
        name="message-mark-sent",
    ),
    path(
        "messages/<uuid:id>/react",
        SentMessageViewSet.as_view({"post": "react"}),
        name="message-react",
    ),
    path(
        "leads/<uuid:id>/timeline",
        TimelineViewSet.as_view({"get": "list"}),
        name="lead-timeline",
    ),
    path(
        "leads/<uuid:id>/erase",
        PersonViewSet.as_view({"get": "state", "post": "erase"}),
        name="lead-erase",
    ),
    path(
        "leads/<uuid:id>/export",
        PersonViewSet.as_view({"get": "export"}),
        name="lead-export",
    ),
    path("contacts", ContactViewSet.as_view({"get": "list"}), name="contacts"),
    path(
        "contacts/<uuid:id>",
        ContactViewSet.as_view({"get": "retrieve"}),
        name="contact",
    ),
    path(
        "contacts/<uuid:contact>/merges",
        MergeViewSet.as_view({"get": "list"}),
        name="merges",
    ),
    path(
        "contacts/<uuid:contact>/merge",
        MergeViewSet.as_view({"post": "merge"}),
        name="merge",
    ),
    path(
        "contacts/<uuid:contact>/split",
        MergeViewSet.as_view({"post": "split"}),
        name="split",
    ),
    path(
        "contacts/<uuid:contact>/consent",
        ConsentViewSet.as_view({"get": "retrieve", "post": "record"}),
        name="consent",
    ),
    path("opt-outs", EntryViewSet.as_view({"get": "list"}), name="opt-outs"),
    path(
        "outreach-settings",
        OutreachSettingsViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="outreach-settings",
    ),
    path(
        "broadcasts",
        BroadcastViewSet.as_view({"get": "list", "post": "create"}),
        name="broadcasts",
    ),
    path(
        "broadcasts/<uuid:id>",
        BroadcastViewSet.as_view({"get": "retrieve"}),
        name="broadcast",
    ),
    *(
        path(
            f"broadcasts/<uuid:id>/{step}",
            BroadcastViewSet.as_view({"post": action}),
            name=f"broadcast-{step}",
        )
        for step, action in (
            ("start", "start"),
            ("pause", "pause"),
            ("resume", "proceed"),
            ("cancel", "cancel"),
            ("retry-failed", "retry_failed"),
        )
    ),
    path(
        "broadcasts/<uuid:id>/recipients.csv",
        BroadcastViewSet.as_view({"get": "report"}),
        name="broadcast-report",
    ),
    path(
        "broadcasts/<uuid:broadcast>/recipients",
        RecipientViewSet.as_view({"get": "list"}),
        name="recipients",
    ),
    path(
        "labels",
        LabelViewSet.as_view({"get": "list", "post": "create"}),
        name="labels",
    ),
    path(
        "labels/<uuid:id>",
        LabelViewSet.as_view(
            {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
        ),
        name="label",
    ),
    path(
        "canned-replies",
        CannedReplyViewSet.as_view({"get": "list", "post": "create"}),
        name="canned-replies",
    ),
    path(
        "canned-replies/<uuid:id>",
        CannedReplyViewSet.as_view(
            {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
        ),
        name="canned-reply",
    ),
    path(
        "canned-replies/<uuid:id>/rendered",
        CannedReplyViewSet.as_view({"get": "render"}),
        name="canned-reply-rendered",
    ),
    path(
        "assignment",
        RuleViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="assignment",
    ),
    path(
        "desk",
        MyDeskViewSet.as_view({"get": "retrieve", "put": "update"}),
        name="desk",
    ),
    path(
        "attachments",
        AttachmentViewSet.as_view({"post": "create"}),
        name="attachments",
    ),
    path(
        "attachments/<uuid:id>",
        AttachmentViewSet.as_view({"get": "retrieve"}),
        name="attachment",
    ),
    path(
        "attachments/<uuid:id>/thumbnail",
        AttachmentViewSet.as_view({"get": "thumbnail"}),
        name="attachment-thumbnail",
    ),
]
