"""Files of all conversations in the back office: looked at, and fetched once more."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from flexoraa.lib.serving import serve
from inbox.admin.base import ReadOnly, ago
from inbox.models import Attachment
from teams.roles import Action

STATES = {
    "link": "default",
    "pending": "info",
    "stored": "success",
    "lost": "warning",
    "failed": "danger",
}


@admin.register(Attachment)
class AttachmentAdmin(ReadOnly):
    """The newest first. What is lost may be there again when a channel is repaired."""

    asks = {"view": Action.READ, "work": Action.WORK}
    list_display = ("name", "state_label", "mime_type", "bytes", "came", "problem")
    list_filter = ("state", "kind")
    list_select_related = ("message",)
    ordering = ("-id",)
    actions = ("fetch_again",)
    fields = (
        "preview",
        "talk",
        "kind",
        "state",
        "mime_type",
        "filename",
        "title",
        "bytes",
        "error",
        "attempts",
        "due_at",
        "uploaded_by",
        "created_at",
    )
    readonly_fields = ("preview", "talk", "bytes")
    hint = "Files that people send, and that colleagues upload, are listed here."

    @display(description="File")
    def name(self, attachment: Attachment) -> str:
        return str(attachment)[:80]

    @display(description="State", label=STATES)
    def state_label(self, attachment: Attachment) -> tuple[str, str]:
        return attachment.state, attachment.get_state_display()

    @display(description="Size")
    def bytes(self, attachment: Attachment) -> str:
        return "–" if attachment.size is None else filesizeformat(attachment.size)

    @display(description="Came")
    def came(self, attachment: Attachment) -> str:
        return ago(attachment.created_at)

    @display(description="Problem", empty_value="–")
    def problem(self, attachment: Attachment) -> str | None:
        return attachment.error[:80] or None

    @display(description="Conversation", empty_value="–")
    def talk(self, attachment: Attachment) -> str | None:
        if attachment.message is None:
            return None
        place = [attachment.message.conversation_id]
        url = reverse("admin:inbox_conversation_change", args=place)
        return format_html('<a class="fx-link" href="{}">Open the chat</a>', url)

    @display(description="Preview", empty_value="–")
    def preview(self, attachment: Attachment) -> str | None:
        if not attachment.is_stored:
            return None
        url = reverse("admin:inbox_attachment_file", args=[attachment.pk])
        small = ""
        if attachment.has_thumbnail:
            src = reverse("admin:inbox_attachment_thumbnail", args=[attachment.pk])
            small = format_html('<img class="fx-thumb" src="{}" alt="">', src)
        words = "Open" if attachment.is_shown else "Download"
        return format_html(
            '<a class="fx-link" href="{}" target="_blank" rel="noopener">{}{}</a>',
            url,
            small,
            words,
        )

    def get_urls(self) -> list:
        site, name = self.admin_site.admin_view, "inbox_attachment"
        return [
            path("<int:pk>/file/", site(self.file), name=f"{name}_file"),
            path("<int:pk>/thumbnail/", site(self.thumbnail), name=f"{name}_thumbnail"),
            *super().get_urls(),
        ]

    def file(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The file itself, with headers that leave a browser nothing to run."""
        found = self._stored(request, pk)
        name = found.filename or f"{found.kind}-{found.public_id}"
        return serve(request, found.stored.path, found.mime_type, found.content, name)

    def thumbnail(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The small picture of a picture."""
        found = self._stored(request, pk)
        tag = f"{found.content}-thumbnail"
        return serve(request, found.small_path, "image/webp", tag)

    def _stored(self, request: HttpRequest, pk: int) -> Attachment:
        found = self.get_or_404(request, pk, "view")
        if not found.stored.path.is_file():
            raise Http404
        return found

    def has_work_permission(self, request: HttpRequest) -> bool:
        """For the action: whoever works conversations somewhere sees it offered."""
        return self.may(request, "work")

    @action(description="Fetch again what is lost or was refused", permissions=["work"])
    def fetch_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        count = Attachment.objects.filter(pk__in=queryset.values("pk")).fetch_again()
        messages.success(request, f"{count} of them will be fetched in a moment.")
