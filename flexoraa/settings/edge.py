"""The edge: TLS, proxies, headers, what browsers may load, the live stream."""

from csp.constants import NONCE, SELF

from flexoraa.settings.place import DEBUG, env

# The live stream (flexoraa.asgi): a proxy sends /events/ to its process. Without one,
# the web process sends browsers to this port of the same host.
EVENTS_PORT = env.int("EVENTS_PORT", default=0)

# The edge; TLS is ended by a proxy that sets X-Forwarded-Proto, or not at all (DEBUG)
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
# how many proxies of ours are in front; what they write is believed, with 0 nothing is
TRUSTED_PROXY_HOPS = env.int("TRUSTED_PROXY_HOPS", default=0)
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_HOPS else None
)
CORS_ORIGINS = env.list("CORS_ORIGINS", default=[])  # none: no other origin may ask
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # none: from this machine alone
SECURE_HSTS_SECONDS = 0 if DEBUG else env.int("SECURE_HSTS_SECONDS", default=31536000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    # what the admin needs beyond this it gets alone (flexoraa.edge.Policies)
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF, *([f"*:{EVENTS_PORT}"] if EVENTS_PORT else [])],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
        "base-uri": [SELF],
        "form-action": [SELF],
    }
}
