"""Many at the same time, and the database without one of its guards."""

import threading
from collections.abc import Callable

from django.db import connection, connections


def at_once(count: int, work: Callable[[int], object]) -> list[BaseException]:
    """Run work(0), work(1), ... on threads that start together; what they raised."""
    errors: list[BaseException] = []
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait()
            work(number)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    running = [threading.Thread(target=run, args=[n]) for n in range(count)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return errors


class without:
    """A table without this unique index or constraint, for a while."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT conrelid::regclass, pg_get_constraintdef(oid) "
                "FROM pg_constraint WHERE conname = %s",
                [self.name],
            )
            if found := cursor.fetchone():
                table, definition = found
                self.drop = f"ALTER TABLE {table} DROP CONSTRAINT {self.name}"
                self.make = f"ALTER TABLE {table} ADD CONSTRAINT {self.name} "
                self.make += definition
            else:
                cursor.execute(
                    "SELECT indexdef FROM pg_indexes WHERE indexname = %s", [self.name]
                )
                (self.make,) = cursor.fetchone()
                self.drop = f"DROP INDEX {self.name}"
            cursor.execute(self.drop)

    def __exit__(self, *args: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(self.make)
