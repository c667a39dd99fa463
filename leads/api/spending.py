"""Spend from files and from Meta over the API: a door to leads/spending.py and
leads/fetching.py."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import parsers, serializers, status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from leads import fetching, spending
from leads.api.changes import Unique
from leads.api.importing import LeadFileSerializer
from leads.api.pipeline import CRUD, Crud
from leads.api.serializers import WithId
from leads.models import AdAccount
from teams.api.scoping import WorkspaceScoped
from teams.api.serializers import SavesChanges
from teams.roles import Action


class SpendFileSerializer(LeadFileSerializer):
    """A CSV or XLSX file of up to 2 MB and 5,000 rows with the columns day, campaign,
    amount, and perhaps kind, currency, reference."""

    dry_run = serializers.BooleanField(default=False)


class SpendErrorSerializer(serializers.Serializer):
    """What is wrong with a row; the headings are row 1."""

    row = serializers.IntegerField()
    column = serializers.CharField()
    error = serializers.CharField()


class SpendOutcomeSerializer(serializers.Serializer):
    """How many entries are new, have replaced others, were there already, or were left
    out; the first 200 errors."""

    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()
    wrong = serializers.IntegerField()
    errors = SpendErrorSerializer(many=True)
    dry_run = serializers.BooleanField()


class SpendImportViewSet(WorkspaceScoped, GenericViewSet):
    """Spend out of a file. The same file again changes nothing."""

    actions = {"create": Action.MANAGE_LEADS}
    parser_classes = (parsers.MultiPartParser,)
    pagination_class = None

    @extend_schema(
        request={"multipart/form-data": SpendFileSerializer},
        responses=SpendOutcomeSerializer,
    )
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Import it, or with `dry_run` say what that would do."""
        form = SpendFileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        file, dry_run = form.validated_data["file"], form.validated_data["dry_run"]
        if file.size > spending.MOST_BYTES:
            raise serializers.ValidationError(
                {"file": "The file has more than 2 MB: split it."}, code="too_large"
            )
        try:
            outcome = spending.import_file(
                self.workspace, file.read(), by=request.user, dry_run=dry_run
            )
        except spending.BadFile as error:
            raise serializers.ValidationError({"file": str(error)}) from error
        said = {
            "new": outcome.new,
            "changed": outcome.changed,
            "same": outcome.same,
            "wrong": len({error.row for error in outcome.errors}),
            "errors": [one._asdict() for one in outcome.errors[: spending.SHOWN]],
            "dry_run": dry_run,
        }
        return Response(SpendOutcomeSerializer(said).data)


class AdAccountSerializer(Unique, SavesChanges, WithId):
    """One of Meta's ad accounts. The token goes in and never comes out. `unclaimed` are
    ads of the last days that are no campaign's: [{"ad_id", "name", "paise"}]."""

    taken = ("external_id", "This ad account is connected already.")

    token = serializers.CharField(
        write_only=True,
        required=False,
        max_length=4096,
        help_text="With the permission ads_read. Kept encrypted; left out, it stays.",
    )

    class Meta:
        model = AdAccount
        fields = (
            "id",
            "external_id",
            "token",
            "name",
            "currency",
            "timezone",
            "is_active",
            "due_at",
            "fetched_at",
            "problem",
            "unclaimed",
            "created_at",
        )
        read_only_fields = ("name", "currency", "timezone", "fetched_at", "problem")
        extra_kwargs = {
            name: {"read_only": True} for name in ("due_at", "unclaimed", "created_at")
        }
        validators = ()

    def validate_external_id(self, value: str) -> str:
        if self.instance and value != self.instance.external_id:
            raise serializers.ValidationError(
                "An account keeps its id: connect another one.", code="fixed"
            )
        return value


class AdAccountViewSet(WorkspaceScoped, Crud):
    """Ad accounts whose spend is fetched daily."""

    queryset = AdAccount.objects.defer("token")
    serializer_class = AdAccountSerializer
    ordering = "id"
    actions = {**CRUD, "fetch": Action.MANAGE_LEADS}

    @extend_schema(request=None, responses={202: AdAccountSerializer})
    def fetch(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Have the worker fetch it now."""
        account = self.get_object()
        fetching.ask(account)
        answer = self.get_serializer(self.get_object())
        return Response(answer.data, status=status.HTTP_202_ACCEPTED)
