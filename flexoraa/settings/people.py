"""Who may come in, how they sign in, and how they get mail."""

from django.urls import reverse_lazy

from flexoraa.settings.place import BASE_DIR, DEBUG, SANDBOX, env

# People
AUTH_USER_MODEL = "teams.User"
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
LOGOUT_REDIRECT_URL = LOGIN_URL
AUTHENTICATION_BACKENDS = ["teams.accounts.Backend"]
SESSION_ENGINE = "teams.sessions"
SIGN_UP_OPEN = env.bool("SIGN_UP_OPEN", default=True)  # else by invitation alone
# Whoever opens the back office must have a second factor
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", default=not SANDBOX)
# Exports, API keys and roles ask who it is when that was shown longer ago; 0: never
STEP_UP_MINUTES = env.int("STEP_UP_MINUTES", default=15)
INVITATIONS_A_DAY = env.int("INVITATIONS_A_DAY", default=200)  # for each workspace
INVITATION_PAGE = reverse_lazy("invitation")
# Where links in mails lead: pages of ours, or of an application in front of us
FRONTEND_URL = env.str("FRONTEND_URL", default="").rstrip("/")

# Sign-in by django-allauth (teams/accounts.py has what differs from its defaults)
ACCOUNT_ADAPTER = "teams.accounts.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "teams.accounts.SignupForm"
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 2
ACCOUNT_CHANGE_EMAIL = True
# wrong passwords are counted by teams/attempts.py; this is for floods of any requests
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip"}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if DEBUG else "https"
HEADLESS_CLIENTS = ("browser",)
HEADLESS_FRONTEND_URLS = {
    name: f"{FRONTEND_URL}/account/{path}"
    for name, path in {
        "account_confirm_email": "verify-email/{key}",
        "account_reset_password": "password/reset",
        "account_reset_password_from_key": "password/reset/{key}",
        "account_signup": "signup",
    }.items()
    if FRONTEND_URL
}
MFA_ADAPTER = "teams.accounts.MfaAdapter"
MFA_TOTP_ISSUER = "Flexoraa"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Mail: any provider that anymail knows, else what EMAIL_URL says (smtp+tls://…,
# filemail:///folder, consolemail://)
ANYMAIL = {
    name.removeprefix("ANYMAIL_"): value
    for name, value in env.ENVIRON.items()
    if name.startswith("ANYMAIL_")
}
MAIL_PROVIDER = env.str("MAIL_PROVIDER", default="")
vars().update(
    env.email_url(
        "EMAIL_URL",
        default=f"filemail:///{BASE_DIR}/.local/mail" if SANDBOX else "consolemail://",
    )
)
if MAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{MAIL_PROVIDER}.EmailBackend"
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="Flexoraa <flexoraa@localhost>")
