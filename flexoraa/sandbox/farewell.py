"""What the demo says when everything runs: where to look, how to log in."""

from django.conf import settings
from django.utils import timezone

from flexoraa.sandbox import events, story
from flexoraa.sandbox.workspace import PASSWORD

FAREWELL = """
  Back office    {url}/admin/
  Conversations  {url}/admin/inbox/conversation/
  Webhooks       {url}/admin/inbox/webhookdelivery/
  Phones         {graph}/phone       (write to the shop as a customer)
  API            {url}/api/docs       (sign in first, at {url}/account/login/)
  Account        {url}/account/     (workspaces, second factor, sessions)
  Mail           in files under .local/mail
  Health         {url}/readyz
  Billing        {url}/admin/payments/subscription/billing/demo/
  Razorpay       {razorpay}/       (the stand-in: move its clock, let cards fail)
  Meta's ledger  {graph}/_sandbox/ledger       (what was really sent)

  Log in as      admin@flexoraa.example   (platform staff)
            or   owner@flexoraa.example, sdr@…, member@…   (the workspace)
  Password       {password}

  Post a message yourself:
    body='{body}'
    curl -i {url}/webhooks/whatsapp -H 'Content-Type: application/json' \\
      -H "X-Hub-Signature-256: sha256=$(printf %s "$body" \\
          | openssl dgst -sha256 -hmac {secret} | sed 's/.* //')" -d "$body"
"""


def farewell(url: str, graph: str, razorpay: str) -> str:
    """For the product at `url` with the sandbox of Meta at `graph`."""
    now = timezone.now()
    body = events.text(
        story.NUMBER, story.ASHA, f"wamid.hand{now:%H%M%S}", now, "Posted by hand"
    )
    return FAREWELL.format(
        url=url,
        graph=graph,
        razorpay=razorpay,
        password=PASSWORD,
        body=body.decode(),
        secret=settings.META_APP_SECRETS[0],
    )
