"""Users, workspaces and who may do what in them."""

from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "teams"
    verbose_name = "Teams"

    def ready(self) -> None:
        from teams import checks  # noqa: F401  (registers them)
        from teams.back_office import checks as admins  # noqa: F401  (the same)
