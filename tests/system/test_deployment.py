"""Every shell line of docs/deployment.md is run, on a machine of its own: this one's files below a
layer that takes all changes, its own processes and its own network (`unshare`, overlayfs; root).

What cannot be is in `NOT_HERE`. systemd is not there either: systemctl.sh does its part.
Where nobody may have namespaces, as in most containers, that one test is skipped.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages import ROOT, blocks, text
from tests.system.machine import until

PAGE = "docs/deployment.md"
NOT_HERE = {
    "apt-get update": "what it would install is what .ci/run installed",
    "apt-get install": "what it would install is what .ci/run installed",
    "docker compose": "needs Docker's daemon",
    "systemctl status": "needs systemd",
    "systemctl list-timers": "needs systemd",
    "journalctl": "needs the journal",
    "certbot": "needs a name that the internet knows",
}
# In the order that the guide tells to go in; the sections of a title in theirs.
ORDER = (
    "By hand", "Database setup", "Environment variables", "A certificate of your own",
    "Reverse proxy setup", "systemd", "Running in production", "Let's Encrypt", "Restart",
    "Monitoring", "Post-deployment verification", "Backup strategy", "Upgrade",
    "Rollback procedures", "supervisord", "Docker",
)  # fmt: skip
# What a reader replaces or types.
FILLED = {
    "<repository-url>": "/srv/sunshine.git",
    "<version>": "v2",
    "<version before>": "v1",
    "<backup>": "$(ls /var/backups/sunshine | tail -1)",
    "--role admin'": "--role admin --password-stdin' <<<'correct horse battery'",
}
SECTION = re.compile(r"^#+ (.+)\n((?:(?!^#+ ).*\n)*)", re.M)
# Lines that need the package registry: nothing else reaches beyond the machine.
OUTSIDE = ("By hand", "supervisord")


def sections() -> dict[str, list[str]]:
    """The shell lines of each section, block by block."""
    found = {}
    for title, body in SECTION.findall(text(PAGE)):
        if shell := re.findall(r"^```sh[a-z ]*\n(.*?)^```$", body, re.M | re.S):
            found[title] = shell
    return found


def statements(block: str) -> list[str]:
    """A block's commands; one may go over several lines."""
    joined, here = [], ""
    for line in block.splitlines(keepends=True):
        here += line
        marker = re.search(r"<<([A-Z]+)$", here, re.M)
        if not line.endswith("\\\n") and (not marker or line == f"{marker[1]}\n"):
            joined.append(here)
            here = ""
    assert not here, block
    return joined


def is_run(statement: str) -> bool:
    return not statement.startswith(tuple(NOT_HERE))


OWN = ("--mount", "--pid", "--net", "--ipc", "--fork")


class Machine:
    """A machine whose disk forgets everything."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        script = f"""
            mount --make-rprivate /
            mount -t tmpfs tmpfs '{folder}'
            mkdir '{folder}'/upper '{folder}'/work '{self.root}'
            mount -t overlay overlay '{self.root}' \
                -o 'lowerdir=/,upperdir={folder}/upper,workdir={folder}/work'
            mount --rbind /dev '{self.root}/dev'
            mount -t proc proc '{self.root}/proc'
            mount -t tmpfs tmpfs '{self.root}/run'
            ip link set lo up
            echo
            exec bash -c 'sleep infinity & wait'  # which buries the dead
        """
        self._holder = subprocess.Popen(
            ["unshare", *OWN, "--kill-child", "sh", "-euc", script], stdout=subprocess.PIPE
        )
        assert self._holder.stdout
        with self._holder.stdout as ready:
            assert ready.readline() == b"\n"
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children")
        self._inside = children.read_text().split()[0]

    def type(self, script: str, *, outside: bool = False) -> str:
        """What a shell of root says to these lines; the first that fails ends it."""
        kinds = ["--mount", "--pid", "--ipc", *([] if outside else ["--net"])]
        with tempfile.TemporaryFile("w+") as said:  # not a pipe: servers would hold it open
            done = subprocess.run(
                ["nsenter", "--target", self._inside, *kinds, "chroot", self.root,
                 "bash", "-euo", "pipefail", "-c", script],
                env=ENVIRONMENT if outside else ENVIRONMENT | TRUSTING,
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=400, check=False,
            )  # fmt: skip
            said.seek(0)
            told = said.read()
        assert done.returncode == 0, f"{script}\n{told[-5000:]}"
        return told

    def stop(self) -> None:
        """Everything on it ends with its first process."""
        self._holder.kill()
        self._holder.wait()


ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
}
# The certificate that signs itself; pip would heed it too.
TRUSTING = {"CURL_CA_BUNDLE": "/etc/letsencrypt/live/api.example.com/fullchain.pem"}
# What the packages of Debian leave behind them, and DNS.
PRELUDE = f"""
! id sunshine 2>/dev/null || userdel sunshine
rm -rf /opt/sunshine /opt/supervisor /var/lib/sunshine /var/backups/sunshine /etc/letsencrypt
rm -f /usr/local/bin/sunshine
install -m 755 '{ROOT}'/tests/system/systemctl.sh /usr/local/sbin/systemctl
mkdir -p /run/postgresql /run/nginx
chown postgres:postgres /run/postgresql
version=$(ls /usr/lib/postgresql | sort -n | tail -1)
rm -rf "/etc/postgresql/$version/main" "/var/lib/postgresql/$version/main"
pg_createcluster "$version" main --port 5432 --start
echo 127.0.0.1 api.example.com >>/etc/hosts
git clone --quiet --bare --no-hardlinks '{ROOT}' /srv/sunshine.git
cd /srv/sunshine.git
git tag --force v1 HEAD
git config user.name test && git config user.email test@example.com
git tag --force v2 $(git commit-tree -p HEAD -m later 'HEAD^{{tree}}')
"""


@pytest.fixture
def machine() -> Iterator[Machine]:
    if subprocess.run(["unshare", *OWN, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a container that may have no namespaces of its own")
    folder = Path(tempfile.mkdtemp(prefix="sunshine-deployed-"))
    made = Machine(folder)
    try:
        yield made
    finally:
        made.stop()
        until(lambda: not os.listdir(folder))
        shutil.rmtree(folder)


def test_every_section_with_shell_lines_has_its_turn() -> None:
    assert set(ORDER) == sections().keys()
    assert sum(map(len, sections().values())) == len(blocks(PAGE))


def test_what_is_not_run_is_what_the_guide_has() -> None:
    shown = [each for shell in sections().values() for block in shell for each in statements(block)]
    for name in NOT_HERE:
        assert any(each.startswith(name) for each in shown), f"{name} can go"
    assert sum(map(is_run, shown)) > 50


def test_every_command_of_the_guide_works(machine: Machine) -> None:
    machine.type(PRELUDE)
    said = ""
    for title in ORDER:
        for block in sections().get(title, ()):
            script = "".join(filter(is_run, statements(block)))
            for shown, meant in FILLED.items():
                script = script.replace(shown, meant)
            said += machine.type(script, outside=title in OUTSIDE)
    assert '"message":"sunshine"' in said
    assert "is restored" in said
    for port in (3601, 3602):
        assert "ready" in machine.type(f"curl --fail http://127.0.0.1:{port}/readyz")
