"""Labels on conversations, and answers kept ready: what a team words for itself."""

import re

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from inbox.models.conversations import Conversation
from teams.tenancy import WorkspaceRow
from teams.tenant_keys import TenantKey

SHORTCUT = re.compile(r"[\w-]{1,40}")  # what is typed after the slash, in any script


class Label(WorkspaceRow):
    """A word and a colour to sort conversations by."""

    class Colour(models.TextChoices):
        GREY = "grey", "Grey"
        RED = "red", "Red"
        ORANGE = "orange", "Orange"
        YELLOW = "yellow", "Yellow"
        GREEN = "green", "Green"
        TEAL = "teal", "Teal"
        BLUE = "blue", "Blue"
        PURPLE = "purple", "Purple"
        PINK = "pink", "Pink"

    name = models.CharField(max_length=40)
    colour = models.CharField(
        max_length=10, choices=Colour.choices, default=Colour.GREY
    )
    created_at = models.DateTimeField(auto_now_add=True)
    conversations = models.ManyToManyField(
        Conversation, through="ConversationLabel", related_name="labels"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                F("workspace"),
                Lower("name"),
                name="inbox_label_one_name",
                violation_error_message="There is a label of this name already.",
            ),
            models.UniqueConstraint(
                fields=["workspace", "id"], name="inbox_label_whose"
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="inbox_label_has_a_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ConversationLabel(WorkspaceRow):
    """A label on a conversation, both of one workspace (a composite key keeps that)."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="labelled", db_index=False
    )
    label = models.ForeignKey(
        Label, on_delete=models.CASCADE, related_name="labelled", db_index=False
    )

    class Meta:
        constraints = [
            TenantKey(
                "conversation", name="inbox_conversationlabel_conversation_whose"
            ),
            TenantKey("label", name="inbox_conversationlabel_label_whose"),
            models.UniqueConstraint(
                fields=["conversation", "label"], name="inbox_conversationlabel_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["label", "conversation"], name="inbox_conversationlabel_of"
            )
        ]

    def __str__(self) -> str:
        return str(self.label)


class CannedReply(WorkspaceRow):
    """An answer kept ready; `shortcut` is typed after a slash, `text` may hold
    variables such as {{contact.name}} (see inbox/canned.py)."""

    shortcut = models.CharField(max_length=40)
    text = models.TextField(max_length=4096)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "canned replies"
        constraints = [
            models.UniqueConstraint(
                F("workspace"),
                Lower("shortcut"),
                name="inbox_cannedreply_one_shortcut",
                violation_error_message="This shortcut is taken already.",
            ),
            models.CheckConstraint(
                condition=Q(shortcut__regex=r"^[[:alnum:]_-]+$"),
                name="inbox_cannedreply_shortcut_can_be_typed",
            ),
        ]

    def __str__(self) -> str:
        return f"/{self.shortcut}"
