"""Secrets are sealed in the database and dots everywhere else."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from flexoraa.lib import crypto
from inbox.models import ChannelAccount


def test_the_column_never_holds_the_plain_text(account):
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM inbox_channelaccount")
        (sealed,) = cursor.fetchone()
    assert "EAAG" not in sealed
    assert crypto.decrypt(sealed) == "EAAG-secret-token"


def test_a_secret_prints_as_dots(account):
    token = ChannelAccount.objects.get().token
    assert token.reveal() == "EAAG-secret-token"
    shown = f"{token} {token!r} {token!s} %s {[token]}" % token
    assert "EAAG" not in shown
    assert token == crypto.Secret("EAAG-secret-token")
    assert len({token, crypto.Secret("EAAG-secret-token")}) == 1


def test_saving_a_row_again_keeps_its_secret(account):
    again = ChannelAccount.objects.get()
    again.save()
    assert ChannelAccount.objects.get().token.reveal() == "EAAG-secret-token"


def test_an_empty_secret_is_empty(make_account):
    make_account(token="")
    token = ChannelAccount.objects.get().token
    assert not token
    assert (str(token), token.reveal()) == ("", "")


def test_old_keys_still_open_after_rotation(settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_KEYS = [old]
    sealed = crypto.encrypt("token")
    settings.FIELD_KEYS = [new, old]
    assert crypto.decrypt(sealed) == "token"
    settings.FIELD_KEYS = [new]
    with pytest.raises(crypto.Undecryptable):
        crypto.decrypt(sealed)


def test_without_keys_the_message_says_how_to_make_one(settings):
    settings.FIELD_KEYS = [""]
    with pytest.raises(ImproperlyConfigured, match="generate_key"):
        crypto.encrypt("token")
