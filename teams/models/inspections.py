"""What checks of the whole database found when they last ran."""

from django.db import models


class Inspection(models.Model):
    """One check. `at` is when a worker took it up, `done_at` when it had its answer."""

    name = models.CharField(max_length=60, unique=True)
    at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    count = models.BigIntegerField(default=0)
    detail = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.name}: {self.count}"
