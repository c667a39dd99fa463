"""What every answer carries, on every route; and who may ask from elsewhere."""

import asyncio

import pytest
from django.conf import settings as configured
from django.test import Client, override_settings

from flexoraa import asgi, checks, edge
from flexoraa.lib.addresses import client_address, is_loopback
from flexoraa.tests.routes import ROUTES, sample_url
from teams.models import User
from teams.streams import Streams

pytestmark = pytest.mark.django_db
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.fixture
def browser():
    """Platform staff's, which shows answers to crashes as they are sent."""
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    return client


def assert_headers(response, path):
    for name, value in ALWAYS.items():
        assert response.headers.get(name) == value, (path, name)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy or "default-src 'self'" in policy, path
    assert "frame-ancestors 'none'" in policy, path
    is_admin = path.startswith(configured.ADMIN_PREFIX)
    assert ("unsafe-eval" in policy) <= is_admin, path
    assert "script-src 'unsafe-inline'" not in policy


def test_every_route_answers_with_the_headers(browser):
    for route in ROUTES:
        url = sample_url(route)
        for client in (Client(raise_request_exception=False), browser):
            for method in ("get", "options"):
                response = getattr(client, method)(url)
                response.close()
                assert_headers(response, url)


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/api/nothing", "/admin/nothing", "/webhooks/nothing", "/static/none"],
)
def test_what_is_not_there_has_them_too(path, browser):
    response = browser.get(path)
    assert response.status_code in (302, 404)
    assert_headers(response, path)


def test_a_crash_has_them_and_says_nothing(browser, monkeypatch, settings):
    def crash(request):
        raise RuntimeError("secret-canary")

    monkeypatch.setattr("flexoraa.health.is_migrated", crash)
    response = browser.get("/readyz")
    assert response.status_code == 500
    assert_headers(response, "/readyz")
    for word in (b"secret-canary", b"Traceback", b"health.py", b"site-packages"):
        assert word not in response.content


@pytest.mark.parametrize("path", ["/nothing", "/admin/nothing", "/api/nothing"])
def test_pages_that_are_not_there_name_no_route(path, browser):
    shown = browser.get(path, follow=True).content
    for word in (b"urlpatterns", b"flexoraa.urls", b"URLconf", b"DEBUG"):
        assert word not in shown


def test_answers_over_tls_say_that_it_stays_so(settings):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    client = Client(raise_request_exception=False)
    for path in ("/livez", "/webhooks/whatsapp", "/nothing"):
        response = client.get(path, secure=True)
        assert "max-age=31536000" in response.headers["Strict-Transport-Security"]
        assert "Strict-Transport-Security" not in client.get(path).headers


ORIGIN = "https://app.example.com"


@pytest.mark.parametrize("origin", [ORIGIN, "null", "*", "https://evil.example"])
def test_other_origins_are_not_answered_by_default(origin, browser):
    for method in ("get", "options"):
        response = getattr(browser, method)(
            "/api/me",
            headers={"Origin": origin, "Access-Control-Request-Method": "GET"},
        )
        assert not [name for name in response.headers if "Access-Control" in name]


@override_settings(CORS_ORIGINS=[ORIGIN])
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "*",
        "",
        "http://app.example.com",
        "https://app.example.com.evil.example",
        "https://app.example.com:8443",
        "https://APP.example.com/",
    ],
)
def test_an_origin_is_compared_to_the_letter(origin):
    response = Client().get("/api/me", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in response.headers
    assert "Origin" in response.headers["Vary"]


@override_settings(CORS_ORIGINS=[ORIGIN])
def test_a_named_origin_may_ask_the_api_and_nothing_else(browser):
    answer = browser.get("/api/me", headers={"Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    question = Client().options(
        "/api/me", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    )
    assert question.status_code == 204
    assert "PATCH" in question.headers["Access-Control-Allow-Methods"]
    assert "idempotency-key" in question.headers["Access-Control-Allow-Headers"]
    page = browser.get("/admin/", headers={"Origin": ORIGIN})
    assert "Access-Control-Allow-Origin" not in page.headers


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (0, "6.6.6.6", "10.0.0.9"),
        (1, "6.6.6.6", "6.6.6.6"),
        (1, "1.1.1.1, 6.6.6.6", "6.6.6.6"),
        (2, "1.1.1.1, 6.6.6.6, 7.7.7.7", "6.6.6.6"),
        (2, "6.6.6.6", "10.0.0.9"),
        (1, "not an address", "10.0.0.9"),
        (1, "", "10.0.0.9"),
        (1, "::ffff:6.6.6.6", "6.6.6.6"),
    ],
)
def test_only_our_own_proxies_are_believed(hops, forwarded, address, rf, settings):
    settings.TRUSTED_PROXY_HOPS = hops
    request = rf.get("/", REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == address


def test_a_request_past_a_proxy_is_not_from_this_machine(rf):
    assert is_loopback(rf.get("/", REMOTE_ADDR="127.0.0.1"))
    assert is_loopback(rf.get("/", REMOTE_ADDR="::1"))
    assert not is_loopback(rf.get("/", REMOTE_ADDR="10.0.0.9"))
    assert not is_loopback(rf.get("/", REMOTE_ADDR=""))
    assert not is_loopback(
        rf.get("/", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="127.0.0.1")
    )


def test_a_header_makes_no_request_secure(settings):
    settings.SECURE_SSL_REDIRECT = True
    client = Client()
    path = "/metrics"
    assert client.get(path, HTTP_X_FORWARDED_PROTO="https").status_code == 301
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client.get(path, HTTP_X_FORWARDED_PROTO="https").status_code == 200


def test_a_view_may_say_better():
    def view(request):
        from django.http import HttpResponse

        return HttpResponse(headers={"Content-Security-Policy": "sandbox"})

    response = edge.Headers(view)(None)
    assert response.headers["Content-Security-Policy"] == "sandbox"


def test_origins_and_proxies_are_checked_at_the_start(settings):
    settings.CORS_ORIGINS = ["*", "null", "https://a.example/", "https://a.example"]
    found = [message.id for message in checks.origins_are_exact()]
    assert found == ["flexoraa.E001"] * 3 + ["flexoraa.W001"]
    settings.CSRF_TRUSTED_ORIGINS = settings.CORS_ORIGINS = ["https://a.example:8443"]
    assert checks.origins_are_exact() == []
    settings.SECURE_SSL_REDIRECT, settings.TRUSTED_PROXY_HOPS = True, 0
    assert [message.id for message in checks.redirects_end()] == ["flexoraa.W002"]
    settings.TRUSTED_PROXY_HOPS = 1
    assert checks.redirects_end() == []


def ask_events(path, *, method="GET", scheme="http", **headers) -> dict[str, str]:
    """The status and headers with which the events process answers."""
    found: dict[str, str] = {}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "scheme": scheme,
        "query_string": b"",
        "headers": [
            (name.encode(), value.encode())
            for name, value in {"host": "testserver", **headers}.items()
        ],
    }

    async def receive():
        await asyncio.sleep(1)  # then the peer goes away, also from a stream
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            found["status"] = message["status"]
            for name, value in message["headers"]:
                assert name.decode() not in found, "twice"
                found[name.decode()] = value.decode()

    async def run():
        streams = Streams()
        try:
            await edge.EventHeaders(streams)(scope, receive, send)
        finally:
            await streams.stop()

    asyncio.run(run())
    return found


@pytest.mark.django_db(transaction=True)
def test_the_events_process_answers_with_the_headers(make_member, make_workspace):
    browser = Client()
    browser.force_login(make_member(make_workspace("acme"), "sdr"))
    cookie = f"sessionid={browser.cookies['sessionid'].value}"
    stream = "/events/workspaces/acme"
    for status, told in (
        (200, ask_events(stream, cookie=cookie)),
        (401, ask_events(stream)),
        (404, ask_events("/events/workspaces/nowhere", cookie=cookie)),
        (404, ask_events("/nothing")),
        (405, ask_events(stream, method="POST", cookie=cookie)),
        (400, ask_events(stream, host="no host", cookie=cookie)),
        (200, ask_events("/livez")),
    ):
        assert told["status"] == status, told
        for name, value in ALWAYS.items():
            assert told[name.lower()] == value, (status, name)
        policy = told["content-security-policy"]
        assert policy == "default-src 'none'; frame-ancestors 'none'"
        assert "strict-transport-security" not in told


@override_settings(SECURE_HSTS_SECONDS=31_536_000, CORS_ORIGINS=[ORIGIN])
@pytest.mark.django_db(transaction=True)
def test_the_events_process_knows_tls_and_origins():
    told = ask_events("/livez", scheme="https", origin=ORIGIN)
    assert "max-age=31536000" in told["strict-transport-security"]
    assert told["access-control-allow-origin"] == ORIGIN
    for origin in ("null", "https://evil.example", f"{ORIGIN}.evil.example"):
        told = ask_events("/events/workspaces/acme", origin=origin)
        assert "access-control-allow-origin" not in told


def test_the_events_process_is_served_with_them():
    assert isinstance(asgi.application, edge.EventHeaders)
    assert isinstance(asgi.application.application, Streams)
