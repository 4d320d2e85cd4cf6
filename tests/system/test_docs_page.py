"""The docs page in a real browser: signs in, asks for employees, and takes nothing from elsewhere.

`SCREENSHOT=docs/docs-page.png bin/sunshine test --system -k docs_page` makes the README's picture.
"""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sunshine.database.embedded import Server
from tests.api import Api
from tests.conftest import PASSWORD
from tests.system.chromium import Page, page
from tests.system.machine import free_port, listens, until
from tests.system.test_browser import server

SIGN_IN = f"""(() => {{
  const form = document.getElementById('sign-in');
  form.elements.username.value = 'admin';
  form.elements.password.value = {json.dumps(PASSWORD)};
  form.requestSubmit();
}})()"""
GET = "document.getElementById('operations-employees-getEmployees')"
WRONG = {"username": "admin", "password": "wrong"}
EXECUTE = f"{GET}.querySelector('.execute')"
PARTS_OF_NGINX = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")  # each writes to a folder
ANSWER = f"{GET}.querySelector('.live-responses-table')"


@contextlib.contextmanager
def prefixed(folder: Path, port: int) -> Iterator[str]:
    """The URL below which nginx has the server, beside whatever else is at that name."""
    front = free_port()
    paths = "".join(f"{kind}_temp_path {kind};" for kind in PARTS_OF_NGINX)
    (folder / "nginx.conf").write_text(
        f"pid nginx.pid; events {{}} http {{ {paths} access_log off;"
        f" server {{ listen 127.0.0.1:{front};"
        f" location /sunshine/ {{ proxy_pass http://127.0.0.1:{port}/; }} }} }}"
    )
    command = ["nginx", "-p", str(folder), "-c", "nginx.conf", "-e", "nginx-error.log"]
    process = subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    try:
        until(lambda: listens(front))
        yield f"http://127.0.0.1:{front}/sunshine"
    finally:
        process.terminate()
        process.wait(10)


async def see_employees(browser: Page, here: str) -> None:
    """Sign in, open `GET /api/employees`, try it, and see what came."""
    await browser.call("Page.navigate", url=f"{here}/api/docs")
    await browser.until("document.querySelectorAll('.opblock-tag').length > 10")
    await browser.run(SIGN_IN)
    said = "document.querySelector('#sign-in output').textContent"
    assert await browser.until(said) == "Admin Person (admin) is signed in"
    await browser.run("document.querySelector('[data-tag=employees]').click()")
    await browser.until(GET)
    await browser.run(f"{GET}.querySelector('.opblock-summary-control').click()")
    await browser.until(EXECUTE)
    await browser.run(f"{EXECUTE}.click()")
    await browser.until(f"{ANSWER}?.textContent.includes('employee@example.com')")
    status = f"{ANSWER}.querySelector('tr.response .response-col_status').textContent"
    assert "200" in await browser.run(status)


def check_what_was_asked(browser: Page, here: str) -> None:
    """Nothing went wrong, and nothing came from anywhere else."""
    assert browser.errors == []
    assert [url for url in browser.asked if not url.startswith((f"{here}/", "data:"))] == []
    assert f"{here}/api/employees?page=1" in browser.asked


@pytest.mark.gen_test(timeout=400)
async def test_somebody_signs_in_and_sees_employees(
    api: Api, postgres: Server, tmp_path: Path
) -> None:
    with server(tmp_path, postgres, CORS_ORIGINS="https://office.example.com") as process:
        here = f"http://127.0.0.1:{process.port}"
        async with page(tmp_path / "profile") as browser:
            await see_employees(browser, here)
            await browser.run(f"{GET}.querySelector('.responses-wrapper').scrollIntoView()")
            await browser.run("window.scrollBy(0, -120)")
            await browser.picture(Path(os.environ.get("SCREENSHOT", tmp_path / "docs-page.png")))
        check_what_was_asked(browser, here)


@pytest.mark.gen_test(timeout=400)
async def test_it_works_below_a_prefix(api: Api, postgres: Server, tmp_path: Path) -> None:
    with server(tmp_path, postgres) as process, prefixed(tmp_path, process.port) as here:
        async with page(tmp_path / "profile") as browser:
            await see_employees(browser, here)
        check_what_was_asked(browser, here)


@pytest.mark.gen_test(timeout=400)
async def test_a_wrong_password_is_told(api: Api, postgres: Server, tmp_path: Path) -> None:
    with server(tmp_path, postgres) as process:
        async with page(tmp_path / "profile") as browser:
            url = f"http://127.0.0.1:{process.port}/api/docs/"
            await browser.call("Page.navigate", url=url)
            await browser.until("document.querySelectorAll('.opblock-tag').length > 10")
            await browser.run(SIGN_IN.replace(PASSWORD, "wrong"))
            told = await browser.until("document.querySelector('output.refused')?.textContent")
            assert told == (await api.post("/api/auth/login", WRONG)).json["message"]
