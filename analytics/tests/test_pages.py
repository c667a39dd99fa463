"""The dashboards: the same numbers as the API, for who may see them, down to rows."""

import csv
import io
import re
from fractions import Fraction
from html import unescape

import pytest

from analytics import asking, wording
from analytics.dashboards.parts import Maker
from analytics.metrics import Number
from analytics.models import ReportSettings
from analytics.reports.base import Figure, Line, Report
from analytics.tests.conftest import PERIOD
from inbox.tests.world import as_user
from teams.models import Membership, User

PAGES = ("overview", "roi", "conversion", "team", "inbox")


@pytest.fixture
def staff(world):
    """staff("sdr") -> a client of somebody with this role who may enter the office;
    staff("sdr", user) -> of this member."""

    def staff(role: str, user: User | None = None):
        if user is None:
            user = User.objects.create(email=f"{role}@office.example", name=role)
            if role != "platform":
                Membership.objects.create(
                    workspace=world.workspace, user=user, role=role
                )
        User.objects.filter(pk=user.pk).update(
            is_staff=True, is_superuser=role == "platform"
        )
        return as_user(User.objects.get(pk=user.pk))

    return staff


@pytest.fixture
def root(world) -> str:
    return f"/admin/reports/{world.workspace.slug}"


def links_of(answer) -> list[str]:
    found = re.findall(r'href="([^"]*/rows\?[^"]*)"', answer.content.decode())
    return [unescape(link) for link in found]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_and_names_the_clock(staff, root, world, name):
    answer = staff("admin").get(f"{root}/{name}", PERIOD)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert world.workspace.timezone in text
    assert "no-store" in answer["Cache-Control"]
    ours = text.split('id="report"')[1]
    assert not re.search(r"<script(?![^>]*(src=|application/json))", ours)
    assert not re.search(r"\son[a-z]+=", ours)


@pytest.mark.parametrize("name", PAGES[1:])
def test_every_linked_number_opens_into_rows_that_add_up(staff, root, name):
    client = staff("admin")
    links = links_of(client.get(f"{root}/{name}", PERIOD))
    assert len(links) > 10
    for link in links[:: max(1, len(links) // 12)]:
        answer = client.get(link)
        assert answer.status_code == 200, link
        file = client.get(link.replace("/rows?", "/rows.csv?"))
        lines = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"))))
        assert f"from {len(lines) - 1} row" in answer.content.decode()


def test_a_page_says_what_the_api_says(staff, root, get):
    text = staff("admin").get(f"{root}/roi", PERIOD).content.decode()
    for line in get("roi").json()["lines"]:
        assert unescape(line["label"]) in unescape(text)
    file = staff("owner").get(f"{root}/roi.csv", PERIOD)
    assert file.getvalue() == get("roi.csv").getvalue()


def test_an_sdr_sees_the_team_and_in_it_themselves(staff, root, world):
    me = world.users[0]
    client = staff("sdr", me)
    for name in ("overview", "roi", "conversion", "inbox"):
        assert client.get(f"{root}/{name}", PERIOD).status_code == 403
        assert client.get(f"{root}/{name}.csv", PERIOD).status_code in (403, 404)
        rows = client.get(f"{root}/{name}/rows", {**PERIOD, "line": "total"})
        assert rows.status_code == 403
    text = client.get(f"{root}/team", PERIOD).content.decode()
    others = [user.email for user in world.users[1:]]
    body = text.split('id="report"')[1]
    assert me.email in body
    assert not any(email in body for email in others)
    home = client.get("/admin/reports/")
    assert home["Location"] == f"{root}/team"


def test_the_ranking_is_shown_where_the_workspace_says_so(staff, root, world):
    ReportSettings.objects.update(sdr_sees="team")
    client = staff("sdr", world.users[0])
    answer = client.get(f"{root}/team", PERIOD)
    assert all(u.email in answer.content.decode() for u in world.users)
    mine = str(world.users[0].public_id)
    lines = {link.split("line=")[1].split("&")[0] for link in links_of(answer)}
    assert lines <= {mine}
    rows = client.get(f"{root}/team/rows", {**PERIOD, "line": "total", "figure": "won"})
    assert rows.status_code == 404


def test_a_member_reads_and_platform_staff_see_everybody(staff, root):
    assert staff("member").get(f"{root}/roi", PERIOD).status_code == 200
    assert staff("platform").get(f"{root}/overview", PERIOD).status_code == 200


def test_another_workspace_is_like_none(staff, make_workspace):
    make_workspace("other")
    client = staff("owner")
    answers = [
        client.get(f"/admin/reports/{slug}/{path}", PERIOD)
        for slug in ("other", "nowhere")
        for path in ("overview", "roi", "roi.csv", "roi/rows", "roi/rows.csv")
    ]
    assert {answer.status_code for answer in answers} == {404}


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"to": "2026-02-30"},
        {"from": "2026-05-01", "to": "2026-01-01"},
        {"model": "magic"},
        {"campaign": "x"},
        {"campaign": "0192a0d4-0000-7000-8000-000000000000"},
        {"channel": "a\x00b"},
    ],
)
def test_a_bad_question_is_told_and_the_usual_days_are_shown(staff, root, query):
    answer = staff("admin").get(f"{root}/roi", query)
    assert answer.status_code == 200
    assert "The last 30 days are shown." in answer.content.decode()


def test_rows_of_nothing_do_not_exist(staff, root):
    client = staff("admin")
    for query in ({}, {"line": "total"}, {"line": "total", "figure": "roi"}):
        assert client.get(f"{root}/roi/rows", {**PERIOD, **query}).status_code == 404
    assert client.get(f"{root}/magic", PERIOD).status_code == 404


def test_an_empty_workspace_says_what_to_do(staff, make_workspace):
    empty = make_workspace("empty")
    client = staff("owner")
    owner = User.objects.get(email="owner@office.example")
    Membership.objects.create(workspace=empty, user=owner, role="owner")
    for name in ("roi", "inbox"):
        text = client.get(f"/admin/reports/empty/{name}").content.decode()
        assert "Nothing was counted in these days" in text


def test_filters_narrow_the_page_and_the_api_alike(staff, root, get, world):
    campaign = world.campaigns[0]
    report = get("roi", campaign=str(campaign.public_id)).json()
    assert [line["label"] for line in report["lines"]] in ([], [campaign.name])
    whole = {line["label"]: line for line in get("roi").json()["lines"]}
    if campaign.name in whole:
        figures = whole[campaign.name]["figures"]
        assert report["total"]["figures"]["spend"]["value"] == figures["spend"]["value"]
    funnel = get("conversion", campaign=str(campaign.public_id)).json()
    split = get("conversion", by="campaign").json()["sections"].get(campaign.name)
    for one, other in zip(funnel["lines"], split or funnel["lines"], strict=True):
        ours, theirs = one["figures"]["reached"], other["figures"]["reached"]
        assert ours["value"] == theirs["value"]
    owner = str(world.users[0].public_id)
    team = get("team", owner=owner).json()
    assert [line["key"] for line in team["lines"]] == [owner]
    both = get("conversion", owner=owner, source="fair")
    assert both.status_code == 400
    assert both.json()["errors"][0]["attr"] == "source"


def test_the_number_of_queries_is_fixed(
    staff, root, world, django_assert_max_num_queries
):
    client = staff("admin")
    client.get(f"{root}/overview", PERIOD)
    for name, most in (("overview", 60), ("roi", 34), ("team", 34), ("inbox", 34)):
        with django_assert_max_num_queries(most):
            client.get(f"{root}/{name}", PERIOD)


@pytest.mark.parametrize(
    ("now", "before", "unit", "said"),
    [
        (106, 100, "count", "+6 %"),
        (94, 100, "paise", "−6 %"),
        (996, 1000, "seconds", ""),
        (Fraction(1, 3), Fraction(1, 4), "share", "+8.3 pts"),
        (Fraction(9999, 10_000), 1, "share", ""),
        (4, 0, "count", "new"),
        (None, 5, "count", ""),
    ],
)
def test_a_change_too_little_to_be_seen_is_not_shown(now, before, unit, said):
    assert wording.change(now, before, unit) == said


def test_places_are_not_compared_in_per_cent(world):
    def standing(place: int, score: int) -> Report:
        figures = [
            Figure("place", Number(Fraction(place)), "count"),
            Figure("score", Number(Fraction(score)), "ratio"),
        ]
        return Report("team", [Line("u", "Asha", figures)])

    asked = asking.ask(world.workspace, "team", PERIOD)
    maker = Maker(asked, lambda *_: None, standing(2, 50))
    cells = maker.cells("team", standing(1, 60).lines[0], ["place", "score"])
    assert [cell.change for cell in cells] == ["", "+20 %"]
