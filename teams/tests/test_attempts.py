"""Guessing passwords is stopped, and its victim is not locked out (T30, T34)."""

import statistics
import time

import pytest
from django.contrib.auth import hashers
from django.core.cache import cache
from django.test import Client

from flexoraa.lib.tests.races import at_once
from teams.attempts import ACCOUNT, ADDRESS, PAIR
from teams.models import Counter, Mail, User
from teams.tests.people import PASSWORD, ask, link_in, log_in, mails, verified

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(workspace, make_member):
    return verified(make_member(workspace))


@pytest.fixture(autouse=True)
def _nothing_is_counted_yet(db) -> None:
    """The cache's table is no model's, so nobody empties it between tests."""
    cache.clear()


def wrong(client, email="owner@acme.example", **extra) -> str:
    """A wrong password; the code of the refusal."""
    response = client.post(
        "/_allauth/browser/v1/auth/login",
        {"email": email, "password": "wrong"},
        content_type="application/json",
        **extra,
    )
    if response.status_code == 429:  # by the door's own limit, for an address
        return "rate_limited"
    assert response.status_code == 400
    return response.json()["errors"][0]["code"]


def evaluated(answers) -> int:
    return list(answers).count("email_password_mismatch")


def test_an_account_is_tried_a_few_times_from_one_address(user):
    assert evaluated(wrong(Client()) for _ in range(20)) == PAIR.tries
    assert log_in(Client(), user.email).status_code == 400


def test_an_address_tries_a_few_accounts(user):
    answers = (wrong(Client(), f"{n}@example.com") for n in range(20))
    assert evaluated(answers) == ADDRESS.tries


def test_many_addresses_get_no_more_of_one_account(user):
    answers = (wrong(Client(), REMOTE_ADDR=f"10.0.0.{n}") for n in range(40))
    assert evaluated(answers) == ACCOUNT.tries


def test_the_owner_comes_in_while_others_guess(user):
    known = Client()
    assert log_in(known, user.email).status_code == 200
    ask(known, "auth/session", method="delete")
    for number in range(40):
        wrong(Client(), REMOTE_ADDR=f"10.0.0.{number}")
    assert log_in(Client(), user.email).status_code == 400
    assert log_in(known, user.email).status_code == 200


def test_a_known_browser_is_no_way_to_guess_either(user):
    known = Client()
    log_in(known, user.email)
    ask(known, "auth/session", method="delete")
    assert evaluated(wrong(known) for _ in range(20)) == 10
    # nor does it help with somebody else's account
    answers = [wrong(known, "other@acme.example") for _ in range(20)]
    assert evaluated(answers) == PAIR.tries


def test_a_password_that_is_reset_lets_the_owner_in_again(user):
    for number in range(40):
        wrong(Client(), REMOTE_ADDR=f"10.0.0.{number}")
    ask(Client(), "auth/password/request", {"email": user.email})
    key = link_in(mails()[-1], "reset").rstrip("/").rsplit("/", 1)[1]
    body = {"key": key, "password": "correct horse battery"}
    ask(Client(), "auth/password/reset", body)
    assert log_in(Client(), user.email, "correct horse battery").status_code == 200


def test_right_passwords_count_for_nothing(user):
    for _ in range(12):
        assert log_in(Client(), user.email).status_code == 200


def test_counters_hold_no_address(user):
    wrong(Client())
    keys = " ".join(Counter.objects.values_list("key", flat=True))
    assert "acme" not in keys
    assert "127.0.0.1" not in keys


def test_made_up_addresses_are_not_believed(user):
    answers = (
        wrong(Client(), headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(20)
    )
    assert evaluated(answers) == PAIR.tries


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_hundred_at_once_get_no_more(user):
    answers = []
    for _ in range(8):
        assert not at_once(25, lambda _: answers.append(wrong(Client())))
    assert len(answers) == 200
    assert evaluated(answers) <= 10


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_control_with_a_counter_that_looks_first_more_get_through(user, monkeypatch):
    def naive(self, key, within, amount=1):
        found = self.filter(key=key).first()
        count = found.count if found else 0
        time.sleep(0.05)
        row = self.model(key=key, count=count + amount, ends_at="2100-01-01T00:00Z")
        if not self.filter(key=key).update(count=count + amount):
            self.bulk_create([row], ignore_conflicts=True)
        return count + amount

    monkeypatch.setattr(type(Counter.objects), "hit", naive)
    monkeypatch.setattr(type(Counter.objects), "take_back", lambda self, key: None)
    answers = []
    assert not at_once(25, lambda _: answers.append(wrong(Client())))
    assert evaluated(answers) > 10


@pytest.fixture
def _slow_passwords(settings):
    """As slow as in production, or nothing would be seen."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    hashers.get_hashers.cache_clear()


@pytest.mark.slow
@pytest.mark.usefixtures("_slow_passwords")
def test_known_and_unknown_addresses_are_answered_alike(user, monkeypatch):
    monkeypatch.setattr(hashers.PBKDF2PasswordHasher, "iterations", 150_000)
    user.set_password(PASSWORD)
    user.save()
    new = {"password": "correct horse battery", "name": "A", "company": ""}
    doors = {
        "auth/login": lambda email: {"email": email, "password": "wrong"},
        "auth/password/request": lambda email: {"email": email},
        "auth/signup": lambda email: {"email": email, **new},
    }
    for path, body in doors.items():
        times: dict[bool, list[float]] = {True: [], False: []}
        for n in range(9):  # in turns, so that a noisy neighbour hurts both
            known, its_time = timed(path, body(user.email))
            new_one, other_time = timed(path, body(f"nobody{n}@acme.example"))
            times[True].append(its_time)
            times[False].append(other_time)
            assert known.status_code == new_one.status_code
            assert known.json() == new_one.json(), path
        its, other = (statistics.median(times[who]) for who in (True, False))
        assert abs(its - other) < 0.02 + 0.15 * max(its, other), path


def timed(path, body):
    """The answer, and how many seconds it took."""
    Counter.objects.all().delete()
    cache.clear()
    started = time.perf_counter()
    answer = ask(Client(), path, body)
    return answer, time.perf_counter() - started


def test_both_are_sent_one_mail(user):
    for email in (user.email, "nobody@acme.example"):
        ask(Client(), "auth/password/request", {"email": email})
    assert Mail.objects.count() == 2
    assert User.objects.count() == 1
