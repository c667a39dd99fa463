"""Files of leads: read, checked, imported, undone."""

import io

import openpyxl
import pytest

from flexoraa.lib import spreadsheets
from leads import bulk, importing
from leads.exporting import lines_of
from leads.models import BulkChange, CustomField, ImportJob, ImportRow, Lead, Note
from leads.tests.world import make_campaign, make_lead, make_leads, stage

pytestmark = pytest.mark.django_db


def csv_of(*rows: str) -> bytes:
    return "\n".join(rows).encode()


@pytest.fixture
def load(workspace, make_member):
    """load(b"…", on_duplicate="update") -> the job, imported."""
    owner = make_member(workspace)

    def load(content: bytes, dry_run=False, mapping=None, **options) -> ImportJob:
        job = importing.upload(
            workspace=workspace, by=owner, filename="leads.csv", content=content
        )
        importing.start(job, mapping=mapping, dry_run=dry_run, **options)
        return finish(job)

    return load


def finish(job: ImportJob) -> ImportJob:
    while importing.drain() or bulk.drain():
        pass
    job.refresh_from_db()
    return job


def test_each_kind_of_column_is_guessed_and_understood(workspace, load):
    CustomField.objects.create(workspace=workspace, key="plan", label="Plan type")
    campaign = make_campaign(workspace, "diwali")
    job = load(
        csv_of(
            "Full Name,Mobile,E-Mail,Company,Stage,Assigned to,Campaign,Source,"
            "Value,Tags,Consent,CRM id,Plan type,Unknown",
            "आशा राव,098765 43210,Asha@Example.com,Saffron,contacted,"
            "owner@acme.example,Diwali,fair,"
            '"₹1,499.50","vip; new",yes,A-1,gold,whatever',
        )
    )
    assert (job.state, job.outcomes, job.error) == ("imported", {"new": 1}, "")
    assert job.content is None
    assert job.mapping[-2:] == ["custom.plan", ""]
    lead = Lead.objects.get()
    assert (lead.name, lead.phone) == ("आशा राव", "+919876543210")
    assert (lead.email, lead.company) == ("asha@example.com", "Saffron")
    assert (lead.stage.name, lead.owner.name) == ("Contacted", "Owner")
    assert (lead.campaign, lead.source) == (campaign, "fair")
    assert (lead.value_paise, lead.tags) == (149_950, ["vip", "new"])
    assert (lead.consent, lead.external_id) == ("granted", "A-1")
    assert lead.custom == {"plan": "gold"}
    assert lead.stage_intervals.get().bulk == job.operation


def test_errors_are_said_by_row_and_the_others_go_on(load):
    job = load(
        csv_of(
            "name,phone,email,value,stage",
            "Asha,12,,,",
            "Meena,9876543210,nobody,,",
            ",,,5,",
            "Ravi,,,much,Nowhere",
            "Zoë,,,7,",
        )
    )
    assert job.outcomes == {"error": 4, "new": 1}
    said = {row.number: row.errors for row in job.lines.filter(outcome="error")}
    assert "12: This is not a phone number." in said[2]
    assert said[3] == ["nobody is no e-mail address."]
    assert said[4] == ["The row has no name, phone, e-mail address or company."]
    assert said[5] == [
        "much is no amount, such as 1,499.50.",
        "There is no open or won stage called Nowhere.",
    ]
    assert Lead.objects.get().name == "Zoë"


FILE = csv_of(
    "name,phone,email,external id,source,tags",
    "By id,,,A-1,web,new",
    "By phone,98765 00002,,,web,",
    "By mail,,three@example.com,,web,",
    "New,98765 00009,,,web,",
    "Again,+919876500009,,,web,",
)


@pytest.fixture
def known(workspace):
    return {
        "id": make_lead(workspace, name="One", external_id="A-1", tags=["old"]),
        "phone": make_lead(workspace, name="", phone="+919876500002", source="fair"),
        "mail": make_lead(workspace, name="Three", email="three@example.com"),
    }


def names() -> list[str]:
    return list(Lead.objects.live().order_by("id").values_list("name", flat=True))


def test_what_is_there_already_is_left(known, load):
    job = load(FILE, on_duplicate="skip")
    assert job.outcomes == {"skip": 3, "new": 1, "repeat": 1}
    assert names() == ["One", "", "Three", "New"]


def test_what_is_there_already_is_overwritten(known, load):
    job = load(FILE, on_duplicate="update")
    assert job.outcomes == {"update": 3, "new": 1, "repeat": 1}
    assert names() == ["By id", "By phone", "By mail", "New"]
    known["id"].refresh_from_db()
    assert known["id"].tags == ["old", "new"]
    known["phone"].refresh_from_db()
    assert known["phone"].source == "web"


def test_what_is_there_already_is_filled_in(known, load):
    load(FILE, on_duplicate="merge")
    assert names() == ["One", "By phone", "Three", "New"]
    known["phone"].refresh_from_db()
    assert known["phone"].source == "fair"


def test_an_import_is_undone_but_what_was_worked_on_since(workspace, known, load):
    before = list(Lead.objects.order_by("id").values("name", "tags", "source"))
    job = load(FILE, on_duplicate="update")
    more = load(csv_of("name", "Worked on", "Untouched"))
    Lead.objects.filter(name="Worked on").update(source="call")
    bulk.undo(job.operation, by=None)
    bulk.undo(more.operation, by=None)
    finish(job)
    rows = list(Lead.objects.live().order_by("id").values("name", "tags", "source"))
    assert rows[:3] == before
    assert [row["name"] for row in rows[3:]] == ["Worked on"]
    more.operation.refresh_from_db()
    assert (more.operation.undone, more.operation.kept) == (1, 1)
    kept = BulkChange.objects.get(operation=more.operation, state="kept")
    assert kept.conflicts == ["edited"]


def test_a_dry_run_says_what_would_become_of_each_row(workspace, known, load):
    job = load(FILE, dry_run=True, on_duplicate="update")
    assert (job.state, job.outcomes["update"]) == ("checked", 3)
    assert Lead.objects.count() == 3
    make_lead(workspace, phone="+919876500009")  # came meanwhile
    importing.start(job, dry_run=False)
    job = finish(job)
    assert (job.state, job.outcomes["update"]) == ("imported", 4)
    assert Lead.objects.count() == 4


def test_slices_can_be_stopped(workspace, load, monkeypatch):
    monkeypatch.setattr(importing, "SLICE", 3)
    job = load(csv_of("name", *map(str, range(10))), dry_run=True)
    importing.start(job, dry_run=False)
    importing.drain()
    job.refresh_from_db()
    assert (Lead.objects.count(), job.percent) == (3, 40)
    importing.cancel(job)
    assert finish(job).state == "cancelled"
    assert Lead.objects.count() == 3
    with pytest.raises(importing.Conflict, match="too late"):
        importing.cancel(job)
    job.operation.refresh_from_db()
    bulk.undo(job.operation, by=None)
    finish(job)
    assert not Lead.objects.live().exists()


def test_the_plan_s_limit_stops_an_import_before_it_begins(workspace, load):
    workspace.limits = {"leads": 1}
    workspace.save()
    job = load(csv_of("name", "A", "B"))
    assert job.state == "failed"
    assert "allows 1 leads" in job.error
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no rows"),
        (b"name", "no rows"),
        (b"\x89PNG\x00\x00" + b"\x00" * 50, "neither"),
        (b"PK\x03\x04nonsense", "XLSX"),
        (b",".join([b"x"] * 101) + b"\n1", "more than 100 columns"),
        (b"x" * 26 * 1024 * 1024, "25 MB"),
    ],
)
def test_what_is_no_table_is_refused(content, said, workspace, load):
    with pytest.raises(importing.Unfit, match=said):
        load(content)


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (["name"], "each column"),
        (["name", "wrong"], "each column"),
        (["name", "name"], "the same field"),
        (["source", ""], "Say which column"),
    ],
)
def test_what_cannot_be_mapped_is_refused(mapping, said, load):
    with pytest.raises(importing.Unfit, match=said):
        load(csv_of("a,b", "1,2"), mapping=mapping)


def test_excel_files_are_read_too(workspace, load):
    book = openpyxl.Workbook()
    book.active.append(["Name", "Mobile", "Value"])
    book.active.append(["Zoë", 9876543210, 1499.5])
    book.active.append([None, None, None])
    book.active.append(["=1+1", None, 7])
    file = io.BytesIO()
    book.save(file)
    job = load(file.getvalue())
    assert job.outcomes == {"new": 1, "error": 1}  # a formula is not its value
    lead = Lead.objects.get()
    assert (lead.phone, lead.value_paise) == ("+919876543210", 149_950)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_what_spreadsheets_write_is_read(encoding, load):
    name = "Müller" if encoding == "cp1252" else "ஆஷா Müller"
    load(f"name;phone\n{name};9876543210\n".encode(encoding))
    assert Lead.objects.get().name == name


HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "'=1",
    "'",
    "''x",
    'a"b',
    "a,b",
]


def test_hostile_leads_leave_as_text_and_come_back_as_they_were(workspace, load):
    """T41."""
    for name in HOSTILE:
        make_lead(workspace, name=name.strip() or name, company=name.strip() or name)
    wanted = list(Lead.objects.order_by("id").values_list("name", flat=True))
    file = b"".join(
        spreadsheets.csv_lines(lines_of(workspace, Lead.objects.order_by("id")))
    )
    rows = list(spreadsheets.read(file))
    raw = file.decode("utf-8-sig")
    for name in ("=1+1", "+1", "-1", "@SUM(A1)"):
        assert f",'{name}," in raw
        assert f",{name}," not in raw
    assert [row[1] for row in rows[1:]] == wanted
    Note.objects.all().delete()
    ImportRow.objects.all().delete()
    for lead in Lead.objects.all():
        lead.archive()
    job = load(
        file, mapping=["", "name", "", "", "company", *[""] * (len(rows[0]) - 5)]
    )
    assert job.outcomes == {"new": len(HOSTILE)}
    assert names() == wanted


def test_a_thousand_rows_and_a_crash_between_slices(workspace, load, monkeypatch):
    """What a dead worker had not committed is done again, and nothing twice."""
    monkeypatch.setattr(importing, "SLICE", 100)
    rows = [f"Person {n},98{n:08d}" for n in range(500)]
    job = load(csv_of("name,phone", *rows), dry_run=True)
    importing.start(job, dry_run=False)
    write, died = importing.matching.write, []

    def crash(*args):
        done = write(*args)
        if len(died) < 3:
            died.append(done)
            raise RuntimeError("killed")
        return done

    monkeypatch.setattr(importing.matching, "write", crash)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            importing.drain()
        assert Lead.objects.count() == 0
    finish(job)
    assert Lead.objects.count() == 500
    assert stage(workspace).leads.count() == 500
    assert len(make_leads(workspace, 1)) == 1
