"""`make fuzz`: schemathesis against a running server, on a database of its own.

Over every operation of the schema: no answer of 5xx, none that the schema does not
know. Fails when there is one; prints how many requests were made. Two of its checks are
left out: that whatever the schema allows is accepted (a random id is no row, and a
workspace has rules of its own), and that whatever it forbids is refused (a number where
a text is asked for is taken as a text).
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import places

TOKEN = "t" * 32  # a CSRF token: cookie and header have to agree, no more
SLUG = "fuzzed"
LEAVING = r"/admin/(leave|users/\{user\}.*)$"
# nobody is there: what would go out to Meta fails at once
ELSEWHERE = dict.fromkeys(("GRAPH_URL", "INSTAGRAM_GRAPH_URL"), "http://127.0.0.1:9")
SETTINGS = {
    "SECURE_SSL_REDIRECT": "false",
    "EMAIL_URL": "dummymail://",
    "SECRET_KEY": "development",  # this process's, which signed the session
    "LOG_LEVEL": "ERROR",
    "STEP_UP_MINUTES": "0",  # the session was made without a password
}


def main() -> None:
    """Run it; exits with 1 when something was found."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=5_000)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--include", default="", help="a regular expression of paths")
    options = parser.parse_args()
    with places.database(), payments() as their_settings:
        session = sign_in()
        places.PRODUCTION.update(SETTINGS | ELSEWHERE | their_settings)
        with places.server("flexoraa.wsgi:application") as port:
            sys.exit(both(port, session, options))


@contextmanager
def payments() -> Iterator[dict[str, str]]:
    """The stand-in for Razorpay, and the settings that lead to it: without keys every
    payment is refused with a 503."""
    from flexoraa.sandbox import razorpay

    with razorpay.serve() as stand_in:
        yield {
            "RAZORPAY_URL": stand_in.url,
            "RAZORPAY_KEY_ID": razorpay.KEY_ID,
            "RAZORPAY_KEY_SECRET": razorpay.KEY_SECRET,
            "RAZORPAY_WEBHOOK_SECRETS": razorpay.WEBHOOK_SECRET,
        }


def sign_in() -> str:
    """The session of an owner, in a workspace with a row of everything."""
    from django.conf import settings
    from django.test import Client

    from flexoraa.tests.rows import Rows
    from teams.models import Membership, User, Workspace

    workspace = Workspace.objects.create(name="Fuzzed", slug=SLUG)
    Rows(workspace, "Fuzzed").fill()
    owner = User.objects.create_user("fuzz@example.com", "x")
    Membership.objects.create(workspace=workspace, user=owner, role="owner")
    client = Client()
    client.force_login(owner)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def both(port: int, session: str, options: argparse.Namespace) -> int:
    """What may cost the asker their place comes last: all after it would be refused."""
    if options.include:
        return run(port, session, options, "--include-path-regex", options.include)
    whole = options.seconds
    options.seconds = whole * 9 // 10
    code = run(port, session, options, "--exclude-path-regex", LEAVING)
    options.seconds = whole // 10
    return code or run(port, session, options, "--include-path-regex", LEAVING)


def run(port: int, session: str, options: argparse.Namespace, *which: str) -> int:
    """schemathesis' own exit code, after its report."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "schemathesis.toml"
        config.write_text(f'[parameters]\n"path.workspace" = "{SLUG}"\n')
        command = [
            *(
                str(Path(sys.executable).parent / "schemathesis"),
                "--config-file",
                config,
            ),
            *("run", f"http://127.0.0.1:{port}/api/schema", "--no-color"),
            *("--checks", "all", "--continue-on-failure", "--workers", "2"),
            *("--exclude-checks", "positive_data_acceptance,negative_data_rejection"),
            *("--max-time", options.seconds, "--seed", options.seed),
            *("--max-examples", max(1, options.requests // 50)),
            *("--header", f"Cookie: sessionid={session}; csrftoken={TOKEN}"),
            *("--header", f"X-CSRFToken: {TOKEN}"),
        ]
        command += which
        return subprocess.run([str(part) for part in command]).returncode


if __name__ == "__main__":
    main()
