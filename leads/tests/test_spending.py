"""What campaigns cost: out of files, out of Meta's Insights, and ads that are named
after they were clicked."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from flexoraa.lib.crypto import Secret
from flexoraa.sandbox import ads
from flexoraa.sandbox.events import Account
from leads import fetching, insights, merging, spending
from leads.models import AdAccount, Campaign, Lead, SpendEntry, Touch
from leads.tests.world import make_campaign, make_lead

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 25)


def upload(api, text: str, **fields):
    file = SimpleUploadedFile("spend.csv", text.encode())
    url = f"{api.root}/campaigns/spend/import"
    return api.client.post(url, {"file": file, **fields})


def entries(**where):
    rows = SpendEntry.objects.current().filter(**where).order_by("day", "reference")
    return [(str(row.day), row.reference, row.amount_paise) for row in rows]


def test_a_file_is_checked_imported_and_corrected(workspace, api):
    diwali = make_campaign(workspace)
    text = (
        'Date,Campaign,"Amount spent (INR)",Ref\n'
        '2026-11-01,diwali,"1,234.50",a\n'
        "02/11/2026,Diwali,₹ 20,b\n"
        "03.11.2026,diwali,0,\n"
    )
    dry = upload(api, text, dry_run=True)
    assert dry.status_code == 200, dry.content
    wanted = {"new": 3, "changed": 0, "same": 0, "wrong": 0, "errors": []}
    assert dry.json() == {**wanted, "dry_run": True}
    assert not SpendEntry.objects.exists()
    assert upload(api, text).json() == {**wanted, "dry_run": False}
    assert entries(campaign=diwali, source="csv") == [
        ("2026-11-01", "a", 123_450),
        ("2026-11-02", "b", 2_000),
        ("2026-11-03", "", 0),
    ]
    again = upload(api, text).json()
    assert (again["new"], again["same"]) == (0, 3)
    fixed = upload(api, text.replace("1,234.50", "1000")).json()
    assert (fixed["changed"], fixed["same"]) == (1, 2)
    assert entries(reference="a") == [("2026-11-01", "a", 100_000)]
    old = SpendEntry.objects.get(replaced_by__isnull=False)
    assert (old.amount_paise, old.replaced_by.by) == (123_450, api.user)


def test_each_bad_row_says_what_is_wrong_and_the_good_ones_count(
    workspace, make_workspace, api
):
    make_campaign(workspace)
    make_campaign(make_workspace("theirs"), "holi")
    text = (
        "day,campaign,amount,kind,currency,reference\n"
        "2026-11-01,diwali,10,ad,INR,\n"
        "2026-11-31,diwali,10,ad,,\n"
        "2026-11-01,holi,10,,,\n"
        "2026-11-01,diwali,-10,,,\n"
        "2026-11-01,diwali,ten,tv,rupees,\n"
        "2026-11-01,diwali,11,,,\n"
        "2026-11-01\n"
    )
    said = upload(api, text).json()
    assert (said["new"], said["wrong"]) == (1, 6)
    assert [(one["row"], one["column"]) for one in said["errors"]] == [
        (3, "day"),
        (4, "campaign"),
        (5, "amount"),
        (6, "amount"),
        (6, "kind"),
        (6, "currency"),
        (7, "reference"),
        (8, "campaign"),
        (8, "amount"),
    ]
    assert entries() == [("2026-11-01", "", 1_000)]


@pytest.mark.parametrize(
    "text",
    ["", "\x00\x01", "day,amount\n2026-11-01,3\n", "day,campaign,amount\n", "a" * 99],
)
def test_what_is_no_table_of_spend_is_refused(api, text):
    assert upload(api, text or " ").status_code == 400
    assert not SpendEntry.objects.exists()


def test_who_may_import_spend(workspace, api, as_role, monkeypatch):
    make_campaign(workspace)
    text = "day,campaign,amount\n2026-11-01,diwali,1\n2026-11-02,diwali,1\n"
    assert upload(as_role("sdr"), text).status_code == 403
    monkeypatch.setattr(spending, "MOST_ROWS", 1)
    assert upload(api, text).status_code == 400
    monkeypatch.setattr(spending, "MOST_BYTES", 10)
    assert upload(api, text).json()["errors"][0]["code"] == "too_large"


@pytest.fixture
def connected(workspace, graph_api, settings) -> AdAccount:
    """An ad account that the stand-in knows."""
    settings.GRAPH_URL = graph_api.url
    graph_api.connect(Account("ads", "act_77700001", name="Shop"), "ads-token")
    return AdAccount.objects.create(
        workspace=workspace, external_id="77700001", token=Secret("ads-token")
    )


def spent(graph_api, *rows):
    graph_api.spend["act_77700001"] = [ads.row(*row) for row in rows]


def day(ago: int) -> str:
    return (timezone.now().date() - timedelta(days=ago)).isoformat()


def test_spend_is_fetched_daily_and_revised(workspace, graph_api, connected):
    diwali = make_campaign(workspace, ad_ids=["501"])
    spent(
        graph_api,
        ("501", day(1), "120.50"),
        ("501", day(2), "99"),
        ("502", day(1), "7.25", "Nobody's"),
        ("501", day(60), "1000"),
    )
    assert fetching.drain() == 1
    assert fetching.drain() == 0  # until tomorrow
    connected.refresh_from_db()
    assert (connected.name, connected.currency, connected.timezone) == (
        "Shop",
        "INR",
        "Asia/Kolkata",
    )
    assert connected.unclaimed == [{"ad_id": "502", "name": "Nobody's", "paise": 725}]
    assert connected.due_at > timezone.now() + timedelta(hours=23)
    assert entries(campaign=diwali, source="meta") == [
        (day(2), "501", 9_900),
        (day(1), "501", 12_050),
    ]
    assert SpendEntry.objects.filter(account_tz="Asia/Kolkata").count() == 2
    spent(graph_api, ("501", day(1), "121.00"), ("501", day(2), "99.00"))
    fetching.ask(connected)
    fetching.drain()
    assert entries(source="meta") == [(day(2), "501", 9_900), (day(1), "501", 12_100)]
    assert SpendEntry.objects.count() == 3  # the revised one is kept


def test_all_pages_are_read(workspace, graph_api, connected, monkeypatch):
    make_campaign(workspace, ad_ids=[str(n) for n in range(500, 530)])
    monkeypatch.setattr(insights, "PAGE", 7)
    rows = [(str(ad), day(ago), "1.01") for ad in range(500, 530) for ago in (1, 2)]
    spent(graph_api, *rows)
    assert fetching.fetch(connected).new == 60
    assert sum(row[2] for row in entries()) == 60 * 101


def test_an_ad_that_goes_to_another_campaign_takes_its_spend_along(
    workspace, graph_api, connected
):
    old = make_campaign(workspace, ad_ids=["501"])
    spent(graph_api, ("501", day(1), "10"))
    fetching.fetch(connected)
    Campaign.objects.filter(pk=old.pk).update(ad_ids=[])
    new = make_campaign(workspace, "holi", ad_ids=["501"])
    fetching.fetch(connected)
    assert entries(campaign=new) == [(day(1), "501", 1_000)]
    assert entries(campaign=old) == [(day(1), "501", 0)]


@pytest.mark.parametrize(
    ("token", "fault", "words"),
    [
        ("another", {}, "has ended"),
        ("ads-token", {"code": 200, "status": 403}, "ads_read"),
        ("ads-token", {"code": 1, "status": 500}, "Meta answered 500"),
        ("ads-token", {"how": "reset"}, "cannot be reached"),
    ],
)
def test_what_goes_wrong_is_said_and_tried_again(
    graph_api, connected, token, fault, words
):
    AdAccount.objects.filter(pk=connected.pk).update(token=Secret(token))
    if fault:
        graph_api.faults.add(method="GET", count=5, **fault)
    assert fetching.drain() == 1
    connected.refresh_from_db()
    assert words in connected.problem
    assert timezone.now() < connected.due_at < timezone.now() + timedelta(hours=2)
    assert not SpendEntry.objects.exists()


def test_ad_accounts_over_the_api(api, as_role, workspace):
    body = {"external_id": "77700001", "token": "secret-token"}
    made = api.post("ad-accounts", body)
    assert made.status_code == 201, made.content
    assert b"secret-token" not in made.content
    assert api.post("ad-accounts", body).json()["errors"][0]["code"] == "unique"
    assert api.post("ad-accounts", {"external_id": "act_1"}).status_code == 400
    url = f"ad-accounts/{made.json()['id']}"
    assert api.patch(url, {"external_id": "88800001"}).status_code == 400
    assert api.patch(url, {"is_active": False}).json()["is_active"] is False
    assert fetching.drain() == 0
    assert api.post(f"{url}/fetch").status_code == 202
    assert AdAccount.objects.get().is_active
    assert AdAccount.objects.get().token.reveal() == "secret-token"
    assert as_role("sdr").post("ad-accounts", body).status_code == 403
    assert b"token" not in api.get(url).content
    assert api.delete(url).status_code == 204


def test_a_campaign_takes_up_the_clicks_on_an_ad_that_it_is_given_later(
    workspace, make_workspace
):
    other = make_workspace("theirs")
    clicked, owned, merged, foreign = (
        make_lead(workspace),
        make_lead(workspace, campaign=make_campaign(workspace, "holi")),
        make_lead(workspace),
        make_lead(other),
    )
    winner = make_lead(workspace)
    merging.merge(winner, merged, by=None)
    for lead in (clicked, owned, merged, foreign):
        Touch.objects.create(
            workspace=lead.workspace,
            lead=lead,
            kind="ad",
            at=timezone.now(),
            ad_id="501",
        )
    diwali = make_campaign(workspace)
    assert not Touch.objects.filter(campaign=diwali).exists()
    Campaign.objects.filter(pk=diwali.pk).update(ad_ids=["500", "501"])
    touched = Touch.objects.filter(campaign=diwali).values_list("lead", flat=True)
    assert set(touched) == {clicked.pk, owned.pk, merged.pk}
    found = Lead.objects.in_bulk()
    assert found[clicked.pk].campaign == found[winner.pk].campaign == diwali
    assert found[owned.pk].campaign.code == "holi"
    assert found[foreign.pk].campaign is None
    make_campaign(other, ad_ids=["501"])
    assert Lead.objects.get(pk=foreign.pk).campaign.workspace == other
