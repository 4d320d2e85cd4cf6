"""`sunshine demo`: a made-up company."""

import json
from collections import Counter

from sunshine.commands import demo_people


def test_the_same_seed_makes_the_same_people():
    assert demo_people.company(7) == demo_people.company(7)
    assert demo_people.company(7) != demo_people.company(8)


def test_the_company_is_as_promised():
    people = demo_people.company(1)
    assert len(people) == 200
    assert len({person.email for person in people}) == len({p.code for p in people}) == 200
    assert len({person.department for person in people}) == 5
    places = {person.code: place for place, person in enumerate(people)}
    assert [p for p in people if p.manager is None] == people[:1]
    assert all(places[p.manager or ""] < places[p.code] for p in people[1:])
    reports = Counter(person.manager for person in people[1:])
    assert max(reports.values()) <= 12
    assert {role for role, _ in demo_people.users(people).values()} == {
        "admin", "hr", "manager", "employee",
    }  # fmt: skip
    by_name = demo_people.users(people)
    assert by_name["demo-employee"][1].manager == by_name["demo-manager"][1].code


def test_it_fills_an_empty_database(sunshine, process):
    done = process("demo", "--json")
    assert done.returncode == 0, done.stderr
    users = json.loads(done.stdout)
    assert [user["role"] for user in users] == ["admin", "hr", "manager", "employee"]
    assert len({user["password"] for user in users}) == 1
    assert users[0]["password"] not in done.stderr
    counts = process(
        "db", "shell", "-At", "-c",
        "SELECT (SELECT count(*) FROM employee), (SELECT count(*) FROM department),"
        " (SELECT count(*) FROM employee_shift), (SELECT count(*) FROM placement),"
        " (SELECT count(*) FROM event WHERE type = 'employee_created')",
    )  # fmt: skip
    assert counts.stdout.strip() == "200|5|200|200|200"
    told = process("db", "shell", "cms", "-At", "-c", "SELECT count(*) FROM event")
    assert told.stdout.strip() == "12"
    partners = json.loads(sunshine("mitra", "list", "--json").stdout)
    assert len(partners) == 3
    for partner in partners:
        documents = sunshine("mitra", "documents", partner["name"], "--json")
        assert len(json.loads(documents.stdout)) == 1
    again = sunshine("demo")
    assert (again.returncode, again.stdout) == (2, "")
    assert "--yes" in again.stderr


def test_a_second_company_of_the_same_names_is_refused_whole(sunshine, process):
    sunshine("demo")
    done = sunshine("demo", "--yes", "--seed", "2")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    count = process("db", "shell", "-At", "-c", "SELECT count(*) FROM employee")
    assert count.stdout.strip() == "200"


def test_it_shows_the_users_on_a_terminal(in_terminal):
    code, screen = in_terminal("demo")
    assert code == 0, screen
    assert "demo-admin" in screen
