"""The made-up company of `sunshine demo`: the same seed, the same people. demo.py stores them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from random import Random
from typing import Any

DIRECTOR = "Director"
# Head, team leads and staff of each department, and how many in all; about ten for each lead.
DEPARTMENTS = {
    "Operations": (
        "Head of Operations",
        "Shift Supervisor",
        ("Courier", "Warehouse Associate", "Dispatcher"),
        89,
    ),
    "Technology": (
        "Head of Technology",
        "Engineering Lead",
        ("Software Engineer", "Test Engineer", "Product Designer"),
        40,
    ),
    "Sales": (
        "Head of Sales",
        "Account Lead",
        ("Account Manager", "Sales Representative"),
        35,
    ),
    "Finance": ("Head of Finance", "Accounting Lead", ("Accountant", "Payroll Specialist"), 20),
    "People": ("Head of People", "People Lead", ("HR Specialist", "Recruiter"), 15),
}
MONDAY_TO_FRIDAY = [1, 2, 3, 4, 5]
SHIFTS: list[dict[str, Any]] = [
    {
        "name": "Office",
        "startTime": time(9),
        "endTime": time(17),
        "graceMinutes": 10,
        "breakMinutes": 60,
        "workDays": MONDAY_TO_FRIDAY,
    },
    {
        "name": "Early",
        "startTime": time(6),
        "endTime": time(14),
        "graceMinutes": 5,
        "breakMinutes": 30,
        "workDays": [*MONDAY_TO_FRIDAY, 6],
    },
    {
        "name": "Night",
        "startTime": time(22),
        "endTime": time(6),
        "graceMinutes": 5,
        "breakMinutes": 30,
        "workDays": MONDAY_TO_FRIDAY,
    },
]
LOCATIONS: list[dict[str, Any]] = [
    {
        "name": "Head Office",
        "latitude": -6.2088,
        "longitude": 106.8456,
        "radiusMeters": 150,
        "address": "Jakarta",
        "timezone": "Asia/Jakarta",
    },
    {
        "name": "North Warehouse",
        "latitude": -6.1214,
        "longitude": 106.8830,
        "radiusMeters": 300,
        "address": "Tanjung Priok, Jakarta",
        "timezone": "Asia/Jakarta",
    },
    {
        "name": "Makassar Branch",
        "latitude": -5.1477,
        "longitude": 119.4327,
        "radiusMeters": 100,
        "address": "Makassar",
        "timezone": "Asia/Makassar",
    },
]
PARTNERS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {
            "name": "Lautan Freight",
            "type": "carrier",
            "contactName": "Wulan Hapsari",
            "phone": "+62 21 555 0142",
            "email": "wulan@lautan.example",
            "address": "Tanjung Priok, Jakarta",
        },
        {
            "title": "Framework agreement",
            "kind": "contract",
            "fields": {
                "number": "LF/2025/017",
                "validUntil": "2027-12-31",
                "ratePerTonne": 185000,
                "routes": ["Jakarta-Makassar", "Jakarta-Surabaya"],
            },
        },
    ),
    (
        {"name": "Roda Tiga Motors", "type": "workshop", "phone": "+62 21 555 0178"},
        {
            "title": "Service conditions",
            "kind": "conditions",
            "fields": {"discountPercent": 7.5, "response": {"hours": 4, "onSundays": False}},
        },
    ),
    (
        {
            "name": "Kertas Nusantara",
            "type": "supplier",
            "contactName": "Bambang Irawan",
            "email": "sales@kertas.example",
        },
        {
            "title": "Price list 2026",
            "kind": "price list",
            "fields": {"currency": "IDR", "items": [{"sku": "A4-80", "price": 52500}]},
        },
    ),
]
FIRST = """
Adi Agus Ahmad Aisyah Andini Anita Arif Ayu Bagus Bayu Bima Budi Citra Dewi Dian Dimas Eka Eko
Fajar Farah Fitri Galih Gita Hadi Hana Hendra Indah Intan Irfan Joko Kartika Laila Lestari Made
Maya Mega Nadia Nanda Putri Rafi Rani Ratna Reza Rina Rizky Sari Sinta Surya Tari Taufik Tina
Tono Vina Wahyu Wati Wayan Yanti Yoga Yuni Zahra
""".split()  # noqa: SIM905 - 60 words, not 60 lines
LAST = """
Anggraini Baskoro Cahyadi Firmansyah Gunawan Hakim Halim Handayani Hartono Hidayat Iskandar
Kurniawan Kusuma Lubis Maulana Nasution Nugroho Pangestu Permata Prasetyo Pratama Purnomo Putra
Rahayu Rahman Ramadhan Saputra Saragih Setiawan Sihombing Simanjuntak Siregar Suharto Sukma
Susanto Sutanto Utami Wibowo Wijaya Wirawan
""".split()  # noqa: SIM905 - 40 words, not 40 lines
FIRST_DAY = date(2016, 1, 4)
LAST_DAY = date(2025, 12, 1)


@dataclass(frozen=True)
class Person:
    """One employee; `manager` is the code of an employee earlier in the list."""

    code: str
    name: str
    email: str
    phone: str
    department: str
    position: str
    manager: str | None
    joined: date
    shift: str
    location: str


def company(seed: int) -> list[Person]:
    """Return all 200 employees, managers before those they manage."""
    random = Random(seed)  # noqa: S311 - the same people each time is the point
    names = random.sample([f"{first} {last}" for first in FIRST for last in LAST], 200)
    people: list[Person] = []
    for department, position, manager in _posts():
        code = f"E{len(people) + 1:04d}"
        at_work = department == "Operations" and not position.startswith(("Head", DIRECTOR))
        name = names[len(people)]
        person = Person(
            code=code,
            name=name,
            email=f"{name.lower().replace(' ', '.')}@sunshine.example",
            phone=f"+62 812 {random.randrange(10**4):04d} {random.randrange(10**4):04d}",
            department=department,
            position=position,
            manager=None if manager is None else f"E{manager + 1:04d}",
            joined=FIRST_DAY + timedelta(days=random.randrange((LAST_DAY - FIRST_DAY).days)),
            shift=random.choice(["Early", "Early", "Night"]) if at_work else "Office",
            location=_location(random, at_work),
        )
        people.append(person)
    return people


def users(people: Sequence[Person]) -> dict[str, tuple[str, Person]]:
    """Who may sign in, by username: the role and the person. demo-employee reports to
    demo-manager, so that a request of the one can be decided by the other."""
    manager = next(person for person in people if person.position == "Engineering Lead")
    return {
        "demo-admin": ("admin", people[0]),
        "demo-hr": ("hr", next(p for p in people if p.position == "Head of People")),
        "demo-manager": ("manager", manager),
        "demo-employee": ("employee", next(p for p in people if p.manager == manager.code)),
    }


def positions() -> Iterator[tuple[str, str, int]]:
    """Iterate over the positions: name, department, level."""
    yield DIRECTOR, "Operations", 1
    for department, (head, lead, staff, _) in DEPARTMENTS.items():
        yield head, department, 2
        yield lead, department, 3
        yield from ((name, department, 4) for name in staff)


def _posts() -> Iterator[tuple[str, str, int | None]]:
    """Iterate over department, position and the index of the manager in this list, top down."""
    yield "Operations", DIRECTOR, None
    next_ = 1
    for department, (head, lead, staff, size) in DEPARTMENTS.items():
        leads = range(next_ + 1, next_ + 1 + -(-size // 12))
        yield department, head, 0
        yield from ((department, lead, next_) for _ in leads)
        for number in range(size - 1 - len(leads)):
            yield department, staff[number % len(staff)], leads[number % len(leads)]
        next_ += size


def _location(random: Random, at_work: bool) -> str:
    """Return where somebody works: most of Operations in the warehouse, others in the offices."""
    places = ("Head Office", "North Warehouse", "Makassar Branch")
    return random.choices(places, weights=(1, 12, 2) if at_work else (6, 0, 1))[0]
