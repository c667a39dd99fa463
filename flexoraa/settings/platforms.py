"""The platforms that we talk to: Meta and Razorpay, and who bills whom."""

from pathlib import Path

from flexoraa.settings.place import BASE_DIR, SANDBOX, env

# Meta: any of the app secrets may have signed a webhook (rotation, second app)
META_APP_SECRETS = env.list(
    "META_APP_SECRETS", default=["sandbox-app-secret"] if SANDBOX else []
)
META_VERIFY_TOKEN = env.str(
    "META_VERIFY_TOKEN", default="sandbox-verify-token" if SANDBOX else ""
)

# Razorpay: without keys the payment routes say so; any of the webhook secrets may have
# signed (rotation: events from before a change come with the old one for a day)
RAZORPAY_KEY_ID = env.str(
    "RAZORPAY_KEY_ID", default="rzp_test_FlexoraaDemo00" if SANDBOX else ""
)
RAZORPAY_KEY_SECRET = env.str(
    "RAZORPAY_KEY_SECRET", default="sandbox-key-secret" if SANDBOX else ""
)
RAZORPAY_WEBHOOK_SECRETS = env.list(
    "RAZORPAY_WEBHOOK_SECRETS", default=["sandbox-webhook-secret"] if SANDBOX else []
)
RAZORPAY_URL = env.str(
    "RAZORPAY_URL",
    default="http://127.0.0.1:8602" if SANDBOX else "https://api.razorpay.com",
)
RAZORPAY_CHECKOUT_URL = env.str(
    "RAZORPAY_CHECKOUT_URL",
    default=f"{RAZORPAY_URL}/v1/checkout.js"
    if SANDBOX
    else "https://checkout.razorpay.com/v1/checkout.js",
)
# where the stand-in for Razorpay keeps its books
RAZORPAY_BOOK = Path(
    env.str("RAZORPAY_BOOK", default=str(BASE_DIR / ".local" / "razorpay.json"))
)
# The Graph API: where calls go, and the app that signs them (appsecret_proof)
GRAPH_URL = env.str("GRAPH_URL", default="https://graph.facebook.com")
INSTAGRAM_GRAPH_URL = env.str(
    "INSTAGRAM_GRAPH_URL", default="https://graph.instagram.com"
)
GRAPH_VERSION = env.str("GRAPH_VERSION", default="v25.0")
META_APP_ID = env.str("META_APP_ID", default="")
META_APP_SECRET = env.str("META_APP_SECRET", default="")

# Replies: how many calls run at once, and what becomes of one without an answer
SEND_SLOTS = env.int("SEND_SLOTS", default=64)
SEND_READ_SECONDS = env.float("SEND_READ_SECONDS", default=20)
SEND_UNKNOWN_SECONDS = env.float("SEND_UNKNOWN_SECONDS", default=300)
SEND_WITHIN_HOURS = env.float("SEND_WITHIN_HOURS", default=24)

# Billing: how long all works without paying, and with how much; days after a payment
# is missing until the workspace can only be read; who sends the invoices
TRIAL_DAYS = env.int("TRIAL_DAYS", default=14)
TRIAL_LIMITS = env.json("TRIAL_LIMITS", default={})
GRACE_DAYS = env.int("GRACE_DAYS", default=7)
INVOICE_PREFIX = env.str("INVOICE_PREFIX", default="FX")
CREDIT_NOTE_PREFIX = env.str("CREDIT_NOTE_PREFIX", default="CN")
SELLER = {
    "name": env.str("SELLER_NAME", default="Flexoraa Demo Pvt Ltd" if SANDBOX else ""),
    "address": env.str(
        "SELLER_ADDRESS",
        default="4 Residency Road, Bengaluru 560025" if SANDBOX else "",
    ),
    "state": env.str("SELLER_STATE", default="29" if SANDBOX else ""),
    "gstin": env.str("SELLER_GSTIN", default="29AAACF1234E1Z3" if SANDBOX else ""),
    "email": env.str("SELLER_EMAIL", default="billing@flexoraa.example"),
    "sac": env.str("SELLER_SAC", default="997331"),
    "gst_percent": env.int("GST_PERCENT", default=18),
}

# Conversations: a resolved one is opened again by a message within these days
REOPEN_WITHIN_DAYS = env.int("REOPEN_WITHIN_DAYS", default=7)
