"""A stolen dump of the database holds no secret, and a restored one needs the key: with
PostgreSQL's own pg_dump, over everything that is sealed or hashed (T38)."""

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from flexoraa.lib import crypto, sets
from inbox.models import ChannelAccount
from leads.models import AdAccount
from teams import mailing
from teams.models import ApiKey, Mail, Workspace
from teams.tests.people import with_second_factor

pytestmark = pytest.mark.django_db(transaction=True)
KEY, NEWER, OTHER = (Fernet.generate_key().decode() for _ in range(3))
RESTORED = f"restored_{os.getpid()}"
CHANNEL, ADS = "EAAG-secret-token", "EAAG-token-of-the-ads"
MARK = "Company that is in the dump"


@pytest.fixture(autouse=True)
def _one_key(settings):
    settings.FIELD_KEYS = [KEY]


@pytest.fixture
def secrets(workspace, make_member, make_account) -> dict[str, str]:
    """Everything of ours that opens something, by name, as its owner knows it."""
    Workspace.objects.update(name=MARK)
    owner, _ = make_member(workspace), make_account()
    AdAccount.objects.create(
        workspace=workspace, external_id="1234567", name="Ads", token=ADS
    )
    _, key = ApiKey.objects.make(
        workspace=workspace, made_by=owner, name="Shop", role="sdr"
    )
    client = Client()
    client.force_login(owner)
    invited = client.post(
        f"/api/workspaces/{workspace.slug}/admin/invite",
        {"email": "guest@example.com", "role": "sdr"},
        content_type="application/json",
        headers={"Idempotency-Key": "1"},
    )
    assert invited.status_code == 201
    letter = Mail.objects.get().text.reveal()
    _, _, token = letter.partition("/account/invitations/")
    mailing.post("a@example.com", "Hello", "words of a mail", "<p>html of a mail</p>")
    assert ChannelAccount.objects.get().token.reveal() == CHANNEL
    return {
        "channel token": CHANNEL,
        "token of the ads": ADS,
        "API key": key,
        "seed": with_second_factor(owner),
        "recovery code": RecoveryCodes.activate(owner).get_unused_codes()[0],
        "invitation": token.split()[0],
        "text of a mail": "words of a mail",
        "html of a mail": "html of a mail",
        "password": "a-long-password",
        "field key": KEY,
    }


def program(name: str) -> str:
    """PostgreSQL's own, of the server's version where it is this machine's."""
    (found,) = sets.fetch("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
    beside = Path(found[0]) / name
    path = str(beside) if beside.exists() else shutil.which(name)
    assert path, f"{name} is not installed: it comes with PostgreSQL's client."
    return path


def run(name: str, *arguments: str, database: str = "") -> bytes:
    made = connection.settings_dict
    login = {
        "PGHOST": made["HOST"],
        "PGPORT": str(made["PORT"]),
        "PGUSER": made["USER"],
        "PGPASSWORD": made["PASSWORD"],
        "PGDATABASE": database or made["NAME"],
    }
    done = subprocess.run(
        [program(name), *arguments],
        env=os.environ | {key: value for key, value in login.items() if value},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@contextmanager
def restored(dump: Path) -> Iterator[None]:
    """The ORM on a fresh database that was made from the dump."""
    name = connection.settings_dict["NAME"]
    sets.execute(f'CREATE DATABASE "{RESTORED}"')
    try:
        run("pg_restore", "--exit-on-error", "--dbname", RESTORED, str(dump))
        connection.close()
        connection.settings_dict["NAME"] = RESTORED
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        sets.execute(f'DROP DATABASE "{RESTORED}" WITH (FORCE)')


def forms(secret: str) -> set[bytes]:
    """How a secret may stand in a dump: plain, as bytea, in Base64."""
    plain = secret.encode()
    return {plain, plain.hex().encode(), base64.b64encode(plain).rstrip(b"=")}


def test_no_secret_is_in_a_dump_and_what_is_restored_needs_the_key(
    secrets, settings, tmp_path
):
    dump = tmp_path / "flexoraa.dump"
    run("pg_dump", "--format=custom", "--file", str(dump))
    text = run("pg_restore", "--file=-", str(dump))
    assert MARK.encode() in text
    assert text.count(b"\nCOPY ") >= 80
    found = {
        name
        for name, secret in secrets.items()
        for form in forms(secret)
        if form in text
    }
    assert found == set()
    with restored(dump):
        assert ChannelAccount.objects.get().token.reveal() == CHANNEL
        assert AdAccount.objects.get().token.reveal() == ADS
        seed = Authenticator.objects.get(type="totp").data["secret"]
        assert crypto.decrypt(seed) == secrets["seed"]
        settings.FIELD_KEYS = [OTHER]
        for model in (ChannelAccount, AdAccount, Mail):
            with pytest.raises(crypto.Undecryptable):
                model.objects.first()
        with pytest.raises(crypto.Undecryptable):
            crypto.decrypt(seed)
        with pytest.raises(CommandError, match="values are lost"):
            call_command("rotate_field_keys")
        settings.FIELD_KEYS = [NEWER, KEY]
        call_command("rotate_field_keys")
        settings.FIELD_KEYS = [NEWER]
        assert ChannelAccount.objects.get().token.reveal() == CHANNEL


def test_a_secret_that_was_stored_as_it_is_would_be_found(secrets):
    """The control: a dump of a token in a plain column has it."""
    ChannelAccount.objects.update(name=CHANNEL)
    assert CHANNEL.encode() in run("pg_dump")
