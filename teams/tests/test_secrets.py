"""Secrets at rest are sealed or hashed, and rotated while the product serves (T38)."""

import io
import threading

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from cryptography.fernet import Fernet
from django.core import signing
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client

from flexoraa.lib import crypto
from teams import mailing
from teams.models import ApiKey, AuditEvent, Mail
from teams.tests.people import with_second_factor

pytestmark = pytest.mark.django_db
OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture(autouse=True)
def _old_key(settings):
    settings.FIELD_KEYS = [OLD]


def rotate(*arguments) -> str:
    said = io.StringIO()
    call_command("rotate_field_keys", *arguments, stdout=said, stderr=said)
    return said.getvalue()


@pytest.fixture
def owner(workspace, make_member):
    return make_member(workspace)


def words(mail_id: int) -> str:
    return Mail.objects.get(pk=mail_id).text.reveal()


def test_all_that_is_sealed_moves_to_the_first_key(owner, settings):
    secret = with_second_factor(owner)
    codes = RecoveryCodes.activate(owner).get_unused_codes()
    mail = mailing.post("a@example.com", "Hello", "secret words", "<p>x</p>")
    settings.FIELD_KEYS = [NEW, OLD]
    with pytest.raises(CommandError, match="4 values need an older key"):
        rotate("--check")
    assert "mfa_authenticator.data: 2 sealed anew, 0 already so" in rotate()
    assert "teams_mail.text: 0 sealed anew, 1 already so" in rotate()
    settings.FIELD_KEYS = [NEW]
    assert "opens everything" in rotate("--check")
    assert words(mail.pk) == "secret words"
    stored = dict(Authenticator.objects.values_list("type", "data"))
    assert crypto.decrypt(stored["totp"]["secret"]) == secret
    row = Authenticator.objects.get(type="recovery_codes")
    assert RecoveryCodes(row).get_unused_codes() == codes


def test_a_wrong_key_opens_nothing_and_says_so(settings):
    mail = mailing.post("a@example.com", "Hello", "secret words", "<p>x</p>")
    settings.FIELD_KEYS = [OTHER]
    with pytest.raises(crypto.Undecryptable):
        words(mail.pk)
    with pytest.raises(CommandError, match="2 values are lost"):
        rotate()
    settings.FIELD_KEYS = [OLD]
    assert words(mail.pk) == "secret words"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_while_it_runs_everything_is_read_and_written(settings):
    """Readers and a writer all the while; nothing fails, nothing written is lost."""
    for number in range(200):
        mailing.post("a@example.com", "Hello", f"words {number}", "<p>x</p>")
    ids = list(Mail.objects.order_by("id").values_list("pk", flat=True))
    settings.FIELD_KEYS = [NEW, OLD]
    failures, done = [], threading.Event()
    reads = []

    def read() -> None:
        while not done.is_set():
            for number, pk in enumerate(ids):
                if words(pk) not in (f"words {number}", f"changed {number}"):
                    failures.append(pk)
            reads.append(len(ids))

    def write() -> None:
        for number, pk in enumerate(ids[::2]):
            Mail.objects.filter(pk=pk).update(text=f"changed {number * 2}")

    def guard(work) -> None:
        try:
            work()
        except Exception as error:  # whatever it is
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guard, args=[w]) for w in (read, read, write)]
    for thread in threads:
        thread.start()
    rotate()
    threads[2].join()
    rotate()
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sum(reads) >= len(ids)
    settings.FIELD_KEYS = [NEW]
    changed = [words(pk).split()[0] for pk in ids]
    assert changed == ["changed", "words"] * 100


def test_no_secret_is_in_the_tables(client, owner, account):
    """What a dump would hold: every table as text."""
    client.force_login(owner)
    made = client.post(
        "/api/workspaces/acme/admin/api-keys",
        {"name": "Shop", "role": "sdr"},
        content_type="application/json",
    )
    secrets = {
        "API key": made.json()["key"],
        "channel token": "EAAG-secret-token",
        "seed": with_second_factor(owner),
        "password": "a-long-password",
    }
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for name, secret in secrets.items():
                rows = f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s'
                cursor.execute(rows, [f"%{secret}%"])
                assert cursor.fetchone()[0] == 0, (table, name)


def test_an_older_signing_key_is_believed_until_it_goes(client, owner, settings):
    client.force_login(owner)
    signed = signing.dumps("x")
    old, settings.SECRET_KEY = settings.SECRET_KEY, "a new one"
    settings.SECRET_KEY_FALLBACKS = [old]
    assert client.get("/api/me").status_code == 200
    assert signing.loads(signed) == "x"
    settings.SECRET_KEY_FALLBACKS = []
    again = Client()
    again.cookies = client.cookies
    with pytest.raises(signing.BadSignature):
        signing.loads(signed)


@pytest.mark.parametrize("name", ["FIELD_KEYS", "SECRET_KEY", "META_VERIFY_TOKEN"])
def test_a_new_secret_comes_with_what_to_do(name, settings):
    out, steps = io.StringIO(), io.StringIO()
    call_command("new_secret", name, stdout=out, stderr=steps)
    assert out.getvalue().startswith(f"{name}=")
    assert "restart" in steps.getvalue()
    if name == "FIELD_KEYS":
        keys = out.getvalue().strip().split("=", 1)[1].split(",")
        assert keys[0] == OLD
        Fernet(keys[1])


@pytest.mark.parametrize(
    "which", [{"workspace": "acme"}, {"made_by": "owner@acme.example"}, {"all": True}]
)
def test_keys_are_revoked_by_a_command(which, workspace, owner):
    _, text = ApiKey.objects.make(
        workspace=workspace, made_by=owner, name="Shop", role="sdr"
    )
    machine = Client(headers={"Authorization": f"Bearer {text}"})
    assert machine.get("/api/me").status_code == 200
    call_command("revoke_api_keys", **which, stdout=io.StringIO())
    assert machine.get("/api/me").status_code == 401
    event = AuditEvent.objects.get(subject="api key", action="delete")
    assert event.door == "command"


def test_to_revoke_nothing_in_particular_is_refused():
    with pytest.raises(CommandError, match="Say which"):
        call_command("revoke_api_keys")
