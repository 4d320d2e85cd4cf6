"""`sunshine users`: accounts from the command line."""

import json

import pytest

PASSWORD = "correct horse 9"


@pytest.fixture
def anna(sunshine):
    """An admin, the first user there is."""
    arguments = ("users", "create", "anna", "--name", "Anna A", "--role", "admin")
    done = sunshine(*arguments, "--password-stdin", stdin=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def bob(sunshine, anna):
    """An employee without an employee record."""
    arguments = ("users", "create", "bob", "--name", "Bob B", "--role", "employee")
    assert sunshine(*arguments, "--password-stdin", stdin=PASSWORD).returncode == 0


def listed(sunshine, *arguments):
    return {
        row["username"]: row
        for row in json.loads(sunshine("users", "list", "--json", *arguments).stdout)
    }


def events(sunshine):
    return [row["type"] for row in json.loads(sunshine("events", "list", "--json").stdout)]


def test_it_creates(sunshine, anna):
    assert anna.stdout == ""
    assert "Created user anna (admin)" in anna.stderr
    row = listed(sunshine)["anna"]
    assert (row["name"], row["role"], row["active"]) == ("Anna A", "admin", True)
    assert events(sunshine) == ["user_created"]


def test_it_creates_with_everything(sunshine, anna):
    arguments = (
        "users",
        "create",
        "carl",
        "--name",
        "Carl",
        "--role",
        "hr",
        "--email",
        "c@d.example",
    )
    more = ("--inactive", "--grant", "tickets:agent", "--password-stdin", "--json")
    made = json.loads(sunshine(*arguments, *more, stdin=PASSWORD).stdout)
    assert made == listed(sunshine, "--inactive")["carl"]
    assert (made["email"], made["active"], made["permissions"]) == (
        "c@d.example", False, ["tickets:agent"],
    )  # fmt: skip


def test_no_output_ever_holds_a_hash_or_a_password(sunshine, anna):
    shown = [sunshine("users", "list", "--json"), sunshine("events", "list", "--json"), anna]
    for done in shown:
        for secret in ("$2b$", PASSWORD, "passwordHash"):
            assert secret not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("stdin", "words"),
    [
        ("short", "at least 10 characters"),
        ("password123", "too easy to guess"),
        ("anna-2026!!", "your own name"),
        ("x" * 73, "at most 72 bytes"),
        ("", "nothing on stdin"),
        ("\n", "nothing on stdin"),
    ],
)
def test_it_refuses_a_bad_password(sunshine, stdin, words):
    arguments = ("users", "create", "anna", "--name", "A", "--role", "admin", "--password-stdin")
    done = sunshine(*arguments, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_it_names_the_option_where_it_cannot_ask(sunshine):
    done = sunshine("users", "create", "anna", "--name", "A", "--role", "admin")
    assert done.returncode == 2
    assert "--password-stdin" in done.stderr


def test_it_asks_on_a_terminal_and_does_not_echo(sunshine, in_terminal):
    arguments = ("users", "create", "anna", "--name", "Anna A", "--role", "admin")
    code, screen = in_terminal(*arguments, answers=[PASSWORD, PASSWORD])
    assert code == 0, screen
    assert PASSWORD not in screen
    assert "anna" in listed(sunshine)


def test_a_taken_name_is_one_line(sunshine, anna):
    arguments = ("users", "create", "ANNA", "--name", "A", "--role", "hr", "--password-stdin")
    done = sunshine(*arguments, stdin=PASSWORD)
    assert (done.returncode, done.stderr) == (1, "Error: This username is taken\n")
    assert events(sunshine) == ["user_created"]


@pytest.mark.parametrize(
    "command",
    [("disable",), ("enable",), ("role", "hr"), ("grant", "fleet:read"), ("revoke", "fleet:read"),
     ("set-password", "--password-stdin")],
)  # fmt: skip
def test_an_unknown_user_is_not_found(sunshine, anna, command):
    name, *more = command
    done = sunshine("users", name, "nobody", *more, stdin=PASSWORD)
    assert (done.returncode, done.stderr) == (3, "Error: there is no user nobody\n")
    assert events(sunshine) == ["user_created"]


def test_data_goes_to_stdout_and_talk_to_stderr(process):
    arguments = ("users", "create", "anna", "--name", "Anna A", "--role", "admin")
    done = process(*arguments, "--password-stdin", stdin=PASSWORD)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "Created user anna (admin).\n"
    done = process("users", "list", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["username"] for row in json.loads(done.stdout)] == ["anna"]


def test_it_disables_and_enables(sunshine, bob):
    assert sunshine("users", "disable", "BOB").returncode == 0
    assert listed(sunshine)["bob"]["active"] is False
    assert list(listed(sunshine, "--active")) == ["anna"]
    assert sunshine("users", "enable", "bob").returncode == 0
    assert listed(sunshine)["bob"]["active"] is True
    assert events(sunshine) == ["user_created", "user_created", "user_updated", "user_updated"]


def test_the_last_admin_stays(sunshine, bob):
    for command in (("disable", "anna"), ("role", "anna", "hr")):
        done = sunshine("users", *command)
        assert (done.returncode, done.stderr) == (1, "Error: The last active admin must stay one\n")
    assert sunshine("users", "role", "bob", "admin").returncode == 0
    assert sunshine("users", "role", "anna", "hr").returncode == 0
    assert list(listed(sunshine, "--role", "hr")) == ["anna"]


def test_it_grants_and_revokes(sunshine, bob):
    granted = sunshine("users", "grant", "bob", "tickets:agent", "fleet:read")
    assert granted.stderr == "bob is granted: fleet:read, tickets:agent.\n"
    assert sunshine("users", "revoke", "bob", "fleet:read").returncode == 0
    assert listed(sunshine)["bob"]["permissions"] == ["tickets:agent"]


def test_what_a_role_brings_cannot_be_granted(sunshine, bob):
    done = sunshine("users", "grant", "bob", "users:write")
    assert done.returncode == 2
    assert "users:write" in done.stderr
    assert listed(sunshine)["bob"]["permissions"] == []


def test_it_sets_a_password(sunshine, bob):
    done = sunshine("users", "set-password", "bob", "--password-stdin", stdin="another word 7\n")
    assert done.returncode == 0
    assert events(sunshine)[-1] == "user_password_changed"


def test_a_list_has_a_line_per_user_in_a_pipe(sunshine, bob):
    lines = [line.split("\t") for line in sunshine("users", "list").stdout.splitlines()]
    assert lines[0][:5] == ["id", "username", "name", "email", "role"]
    assert [line[1] for line in lines[1:]] == ["anna", "bob"]


def test_a_list_is_a_table_on_a_terminal(in_terminal, anna):
    code, screen = in_terminal("users", "list")
    assert code == 0
    assert "\t" not in screen
    assert "anna" in screen
    assert "\x1b[1m" in screen


def test_a_password_may_have_to_be_changed(sunshine, anna):
    arguments = ("users", "create", "carl", "--name", "Carl", "--role", "hr", "--must-change")
    assert sunshine(*arguments, "--password-stdin", stdin=PASSWORD).returncode == 0
    assert listed(sunshine)["carl"]["mustChangePassword"] is True
    assert "mustChangePassword" not in listed(sunshine)["anna"]
    reset = ("users", "set-password", "anna", "--must-change", "--password-stdin")
    assert sunshine(*reset, stdin="another horse 9").returncode == 0
    assert listed(sunshine)["anna"]["mustChangePassword"] is True


def test_a_new_password_is_not_ones_own_name(sunshine, anna):
    arguments = ("users", "set-password", "ANNA", "--password-stdin")
    done = sunshine(*arguments, stdin="anna-2026-anna")
    assert (done.returncode, done.stdout) == (2, "")
    assert "your own name" in done.stderr
    company = sunshine(*arguments, stdin="acme-2026!!!", BASE_DOMAIN="https://api.acme.example")
    assert "company's name" in company.stderr
    assert events(sunshine) == ["user_created"]


@pytest.fixture
def eve(sql):
    """An employee without an account; the id."""
    return sql("INSERT INTO employee (name) VALUES ('Eve E') RETURNING id").fetchone()[0]


def test_it_links_an_account_with_an_employee(sunshine, anna, eve):
    done = sunshine("users", "link", "ANNA", str(eve))
    assert (done.returncode, done.stdout) == (0, "")
    assert f"anna is linked to employee {eve}, Eve E." in done.stderr
    assert listed(sunshine)["anna"]["employeeId"] == eve
    done = sunshine("users", "link", "anna", "--none")
    assert (done.returncode, done.stderr) == (0, "anna is linked to no employee.\n")
    assert listed(sunshine)["anna"]["employeeId"] is None
    assert events(sunshine) == ["user_created", "user_updated", "user_updated"]


def test_a_link_that_cannot_be_says_why(sunshine, anna, bob, eve):
    assert sunshine("users", "link", "bob", str(eve)).returncode == 0
    for arguments, code, words in [
        (("nobody", str(eve)), 3, "there is no user nobody"),
        (("anna", "2147483647"), 3, "there is no employee 2147483647"),
        (("anna", "99999999999999999999"), 3, "there is no employee 99999999999999999999"),
        (("anna", str(eve)), 1, "This employee has a user already"),
        (("anna",), 2, "name an EMPLOYEE_ID, or --none"),
        (("anna", str(eve), "--none"), 2, "name an EMPLOYEE_ID, or --none"),
        (("anna", "eve"), 2, "not a valid integer"),
    ]:
        done = sunshine("users", "link", *arguments)
        assert (done.returncode, done.stdout) == (code, ""), arguments
        assert words in done.stderr
    assert listed(sunshine)["anna"]["employeeId"] is None


def test_a_name_of_before_is_harmless_on_a_terminal(sunshine, in_terminal, anna, sql):
    """Stored when such characters were still taken."""
    sql("UPDATE users SET name = 'x' || chr(27) || ']0;owned' || chr(7) || chr(155) || chr(8238)")
    code, screen = in_terminal("users", "list")
    assert code == 0
    assert "\\x1b]0;owned\\x07\\x9b\\u202e" in screen
    for done in (sunshine("users", "list"), sunshine("users", "list", "--json")):
        assert not any(char in done.stdout for char in "\x1b\x07\x9b\u202e")
    refused = sunshine("users", "enable", "\x1b[31mnobody")
    assert (refused.returncode, refused.stderr) == (3, "Error: there is no user \\x1b[31mnobody\n")


def test_it_unlocks_by_either_name(sunshine, anna, sql):
    for name in ("ANNA", "anna@example.com"):
        sql("UPDATE users SET email = 'anna@example.com', unlocked_at = NULL")
        done = sunshine("users", "unlock", name)
        assert done.returncode == 0, done.stderr
        assert "anna may try again" in done.stderr
        assert sql("SELECT unlocked_at IS NOT NULL FROM users").fetchall() == [(True,)]
    assert events(sunshine).count("user_unlocked") == 2
    done = sunshine("users", "unlock", "nobody")
    assert (done.returncode, done.stderr) == (3, "Error: there is no user nobody\n")


def test_a_new_password_lifts_a_lock(sunshine, anna, sql):
    done = sunshine("users", "set-password", "anna", "--password-stdin", stdin="brand new words 7")
    assert done.returncode == 0, done.stderr
    assert sql("SELECT unlocked_at IS NOT NULL FROM users").fetchall() == [(True,)]
