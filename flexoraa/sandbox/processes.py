"""The product's own processes, started and watched over by one that runs in front."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

WEB = (
    "-m granian --interface wsgi --workers 2 --blocking-threads 4 --host {host} "
    "--port {port} --workers-kill-timeout 5s --log-level warning "
    "flexoraa.wsgi:application"
)
EVENTS = (
    "-m granian --interface asgi --workers 1 --backpressure 8000 --host {host} "
    "--port {port} --workers-kill-timeout 5s --log-level warning "
    "flexoraa.asgi:application"
)
WORKER = "manage.py run_worker"
GRAPH = (
    "manage.py run_sandbox --host {host} --port {port} --webhooks {webhooks} "
    "--razorpay {razorpay}"
)
PATIENCE = 10.0  # seconds that a process has to stop by itself


class Processes:
    """Children by name; a dead one is started again."""

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        self._root = root
        self._say = say
        self._commands: dict[str, list[str]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, arguments: str) -> None:
        """Start a child of this Python, in the project's folder."""
        self._commands[name] = [sys.executable, *arguments.split()]
        self._spawn(name)

    def revive(self) -> None:
        """Start again what died since the last look."""
        for name, process in list(self._running.items()):
            if process.poll() is not None:
                self._say(f"The {name} process ended ({process.returncode}): again.")
                self._spawn(name)

    def stop(self) -> None:
        """Ask all to stop, wait, and end those that do not."""
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        until = time.monotonic() + PATIENCE
        for process in self._running.values():
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                # with its children, which would keep their ports and sessions
                os.killpg(process.pid, signal.SIGKILL)
        self._running.clear()

    def _spawn(self, name: str) -> None:
        # Sessions of their own: Ctrl-C reaches only the one in front, which then
        # stops them in order.
        self._running[name] = subprocess.Popen(  # noqa: S603 (our own commands)
            self._commands[name],
            cwd=self._root,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )


def free_port(host: str, wanted: int = 0) -> int:
    """This port or the next one that nobody listens on; without one, any, which others
    who ask at the same time do not get."""
    if not wanted:
        with socket.socket() as probe:
            probe.bind((host, 0))
            return int(probe.getsockname()[1])
    for port in range(wanted, wanted + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise OSError(f"ports {wanted} to {wanted + 99} are all taken")
