"""People who are the same: suggestions, a page to look at two side by side, merges and
the way back."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from flexoraa.lib.errors import Conflict
from leads import duplicates, merging
from leads.models import Campaign, Duplicate, Lead, MergeRecord
from teams.back_office import ReadOnly, ago, within
from teams.models import User
from teams.roles import Action

MANAGED = {"view": Action.MANAGE_LEADS, "merge": Action.MANAGE_LEADS}
SHOWN = (  # what is compared: (title, name on the lead)
    ("Name", "name"),
    ("Phone", "phone"),
    ("E-mail", "email"),
    ("Company", "company"),
    ("External ID", "external_id"),
    ("Stage", "stage"),
    ("Owner", "owner"),
    ("Campaign", "campaign"),
    ("Source", "source"),
    ("Value", "value_paise"),
    ("Consent", "consent"),
    ("Tags", "tags"),
    ("Custom fields", "custom"),
    ("Came", "created_at"),
)


def merge_url(winner: int, loser: int) -> str:
    """The page that compares these two."""
    return f"{reverse('admin:leads_mergerecord_merge')}?winner={winner}&loser={loser}"


def reasons(evidence: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """(words, points) of each fact."""
    return [
        (duplicates.POINTS.get(fact["fact"], fact["fact"]), fact["points"])
        for fact in evidence
    ]


@admin.register(Duplicate)
class DuplicateAdmin(ReadOnly):
    """Leads that may be one person, the likeliest first."""

    asks = MANAGED
    list_display = ("pair", "why", "likely", "found", "workspace")
    list_select_related = ("first", "second", "workspace")
    list_filter = (("workspace", AutocompleteSelectFilter),)
    list_filter_submit = True
    ordering = ("-score", "-id")
    actions = ("dismiss",)
    hint = "Leads that share a phone, an e-mail address or a name appear here."

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).open()

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        """Side by side; the older one stays unless one says otherwise."""
        found = self.get_object(request, object_id)
        if found is None:
            return super().change_view(request, object_id, **kwargs)
        if request.method != "GET":
            raise PermissionDenied
        return HttpResponseRedirect(merge_url(found.first_id, found.second_id))

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "merge")

    @admin.action(description="They are different people", permissions=["merge"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet) -> None:
        count = sum(row.dismiss(request.user) for row in queryset)
        messages.success(request, f"{count} suggested no more.")

    @display(description="Leads")
    def pair(self, found: Duplicate) -> str:
        return f"{found.first} · {found.second}"

    @display(description="Evidence")
    def why(self, found: Duplicate) -> str:
        return ", ".join(words for words, _ in reasons(found.evidence))

    @display(description="Points of 100", ordering="score")
    def likely(self, found: Duplicate) -> int:
        return found.score

    @display(description="Found")
    def found(self, found: Duplicate) -> str:
        return ago(found.found_at)


@admin.register(MergeRecord)
class MergeAdmin(ReadOnly):
    """Merges, the latest first; each can be taken back."""

    asks = MANAGED
    list_display = ("stays", "joined", "state_label", "by", "made", "workspace")
    list_select_related = ("winner", "loser", "by", "workspace")
    list_filter = (("workspace", AutocompleteSelectFilter),)
    list_filter_submit = True
    ordering = ("-id",)
    hint = "Tick two leads in their list, or take a suggestion, to merge them."

    @display(description="Stays")
    def stays(self, record: MergeRecord) -> str:
        return str(record.winner)

    @display(description="Was merged into it")
    def joined(self, record: MergeRecord) -> str:
        return str(record.loser)

    @display(description="State", label={"one": "success", "split": "default"})
    def state_label(self, record: MergeRecord) -> tuple[str, str]:
        return ("split", "Split again") if record.undone_at else ("one", "One lead")

    @display(description="Made")
    def made(self, record: MergeRecord) -> str:
        return ago(record.created_at)

    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "leads_mergerecord"
        return [
            path("merge/", view(self.merge), name=f"{name}_merge"),
            path("<int:pk>/split/", view(self.split), name=f"{name}_split"),
            *super().get_urls(),
        ]

    def merge(self, request: HttpRequest) -> HttpResponse:
        """Two leads side by side and what would become of them; merged by POST."""
        winner, loser = self._two(request)
        known = Duplicate.objects.of(winner, loser).first()
        if request.method == "POST":
            try:
                url = self._do(request, winner, loser, known)
                return HttpResponseRedirect(url)
            except Conflict as conflict:
                messages.error(request, str(conflict.detail))
        refusal = ""
        try:
            merging.check(winner, loser)
        except Conflict as conflict:
            refusal = str(conflict.detail)
        context = {
            **self.admin_site.each_context(request),
            "title": "Merge two leads",
            "opts": self.opts,
            "winner": winner,
            "loser": loser,
            "lines": list(side_by_side(winner, loser)),
            "reasons": reasons(known.evidence) if known else [],
            "points": known.score if known else 0,
            "dismissable": known and known.dismissed_at is None,
            "refusal": refusal,
            "swap": merge_url(loser.pk, winner.pk),
        }
        return TemplateResponse(request, "admin/leads/merge.html", context)

    def _do(
        self, request: HttpRequest, winner: Lead, loser: Lead, known: Duplicate | None
    ) -> str:
        """Merge or say no; where to go then."""
        if request.POST.get("verb") == "dismiss":
            if known:
                known.dismiss(request.user)
            messages.success(request, f"{winner} and {loser} stay two.")
            return reverse("admin:leads_duplicate_changelist")
        record = merging.merge(winner, loser, by=request.user)
        self.log_change(request, record, f"merged {loser.pk} into {winner.pk}")
        messages.success(request, f"{loser} and {winner} are one lead now.")
        return reverse("admin:leads_mergerecord_change", args=[record.pk])

    def _two(self, request: HttpRequest) -> tuple[Lead, Lead]:
        """The leads that the address names. Raises Http404 for those out of reach."""
        if not self.may(request, "merge"):
            raise PermissionDenied
        ids = [request.GET.get(name, "") for name in ("winner", "loser")]
        if not all(one.isdecimal() and len(one) < 19 for one in ids):
            raise Http404
        rows = within(Lead.objects.all(), self.places(request, "merge"))
        found = rows.select_related("stage", "owner", "campaign", "workspace")
        by_id = found.in_bulk([int(one) for one in ids])
        if len(by_id) != 2:
            raise Http404
        return by_id[int(ids[0])], by_id[int(ids[1])]

    def change_view(self, request: HttpRequest, object_id: str, **kwargs: Any) -> Any:
        """What the merge did, and the button that takes it back."""
        record = self.get_object(request, object_id)
        if record is None:
            return super().change_view(request, object_id, **kwargs)
        context = {
            **self.admin_site.each_context(request),
            "title": "One lead" if record.undone_at is None else "Split again",
            "opts": self.opts,
            "record": record,
            "lines": list(what_was_filled(record)),
            "reasons": reasons(record.evidence),
            "came_along": len(record.moved),
        }
        return TemplateResponse(request, "admin/leads/merged.html", context)

    def split(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the merge back; only by POST."""
        record = self.get_or_404(request, pk, "merge")
        if request.method == "POST":
            try:
                record, kept = merging.split(record, by=request.user)
            except Conflict as conflict:
                messages.error(request, str(conflict.detail))
            else:
                self.log_change(request, record, f"split {record.loser_id} off")
                said = f"{record.loser} stands alone again."
                if kept:
                    said += f" Kept, since somebody changed it: {', '.join(kept)}."
                messages.success(request, said)
        url = reverse("admin:leads_mergerecord_change", args=[pk])
        return HttpResponseRedirect(url)


def side_by_side(winner: Lead, loser: Lead) -> Any:
    """(title, the winner's, the loser's, what it would be, whether that is new)."""
    filled = merging.filling(winner, loser)
    custom = {**winner.custom, **filled.get("custom", {})}
    tags = [*winner.tags, *filled.get("tags", [])]
    for title, name in SHOWN:
        mine, theirs = words(name, winner), words(name, loser)
        is_new = name in filled or f"{name}_id" in filled
        if name == "tags":
            result = ", ".join(tags)
        elif name == "custom":
            result = pairs(custom)
        elif name == "created_at":
            result = min(mine, theirs)
        else:
            result = theirs if is_new else mine
        if mine or theirs:
            yield title, mine, theirs, result, is_new


def words(name: str, lead: Lead) -> str:
    """A field of a lead as it is read."""
    value = getattr(lead, name)
    if name == "value_paise":
        return f"{value / 100:,.2f} {lead.currency}" if value else ""
    if name == "consent":
        return lead.get_consent_display()
    if name == "tags":
        return ", ".join(value)
    if name == "custom":
        return pairs(value)
    if name == "created_at":
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value or "")


def pairs(custom: dict[str, Any]) -> str:
    """Custom fields in a line."""
    return ", ".join(f"{key}: {value}" for key, value in custom.items())


def what_was_filled(record: MergeRecord) -> Any:
    """(title, before, after) of what the winner got."""
    titles = {name: title for title, name in SHOWN}
    people = {"owner_id": User, "campaign_id": Campaign}
    for name, given in record.filled.items():
        title = titles.get(name.removesuffix("_id"), name)
        if name == "tags":
            yield title, "", ", ".join(given)
        elif name == "custom":
            yield title, "", pairs(given)
        elif name in people:
            row = people[name].objects.filter(pk=given[1]).first()
            yield title, "", str(row or "gone")
        elif name != "currency":
            before, after = given
            money = name == "value_paise"
            yield title, before or "", f"{after / 100:,.2f}" if money else after
