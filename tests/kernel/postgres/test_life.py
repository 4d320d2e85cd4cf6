"""The embedded server's life and deaths: sunshine/database/embedded.py,
sunshine/database/cluster.py."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from sunshine.database import cluster, embedded
from sunshine.database.embedded import PostgresError, running, start
from tests.kernel.postgres.factories import FAST, ROOT, alive, ask, ends, postmaster, tell


def test_it_starts_and_leaves_no_process_behind(home):
    with running(home, options=FAST) as server:
        pid = postmaster(server)
        assert server.user == "sunshine"
        assert server.notices == ()
        assert ask(server, "SELECT current_user") == "sunshine"
        assert ask(server, "SELECT current_user", user="postgres") == "postgres"
        assert alive(pid)
    assert ends(pid)
    assert not list(Path(server.host).glob(".s.PGSQL*"))
    server.stop()  # does nothing, twice as well
    server.stop()


def test_a_second_start_is_quick_finds_the_data_and_puts_a_long_log_aside(home):
    before = time.monotonic()
    with running(home, options=FAST) as server:
        first = time.monotonic() - before
        tell(server, "CREATE TABLE kept AS SELECT 7 AS n")
        log = server.directory / "log"
    with log.open("r+b") as file:
        file.truncate(embedded.LOG_MAX + 1)
    before = time.monotonic()
    with running(home, options=FAST) as server:
        assert time.monotonic() - before < first / 2
        assert ask(server, "SELECT n FROM kept", user="postgres") == 7
    assert log.stat().st_size < 100_000
    assert log.with_name("log.1").stat().st_size > embedded.LOG_MAX


def test_the_role_may_make_databases_and_is_no_superuser(server):
    query = "SELECT (rolcreatedb, rolcanlogin, rolsuper, rolcreaterole)::text FROM pg_roles"
    assert ask(server, f"{query} WHERE rolname = 'sunshine'") == "(t,t,f,f)"


def test_the_cluster_is_utf8_in_utc_with_checksums(server):
    wanted = {
        "TimeZone": "UTC",
        "log_timezone": "UTC",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "max_connections": "300",
        "fsync": "off",
    }
    found = {name: ask(server, f"SELECT current_setting('{name}')") for name in wanted}
    assert found == wanted
    provider = (
        "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'template1'"
    )
    assert ask(server, provider) == "bC.UTF-8"


def test_trigrams_know_letters_beyond_ascii(server):
    tell(server, "CREATE EXTENSION pg_trgm")
    assert ask(server, "SELECT similarity('Žižek', 'žižek')") == 1
    assert ask(server, "SELECT similarity('Žižek', 'Xixek')") < 0.5


def test_it_listens_on_no_tcp_port_and_trusts_nobody(server):
    assert ask(server, "SELECT current_setting('listen_addresses')") == ""
    rules = "SELECT string_agg(type || ' ' || auth_method, ',') FROM pg_hba_file_rules"
    assert ask(server, rules, user="postgres") == "local peer"
    assert Path(server.host).stat().st_mode & 0o777 == 0o700


def test_ctrl_c_in_the_terminal_does_not_reach_it(server):
    assert os.getsid(postmaster(server)) != os.getsid(0)
    assert os.getpgid(postmaster(server)) != os.getpgid(0)


@pytest.mark.usefixtures("made")
def test_the_last_of_two_users_stops_it(home, other_process):
    with running(home, options=FAST) as server:
        pid = postmaster(server)
        other = other_process(home)
        assert other.stdout.readline().strip() == server.host
        assert postmaster(server) == pid
    assert alive(pid)
    other.communicate()
    assert other.returncode == 0
    assert ends(pid)


@pytest.mark.usefixtures("made")
def test_two_users_in_one_process_count_as_two(home):
    with running(home, options=FAST) as first:
        with running(home, options=FAST) as second:
            assert postmaster(second) == postmaster(first)
        assert ask(first, "SELECT 1") == 1


def test_two_first_starts_at_once_share_one_server(home, other_process):
    both = [other_process(home), other_process(home)]
    hosts = {process.stdout.readline() for process in both}
    assert len(hosts) == 1
    assert hosts != {""}
    for process in both:
        process.communicate()
        assert process.returncode == 0


@pytest.mark.usefixtures("made")
def test_it_recovers_after_kill_9_of_the_postmaster(home):
    first = start(home, options=FAST)
    tell(first, "CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(postmaster(first), signal.SIGKILL)
    with running(home, options=FAST) as second:
        assert ask(second, "SELECT n FROM kept", user="postgres") == 7
        first.stop()
        assert ask(second, "SELECT 1") == 1


@pytest.mark.usefixtures("made")
def test_stop_is_content_with_a_server_that_was_killed(home):
    server = start(home, options=FAST)
    os.kill(postmaster(server), signal.SIGKILL)
    server.stop()


def test_it_adopts_the_server_of_a_process_killed_by_9(home, other_process):
    other = other_process(home)
    assert other.stdout.readline()
    pid = int((home / "data/postmaster.pid").read_text().split()[0])
    other.kill()
    other.wait()
    with running(home, options=FAST) as server:
        assert postmaster(server) == pid
        assert ask(server, "SELECT 1") == 1
    assert ends(pid)


def test_it_recovers_after_kill_9_in_the_middle_of_initdb(home, other_process):
    other = other_process(home)
    deadline = time.monotonic() + 10
    while not list(home.glob("data.part-*/global")) and time.monotonic() < deadline:
        time.sleep(0.001)
    other.kill()
    other.wait()
    assert not (home / "data").exists()
    with running(home, options=FAST) as server:
        assert ask(server, "SELECT 1") == 1


def test_a_half_made_cluster_is_thrown_away(home):
    half_made = home / "data.part-x"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    for folder in (home.parent, home):
        folder.chmod(0o755)
    with running(home, options=FAST):
        assert not list(home.glob("data.part-*"))


@pytest.mark.usefixtures("made")
def test_a_pid_file_left_by_a_crash_does_not_stop_it(home):
    """Its number now belongs to a stranger who runs as the same user."""
    with running(home, options=FAST) as server:
        owner = (server.directory / "data").stat().st_uid
    stranger = subprocess.Popen(["sleep", "60"], user=owner if ROOT else None)
    pid_file = server.directory / "data/postmaster.pid"
    try:
        for left in ("", "{pid}\n", "{pid}\n/somewhere\n1\n5432\n/s\n*\n1 1\nready\n"):
            pid_file.write_text(left.format(pid=stranger.pid))
            pid_file.chmod(0o600)
            os.chown(pid_file, owner, -1)
            with running(home, options=FAST) as server:
                assert postmaster(server) != stranger.pid
                assert ask(server, "SELECT 1") == 1
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("name", ['it\'s a "$HOME" `x` 東京', "one,two"])
def test_it_lives_in_a_folder_of_any_name(home, name):
    with running(home / name, options=FAST) as server:
        assert server.directory == home / name
        assert ask(server, "SELECT 1") == 1


@pytest.mark.usefixtures("made")
def test_a_long_path_has_its_socket_elsewhere_and_refuses_a_bait(home):
    long = home / ("x" * 60) / ("y" * 60)
    with running(long, options=FAST) as server:
        assert long not in Path(server.host).parents
        assert Path(server.host).stat().st_mode & 0o777 == 0o700
        with running(long) as same:
            assert same.host == server.host
            assert ask(same, "SELECT 1") == 1
    assert not Path(server.host).exists()
    bait = Path(server.host)
    bait.symlink_to("/tmp")
    try:
        with pytest.raises(PostgresError, match="not a private folder"):
            start(long, options=FAST)
    finally:
        bait.unlink()


@pytest.mark.usefixtures("made")
def test_it_says_why_a_start_failed_and_can_start_again(home):
    with pytest.raises(PostgresError, match=r"did not start.*contains errors") as caught:
        start(home, options={"shared_buffers": "plenty"})
    assert "\n" not in str(caught.value)
    with running(home, options=FAST) as server:
        assert ask(server, "SELECT 1") == 1


def test_it_says_why_a_cluster_could_not_be_made(home, monkeypatch):
    monkeypatch.setattr(embedded, "CTYPE", "xx_XX.UTF-9")
    with pytest.raises(PostgresError, match="initdb: error: invalid locale name"):
        start(home, options=FAST)
    assert not list(home.glob("data*"))


def test_a_cluster_of_another_major_version_is_refused(home):
    (home / "data").mkdir(parents=True)
    (home / "data/PG_VERSION").write_text("17\n")
    if ROOT:
        shutil.chown(home / "data", "nobody")
    with pytest.raises(PostgresError, match="was made by PostgreSQL 17 and this is 18"):
        start(home)


@pytest.mark.usefixtures("made")
def test_ctrl_c_halfway_leaves_nothing_behind(home, monkeypatch):
    launch, pids = embedded._launch, []

    def interrupted(place):
        launch(place)
        pids.append(int((place.data / "postmaster.pid").read_text().split()[0]))
        raise KeyboardInterrupt

    monkeypatch.setattr(embedded, "_launch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        start(home, options=FAST)
    assert ends(pids[0])


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PostgresError, match=r"cannot use .*file.*: Not a directory"):
        start(tmp_path / "file" / "postgres")


def test_without_the_wheel_it_says_how_to_use_a_server(home, monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(PostgresError, match="PG_SUNSHINE_HOST"):
        start(home)


def test_the_callers_postgres_variables_are_not_the_servers(home, monkeypatch):
    for name in ("PGDATA", "PGPORT", "PGOPTIONS", "LC_ALL", "LANG"):
        monkeypatch.setenv(name, "nonsense")
    server = start(home, options=FAST)
    monkeypatch.undo()
    assert ask(server, "SELECT 1") == 1
    server.stop()
