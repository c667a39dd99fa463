"""Recurring revenue by month: an oracle, the API's doors, and the page."""

import csv
import io
import itertools
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import billing
from payments.models import Plan, RevenueChange, Subscription
from teams.models import ApiKey, User, Workspace

pytestmark = pytest.mark.django_db
BEGIN = datetime(2026, 1, 1, tzinfo=billing.ZONE)
NOW = datetime(2026, 7, 10, 9, tzinfo=UTC)
IDS = itertools.count(1)


def write(workspace: Workspace, plan: Plan, line: list[tuple]) -> None:
    """A line of (moment, paise, status[, currency])."""
    row = Subscription.objects.create(
        workspace=workspace,
        plan=plan,
        status="cancelled",
        place="past",
        razorpay_id=f"sub_{next(IDS):014}",
    )
    for at, paise, status, *currency in line:
        RevenueChange.objects.create(
            workspace=workspace,
            subscription=row,
            plan=plan,
            status=status,
            currency=currency[0] if currency else "INR",
            mrr_paise=paise,
            at=at,
        )


@pytest.fixture
def plan(db) -> Plan:
    return Plan.objects.create(name="P", price_paise=11800, period="monthly")


def oracle(world: dict[int, list[tuple]], starts: list[datetime]) -> list[dict]:
    """All changes in one stream of time, and a look at every boundary on the way."""
    stream = sorted(
        (at, place, n, paise, status)
        for place, line in world.items()
        for n, (at, paise, status) in enumerate(line)
    )
    worth = dict.fromkeys(world, 0)
    halted: dict[int, datetime] = {}
    ever: set[int] = set()
    looks, moved = [], []
    for boundary in starts:
        sums: dict[str, int] = {}
        while stream and stream[0][0] < boundary:
            at, place, _, paise, status = stream.pop(0)
            before = worth[place]
            if paise > before:
                kind = "expansion" if before else "new"
                kind = "reactivation" if not before and place in ever else kind
            else:
                kind = "contraction" if paise else "churn"
            if paise != before:
                sums[kind] = sums.get(kind, 0) + paise - before
            worth[place] = paise
            halted.pop(place, None)
            if status == "halted":
                halted[place] = at
            if paise:
                ever.add(place)
        there = {place for place, paise in worth.items() if paise} | {
            place for place, at in halted.items() if boundary - at <= timedelta(days=30)
        }
        looks.append((sum(worth.values()), there))
        moved.append(sums)
    return [
        {
            "start": before[0],
            "end": after[0],
            "moved": sums,
            "logos": len(before[1]),
            "lost": len(before[1] - after[1]),
        }
        for before, after, sums in zip(looks, looks[1:], moved[1:], strict=False)
    ]


STEPS = st.lists(
    st.tuples(
        st.integers(0, 190 * 24),
        st.sampled_from([0, 0, 100, 250, 990]),
        st.sampled_from(["active", "halted", "cancelled"]),
    ),
    max_size=7,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
@given(steps=st.lists(STEPS, min_size=1, max_size=4))
def test_every_month_is_what_a_plain_walk_through_time_finds(steps, plan):
    with transaction.atomic():
        world = {}
        for number, line in enumerate(steps):
            place = Workspace.objects.create(name=f"W{number}", slug=f"w-{number}")
            world[place.pk] = [
                (
                    BEGIN + timedelta(hours=hours),
                    paise if status == "active" else 0,
                    status,
                )
                for hours, paise, status in sorted(line)
            ]
            write(place, plan, world[place.pk])
        found = billing.report(BEGIN.date(), 6, NOW + timedelta(days=60))
        starts = [month.start for month in found] + [found[-1].end]
        for month, wanted in zip(found, oracle(world, starts), strict=True):
            assert month.mrr_start == wanted["start"]
            assert month.mrr_end == wanted["end"]
            assert {k: v for k, v in month.moved.items() if v} == {
                k: v for k, v in wanted["moved"].items() if v
            }
            assert (month.logos_start, month.logos_lost) == (
                wanted["logos"],
                wanted["lost"],
            )
            assert month.mrr_start + sum(month.moved.values()) == month.mrr_end
        transaction.set_rollback(True)


@pytest.fixture
def year(plan, make_workspace) -> dict[str, Workspace]:
    """Four workspaces: one that grows and shrinks, one that is halted and comes back
    too late, one that leaves, one that pays in dollars."""

    def at(month: int, day: int) -> datetime:
        return datetime(2026, month, day, 12, tzinfo=UTC)

    found = {name: make_workspace(name) for name in ("grows", "late", "leaves", "usd")}
    write(
        found["grows"],
        plan,
        [
            (at(3, 2), 1000, "active"),
            (at(4, 5), 3000, "active"),
            (at(6, 1), 2000, "active"),
        ],
    )
    write(
        found["late"],
        plan,
        [
            (at(3, 5), 500, "active"),
            (at(4, 20), 0, "halted"),
            (at(6, 9), 500, "active"),
        ],
    )
    write(
        found["leaves"], plan, [(at(3, 9), 700, "active"), (at(5, 2), 0, "cancelled")]
    )
    write(found["usd"], plan, [(at(3, 9), 700, "active", "USD")])
    return found


def test_a_year_read_by_hand(year):
    found = {m.start.month: m for m in billing.report(date(2026, 3, 1), 5, NOW)}
    assert [m.mrr_end for m in found.values()] == [2200, 3700, 3000, 2500, 2500]
    assert found[3].moved["new"] == 2200
    assert (found[4].moved["expansion"], found[4].moved["churn"]) == (2000, -500)
    assert (found[4].logos_start, found[4].logos_lost, found[4].at_risk) == (3, 0, 1)
    assert (found[5].logos_start, found[5].logos_lost) == (3, 2)  # left; halted 41 days
    assert found[5].logo_churn.value == Fraction(2, 3)
    assert (found[6].moved["contraction"], found[6].moved["reactivation"]) == (
        -1000,
        500,
    )
    assert found[6].gross_churn.value == Fraction(1, 3)
    assert found[6].net_churn.value == Fraction(1, 6)
    assert (found[3].logo_churn.value, found[3].logo_churn.reason) == (
        None,
        "none_at_start",
    )
    assert found[7].end == NOW  # what is still to come is not in it
    assert billing.excluded() == 1


def test_a_change_at_midnight_in_india_is_of_the_new_month(plan, workspace):
    midnight = datetime(2026, 3, 31, 18, 30, tzinfo=UTC)
    write(workspace, plan, [(midnight, 100, "active")])
    march, april = billing.report(date(2026, 3, 1), 2, NOW)
    assert (march.mrr_end, april.mrr_start, april.moved["new"]) == (0, 0, 100)


def test_control_a_broken_sum_is_not_served(plan, workspace, monkeypatch):
    write(workspace, plan, [(BEGIN + timedelta(days=3), 100, "active")])
    monkeypatch.setattr(billing, "movements", lambda line, workspace=0: iter(()))
    with pytest.raises(billing.DoesNotAddUp):
        billing.report(BEGIN.date(), 1, NOW)


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@flexoraa.example", "x"))
    return client


URL = "/api/analytics/billing"


def test_platform_staff_read_months_rows_and_file(staff, year, settings):
    settings.STAFF_SECOND_FACTOR = False
    answer = staff.get(URL, {"from": "2026-03", "months": "4"}).json()
    assert (answer["currency"], answer["timezone"]) == ("INR", "Asia/Kolkata")
    assert answer["other_currencies"] == 1
    april = answer["months"][1]
    assert (april["month"], april["start"]) == (
        "2026-04",
        "2026-03-31T18:30:00.000000Z",
    )
    assert april["mrr_end_paise"] == april["mrr_start_paise"] + sum(
        moved["amount_paise"] for moved in april["moved"].values()
    )
    assert april["moved"]["expansion"]["count"] == 1
    rows = staff.get(april["moved"]["expansion"]["rows"]).json()
    assert [(row["workspace"], row["amount_paise"]) for row in rows] == [
        ("grows", 2000)
    ]
    file = staff.get(f"{URL}.csv", {"from": "2026-03", "months": "4"})
    text = b"".join(file.streaming_content).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [(line["month"], line["mrr_end"]) for line in lines] == [
        ("2026-03", "22.0"),
        ("2026-04", "37.0"),
        ("2026-05", "30.0"),
        ("2026-06", "25.0"),
    ]
    assert len(staff.get(URL).json()["months"]) == 12


@pytest.mark.parametrize(
    ("path", "query", "attr"),
    [
        ("", {"months": "0"}, "months"),
        ("", {"months": "61"}, "months"),
        ("", {"months": "²"}, "months"),
        ("", {"from": "2026-13"}, "from"),
        ("", {"from": "yesterday"}, "from"),
        ("/rows", {"month": "2026-01", "kind": "magic"}, "kind"),
        ("/rows", {"kind": "new"}, "month"),
    ],
)
def test_a_bad_question_is_told_what_to_send(path, query, attr, staff, settings):
    settings.STAFF_SECOND_FACTOR = False
    answer = staff.get(URL + path, query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == attr


@pytest.mark.parametrize("path", ["", ".csv", "/rows?month=2026-03&kind=new"])
def test_nobody_else_reads_it(path, workspace, make_member, staff, settings):
    settings.STAFF_SECOND_FACTOR = False
    owner = make_member(workspace)
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    client = Client()
    assert client.get(URL + path).status_code in (401, 403)
    client.force_login(owner)
    assert client.get(URL + path).status_code == 403
    settings.STAFF_SECOND_FACTOR = True  # and platform staff have none yet
    assert staff.get(URL + path).status_code == 403


def test_a_key_of_a_workspace_is_not_the_platform(workspace, settings):
    settings.STAFF_SECOND_FACTOR = False
    root = User.objects.create_superuser("root@flexoraa.example", "x")
    _, secret = ApiKey.objects.make(
        workspace=workspace, name="k", role="owner", made_by=root
    )
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get(URL, headers=headers).status_code in (401, 403)


def test_the_page_shows_it_and_leads_to_who_moved(staff, year, make_member, settings):
    settings.STAFF_SECOND_FACTOR = False
    page = staff.get(reverse("reports:billing"), {"months": "24"}).content.decode()
    assert "₹25" in page
    assert "month=2026-04&amp;kind=expansion" in page
    rows = staff.get(
        reverse("reports:billing_rows"), {"month": "2026-04", "kind": "expansion"}
    ).content.decode()
    assert "Grows" in rows
    assert "₹20" in rows
    file = staff.get(reverse("reports:billing_file"))
    assert b"mrr_start" in b"".join(file.streaming_content)
    bad = staff.get(reverse("reports:billing_rows"), {"month": "x", "kind": "new"})
    assert bad.status_code == 404
    owner = make_member(year["grows"])
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    client = Client()
    client.force_login(User.objects.get(pk=owner.pk))
    for name in ("billing", "billing_file", "billing_rows"):
        assert client.get(reverse(f"reports:{name}")).status_code == 403
