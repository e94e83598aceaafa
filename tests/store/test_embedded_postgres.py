"""The embedded PostgreSQL against real servers: who may read it, what a kill -9 leaves, where it refuses to run."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from identity.store.embedded import EmbeddedFailed, EmbeddedPostgres, binaries, make_home, place, postmaster

pytestmark = pytest.mark.xdist_group("embedded_postgres")

FAST = {"fsync": "off"}
ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")
only_root = pytest.mark.skipif(not ROOT, reason="only root may become another account")
NewHome = Callable[..., Path]
Started = Callable[..., "subprocess.Popen[str]"]


def quiet(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def new_home() -> Iterator[NewHome]:
    """Makes data directories that other accounts can pass; what still runs in them at the end is stopped."""
    made: list[Path] = []

    def new(name: str = "data") -> Path:
        folder = Path(tempfile.mkdtemp(prefix="identity-test-"))
        folder.chmod(0o755)
        made.append(folder)
        return folder / name

    yield new
    for folder in made:
        for lock in folder.rglob("postgres.users"):
            EmbeddedPostgres(lock.parent).stop()
        for note in folder.rglob(place.NOTE):
            elsewhere = Path(note.read_text().strip())
            if elsewhere.parent == place.CLOSED_PARENT_ROOT and elsewhere.name.startswith("identity-"):
                shutil.rmtree(elsewhere, ignore_errors=True)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def used_home(new_home: NewHome) -> Path:
    """A data directory with one table of one row, whose server is stopped."""
    home = new_home()
    with running(home) as (_, url), psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (value text)")
        connection.execute("INSERT INTO kept VALUES ('acknowledged')")
    return home


@contextmanager
def running(home: Path, **arguments: Any) -> Iterator[tuple[EmbeddedPostgres, str]]:
    server = EmbeddedPostgres(home, options=FAST, **arguments)
    try:
        yield server, server.start(quiet)
    finally:
        server.stop()


@pytest.fixture
def started() -> Iterator[Started]:
    """Starts the server from another process, as another account when its ids are given."""
    with ExitStack() as stack:

        def start(home: Path, *ids: int) -> subprocess.Popen[str]:
            starter = subprocess.Popen(
                [sys.executable, "-m", "tests.store.postgres_starter", str(home), *map(str, ids)],
                cwd=Path(__file__).parents[2],  # a package of the environment may bring a `tests` too
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(starter)
            stack.callback(starter.kill)
            return starter

        yield start


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def ended(process: subprocess.Popen[str]) -> int:
    process.communicate()
    return process.returncode


def kept(url: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT value FROM kept")]


def server_processes(cluster: Path) -> list[int]:
    """The postmaster first, then its children."""
    main = postmaster.noted_process(cluster)
    assert main is not None
    found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [main, *(pid for pid in found if pid != main and postmaster.is_server_of(pid, cluster))]


def kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # the postmaster ends the rest when one of its children dies
            os.kill(pid, signal.SIGKILL)


def test_the_server_is_private_to_its_owner_and_asks_for_the_password(used_home: Path) -> None:
    with running(used_home) as (server, url):
        assert server.facts is not None
        assert server.facts.socket_dir is not None
        for folder in (server.facts.cluster_dir, server.facts.socket_dir, used_home / "postgres"):
            assert folder.stat().st_mode & 0o777 == 0o700
        assert (used_home / "postgres" / "password").stat().st_mode & 0o777 == 0o600
        assert not list(used_home.rglob("*.unfinished"))
        wrong = url.replace(url.split(":")[2].split("@")[0], "guess")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        with psycopg.connect(url) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
            assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
            assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        owner = Path(f"/proc/{server_processes(server.facts.cluster_dir)[0]}").stat().st_uid
        assert owner != 0


def test_failed_statements_leave_no_values_in_the_log(used_home: Path) -> None:
    with running(used_home) as (_, url), psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE once (value text PRIMARY KEY)")
        connection.execute("INSERT INTO once VALUES ('precious')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO once VALUES ('precious')")
        connection.execute("DROP TABLE once")
    assert "precious" not in (used_home / "postgres" / "log").read_text()


@pytest.mark.parametrize("victims", [slice(0, 1), slice(1, None), slice(None)], ids=["postmaster", "children", "all"])
def test_a_server_that_was_killed_starts_again_with_everything_it_acknowledged(used_home: Path, victims: slice) -> None:
    with running(used_home) as (server, _):
        assert server.facts is not None
        kill(server_processes(server.facts.cluster_dir)[victims])
        deadline = time.monotonic() + 10
        while True:
            try:
                assert kept(server.start(quiet)) == ["acknowledged"]
            except psycopg.OperationalError:  # the postmaster has yet to notice that its children died
                assert time.monotonic() < deadline
            else:
                break


def test_a_server_outlives_a_killed_starter_and_the_next_one_attaches(used_home: Path, started: Started) -> None:
    starter = started(used_home)
    facts = told(starter)
    before = server_processes(Path(facts["cluster_dir"]))[0]
    starter.kill()
    ended(starter)
    with running(used_home) as (_, url):
        assert kept(url) == ["acknowledged"]
        assert server_processes(Path(facts["cluster_dir"]))[0] == before


def test_everything_killed_at_once_is_up_again(used_home: Path, started: Started) -> None:
    starter = started(used_home)
    kill([starter.pid, *server_processes(Path(told(starter)["cluster_dir"]))])
    ended(starter)
    with running(used_home) as (_, url):
        assert kept(url) == ["acknowledged"]


def test_the_last_user_stops_the_server(used_home: Path) -> None:
    with running(used_home) as (first, url):
        second = EmbeddedPostgres(used_home)
        assert second.start(quiet) == url
        assert first.stop() is False
        assert kept(url) == ["acknowledged"]
        assert second.stop() is True
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)


def test_a_server_that_is_to_be_kept_runs_on(used_home: Path) -> None:
    with running(used_home, keep_running=True) as (server, url):
        assert server.stop() is False
        assert kept(url) == ["acknowledged"]
    with running(used_home) as (_, again):
        assert again == url


def test_a_stale_process_id_that_another_program_got_does_not_block_the_start(used_home: Path) -> None:
    with running(used_home) as (server, _):
        assert server.facts is not None
        cluster = server.facts.cluster_dir
        kill(server_processes(cluster))
    owner = cluster.stat()
    drop = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if ROOT else {}
    with subprocess.Popen(["sleep", "600"], **drop) as other:
        for lock in (cluster / "postmaster.pid", cluster.parent / "run" / ".s.PGSQL.5432.lock"):
            lines = lock.read_text().splitlines(keepends=True)
            lock.write_text("".join([f"{other.pid}\n", *lines[1:]]))
        with running(used_home) as (_, url):
            assert kept(url) == ["acknowledged"]
        other.kill()


def test_eight_starters_at_once_on_an_empty_directory_get_one_server(new_home: NewHome, started: Started) -> None:
    home = new_home()
    starters = [started(home) for _ in range(8)]
    answers = [told(starter) for starter in starters]
    assert {answer.get("failed") for answer in answers} == {None}
    assert len({answer["url"] for answer in answers}) == 1
    pids = set()
    for answer in answers:
        with psycopg.connect(answer["url"]) as connection:
            pids.add(str(connection.execute("SELECT pg_postmaster_start_time()").fetchone()))
    assert len(pids) == 1
    assert [ended(starter) for starter in starters] == [0] * 8
    assert postmaster.noted_process(home / "postgres" / "data") is None


def test_a_path_too_long_for_a_socket_is_served_on_the_loopback_with_the_password(
    new_home: NewHome, started: Started
) -> None:
    home = new_home("long" * 25)
    with running(home) as (server, url):
        assert server.facts is not None
        assert server.facts.socket_dir is None
        assert f"@127.0.0.1:{server.facts.port}/" in url
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(host="127.0.0.1", port=server.facts.port, user="identity", dbname="identity")
        starter = started(home)
        assert told(starter)["url"] == url
        assert ended(starter) == 0
        kill(server_processes(server.facts.cluster_dir)[:1])
        with psycopg.connect(server.start(quiet)) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize(
    ("content", "complaint"), [("99\n", "made by PostgreSQL 99"), (None, "no readable PG_VERSION")]
)
def test_a_cluster_that_is_not_for_us_is_refused_and_left_alone(
    new_home: NewHome, content: str | None, complaint: str
) -> None:
    home = new_home()
    cluster = home / "postgres" / "data"
    cluster.mkdir(parents=True)
    (cluster / "precious").write_text("data")
    (home / "postgres" / "password").write_text("secret")
    if content is not None:
        (cluster / "PG_VERSION").write_text(content)
    before = sorted(cluster.iterdir())
    with pytest.raises(EmbeddedFailed, match=complaint):
        EmbeddedPostgres(home).start(quiet)
    assert sorted(cluster.iterdir()) == before


def test_a_set_up_that_was_killed_is_begun_again(new_home: NewHome) -> None:
    home = new_home()
    unfinished = home / "postgres" / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with running(home) as (_, url), psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not unfinished.exists()


def test_a_lost_password_is_said_and_nothing_is_made_anew(used_home: Path) -> None:
    password = used_home / "postgres" / "password"
    hidden = password.rename(password.with_name("hidden"))
    try:
        with pytest.raises(EmbeddedFailed, match="password of the embedded database cannot be read"):
            EmbeddedPostgres(used_home).start(quiet)
    finally:
        hidden.rename(password)


def test_missing_programs_are_named_with_a_way_out(new_home: NewHome) -> None:
    with pytest.raises(EmbeddedFailed, match=r"Found none\. .*IDENTITY_DATABASE_URL"):
        EmbeddedPostgres(new_home(), binaries="/nonexistent").start(quiet)


def test_an_unusable_home_is_an_explained_failure(new_home: NewHome) -> None:
    home = new_home()
    home.write_text("a file where the folder belongs")
    with pytest.raises(EmbeddedFailed, match="cannot be started"):
        EmbeddedPostgres(home).start(quiet)


@only_root
def test_an_ordinary_users_database_is_run_as_that_user_also_by_root(new_home: NewHome, started: Started) -> None:
    home = new_home()
    home.mkdir()
    os.chown(home, NOBODY.pw_uid, NOBODY.pw_gid)
    home.chmod(0o700)
    starter = started(home, NOBODY.pw_uid, NOBODY.pw_gid)
    answer = told(starter)
    assert answer.get("failed") is None
    assert answer["account"] == "nobody"
    assert (home / "postgres" / "data").stat().st_uid == NOBODY.pw_uid
    with psycopg.connect(answer["url"]) as connection:
        connection.execute("CREATE TABLE kept (value text)")
    assert ended(starter) == 0
    with running(home) as (server, url):
        assert server.facts is not None
        assert server.facts.account == "nobody"
        assert kept(url) == []


@only_root
def test_a_database_made_by_root_is_refused_to_an_ordinary_user_with_an_explanation(
    used_home: Path, started: Started
) -> None:
    starter = started(used_home, NOBODY.pw_uid, NOBODY.pw_gid)
    assert "cannot be started" in told(starter)["failed"]
    assert ended(starter) == 1


@only_root
def test_a_user_without_an_account_is_told_to_bring_a_database(new_home: NewHome, started: Started) -> None:
    home = new_home()
    home.mkdir()
    os.chown(home, 61234, 61234)
    starter = started(home, 61234, 61234)
    assert "has no entry in the account database" in told(starter)["failed"]
    assert ended(starter) == 1


@only_root
def test_root_in_a_closed_folder_keeps_the_database_beside_it_and_opens_nothing(new_home: NewHome) -> None:
    home = new_home("closed") / "data"
    home.parent.mkdir(mode=0o700)
    with running(home) as (server, url), psycopg.connect(url) as connection:
        assert server.facts is not None
        connection.execute("CREATE TABLE kept (value text)")
        elsewhere = server.facts.cluster_dir.parent
    assert elsewhere.parent == place.CLOSED_PARENT_ROOT
    assert elsewhere.stat().st_mode & 0o777 == 0o700
    assert (home / place.NOTE).read_text().strip() == str(elsewhere)
    assert home.parent.stat().st_mode & 0o777 == 0o700
    with running(home) as (_, again):
        assert kept(again) == []
    hidden = elsewhere.rename(elsewhere.with_name(f"{elsewhere.name}-hidden"))
    try:
        with pytest.raises(EmbeddedFailed, match="Bring it back, or delete"):
            EmbeddedPostgres(home).start(quiet)
    finally:
        hidden.rename(elsewhere)


@only_root
def test_programs_that_the_account_cannot_run_are_copied(new_home: NewHome) -> None:
    private = new_home("private")
    private.mkdir(mode=0o700)
    original = binaries.find_binaries("", None).folder
    package = private / "site-packages" / binaries.BUNDLE
    shutil.copytree(original.parent, package / original.parent.name, symlinks=True)
    libraries = original.parent.parent.parent / f"{binaries.BUNDLE}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, private / "site-packages" / libraries.name)
    with running(new_home(), binaries=str(package / original.parent.name / "bin")) as (server, url):
        assert server.facts is not None
        assert (server.facts.cluster_dir.parent / "programs" / server.facts.version / binaries.BUNDLE).is_dir()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_machines_own_postgresql_serves_as_well(new_home: NewHome) -> None:
    own = [folder for folder in Path("/").glob("usr/lib/postgresql/*/bin") if (folder / "initdb").exists()]
    if not own:
        pytest.skip("no PostgreSQL is installed on this machine")
    with ExitStack() as stack:
        server, url = stack.enter_context(running(new_home(), binaries=str(own[0])))
        assert server.facts is not None
        assert server.facts.version.split(".")[0] == own[0].parent.name
        assert stack.enter_context(psycopg.connect(url)).execute("SELECT 1").fetchone() == (1,)


def test_of_many_that_make_the_data_directory_at_once_none_stumbles(tmp_path: Path) -> None:
    for number in range(20):
        home = tmp_path / str(number) / "data"
        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(lambda _, home=home: make_home(home), range(8))) == {home.resolve()}
