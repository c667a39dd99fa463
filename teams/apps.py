"""Users, workspaces and who may do what in them."""

from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "teams"
    verbose_name = "Teams"

    def ready(self) -> None:
        from allauth.mfa import signals as mfa
        from anymail import signals as anymail

        from teams import checks  # noqa: F401  (registers them)
        from teams.accounts import end_other_sessions
        from teams.back_office import checks as admins  # noqa: F401  (the same)
        from teams.mailing import note_report

        for factor_changed in (
            mfa.authenticator_added,
            mfa.authenticator_removed,
            mfa.authenticator_reset,
        ):
            factor_changed.connect(end_other_sessions, dispatch_uid="teams")
        anymail.tracking.connect(
            lambda event, **kwargs: note_report(
                event.message_id, event.event_type, event.reject_reason or ""
            ),
            dispatch_uid="teams",
            weak=False,
        )
