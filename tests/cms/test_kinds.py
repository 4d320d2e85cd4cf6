"""Each of the other kinds: /api/cms/ads, training, career, vacancies, department, droppoint."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.api import Api
from tests.cms.factories import (
    ADS,
    BLOG,
    DROPPOINT,
    KINDS,
    TRAINING,
    VACANCIES,
    make,
    recorded,
    seen,
    told,
)
from tests.conftest import Now


@pytest.mark.parametrize("path", [path for path in KINDS if path != BLOG])
async def test_it_lives_from_create_to_delete(api: Api, path: str) -> None:
    made = await make(api, path)
    place = f"{path}/{made['id']}"
    assert (await api.get(place, as_="employee")).data == made
    field = "title" if "title" in made else "name"
    changed = (await api.put(place, {field: "Other"}, as_="admin")).data
    assert changed == made | {field: "Other", "updatedAt": changed["updatedAt"]}
    other = await make(api, path)
    assert await seen(api, path) == [made["id"], other["id"]]
    assert await seen(api, path, query="search=OTHE") == [made["id"]]
    assert await seen(api, path, query=f"sort=-{field}") == [other["id"], made["id"]]
    await api.put(place, {field: "Another"}, as_="admin")
    assert await seen(api, path, query="sort=-createdAt") == [other["id"], made["id"]]
    assert await seen(api, path, query="sort=-updatedAt") == [made["id"], other["id"]]
    assert (await api.delete(place, as_="admin")).status == 200
    for as_, status in (("admin", 404), ("employee", 403)):
        assert (await api.get(place, as_=as_)).status == status
    assert (await api.put(place, {field: "x"}, as_="admin")).status == 404
    assert (await api.delete(place, as_="admin")).status == 404
    assert await seen(api, path) == [other["id"]]
    name = (await recorded(api))[0].removesuffix("_created")
    did = ("created", "updated", "created", "updated", "deleted")
    assert await recorded(api) == [f"{name}_{word}" for word in did]


@pytest.mark.parametrize("path", KINDS)
async def test_what_is_new_is_a_draft_unless_only_publishers_write_it(api: Api, path: str) -> None:
    made = (await api.post(path, KINDS[path][0], as_="admin")).data
    if path in (DROPPOINT, "/api/cms/department"):
        assert made["active"] is True
    else:
        assert made.get("status", made.get("active")) in ("draft", False)


async def test_an_ad_is_seen_from_its_first_day_to_its_last(api: Api, now: Now) -> None:
    now.set(2024, 5, 1)
    body = {"startDate": "2024-06-01", "endDate": "2024-06-02", "placement": "sidebar"}
    ad = await make(api, ADS, as_=told(api), **body)
    open_end = await make(api, ADS, as_=told(api), startDate="2024-06-02")
    for moment, expected in (
        ((2024, 5, 31, 23, 59, 59), []),
        ((2024, 6, 1), [ad["id"]]),
        ((2024, 6, 2, 23, 59, 59), [ad["id"], open_end["id"]]),
        ((2024, 6, 3), [open_end["id"]]),
    ):
        now.set(*moment)
        assert await seen(api, ADS, told(api, "employee")) == expected
    assert await seen(api, ADS, told(api), "placement=sidebar&active=true") == [ad["id"]]
    answer = await api.put(f"{ADS}/{ad['id']}", {"endDate": "2024-05-31"}, as_=told(api))
    assert (answer.status, answer.fields) == (400, {"endDate"})


async def test_the_days_are_those_of_the_business(
    api: Api, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    cms = api.app.databases["cms"]
    jakarta = replace(cms.policy, timezone=ZoneInfo("Asia/Jakarta"))  # seven hours ahead
    monkeypatch.setattr(cms, "policy", jakarta)
    now.set(2024, 6, 1, 16, 59, 59)
    ad = await make(api, ADS, as_=told(api), startDate="2024-06-02")
    assert await seen(api, ADS, told(api, "employee")) == []
    now.shift(seconds=2)
    assert await seen(api, ADS, told(api, "employee")) == [ad["id"]]


async def test_a_vacancy_closes_by_itself_after_its_last_day(api: Api, now: Now) -> None:
    now.set(2024, 2, 28, 23, 59, 59)
    job = await make(api, VACANCIES, as_=told(api), closingDate="2024-02-28",
                     department="Engineering")  # fmt: skip
    open_end = await make(api, VACANCIES, as_=told(api), type="full-time")
    assert await seen(api, VACANCIES, told(api, "employee")) == [job["id"], open_end["id"]]
    assert await seen(api, VACANCIES, told(api), "status=closed") == []
    now.shift(seconds=1)
    assert await seen(api, VACANCIES, told(api, "employee")) == [open_end["id"]]
    place = f"{VACANCIES}/{job['id']}"
    assert (await api.get(place, as_=told(api, "employee"))).status == 403
    assert (await api.get(place, as_=told(api, "hr"))).data["status"] == "closed"
    assert await seen(api, VACANCIES, told(api, "hr"), "status=closed") == [job["id"]]
    assert await seen(api, VACANCIES, told(api, "hr"), "status=open") == [open_end["id"]]
    longer = await api.put(place, {"closingDate": "2024-03-31"}, as_=told(api, "hr"))
    assert longer.data["status"] == "open"
    assert await seen(api, VACANCIES, told(api, "employee"), "department=ENGINEERING") == [
        job["id"]
    ]
    assert await seen(api, VACANCIES, told(api), "type=full-time") == [open_end["id"]]
    assert await recorded(api) == ["vacancy_created"] * 2 + ["vacancy_updated"]


async def test_training_has_files_and_a_category(api: Api) -> None:
    files = ["/api/static/cms/training/a.pdf", "https://example.com/b.mp4"]
    made = await make(api, TRAINING, files=files, category="Safety")
    base = api.app.settings.base_domain
    assert made["files"] == [f"{base}{files[0]}", files[1]]
    assert await seen(api, TRAINING, query="category=safety") == [made["id"]]
    assert await seen(api, TRAINING, query="category=other") == []
    for wrong in (["javascript:x"], [files[0], files[0]], ["//evil.example.com/x"]):
        answer = await api.post(TRAINING, {"title": "x", "files": wrong}, as_="admin")
        assert answer.status == 400


HOURS = {
    "mon": [["08:00", "12:00"], ["13:00", "17:00"]],
    "fri": [["22:00", "02:00"]],
    "sun": [["00:00", "00:00"]],
}
# 2024-06-03 is a Monday.
MOMENTS = [
    ((3, 7, 59), False), ((3, 8, 0), True), ((3, 11, 59), True), ((3, 12, 0), False),
    ((3, 13, 0), True), ((3, 17, 0), False), ((4, 9, 0), False),
    ((7, 21, 59), False), ((7, 22, 0), True), ((8, 1, 59), True), ((8, 2, 0), False),
    ((7, 1, 0), False), ((9, 0, 0), True), ((9, 23, 59), True), ((10, 0, 0), False),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "ahead"), [(None, 0), ("Asia/Jakarta", 7), ("America/Lima", -5)])
async def test_it_is_open_in_its_own_time(api: Api, now: Now, zone: str | None, ahead: int) -> None:
    now.set(2024, 6, 1)
    point = await make(api, DROPPOINT, as_=told(api), openingHours=HOURS, timezone=zone)
    assert point["openingHours"] == HOURS
    for (day, hour, minute), is_open in MOMENTS:
        now.set(2024, 6, day, hour, minute)
        now.shift(hours=-ahead)
        now.set(*now().timetuple()[:5])
        row = (await api.get(f"{DROPPOINT}/{point['id']}", as_=told(api))).data
        assert row["isOpen"] is is_open, (day, hour, minute)
        query = f"open={str(is_open).lower()}"
        assert await seen(api, DROPPOINT, told(api), query) == [point["id"]]


async def test_whether_it_is_open_may_be_unknown(api: Api) -> None:
    point = await make(api, DROPPOINT)
    assert (point["openingHours"], point["isOpen"]) == (None, None)
    place = f"{DROPPOINT}/{point['id']}"
    closed = (await api.put(place, {"openingHours": {}}, as_="admin")).data
    assert (closed["openingHours"], closed["isOpen"]) == ({}, False)
    assert (await api.put(place, {"openingHours": None}, as_="admin")).data["isOpen"] is None
    wrong: tuple[Any, ...] = (
        {"mon": [["8:00", "17:00"]]}, {"mon": [["08:00"]]}, {"mon": ["08:00"]},
        {"monday": []}, {"mon": [["08:00", "24:00"]]}, {"mon": [["08:00", "12:00", "13:00"]]},
    )  # fmt: skip
    for hours in wrong:
        answer = await api.put(place, {"openingHours": hours}, as_="admin")
        assert answer.status == 400, hours


async def around(api: Api, query: str, as_: str = "employee") -> list[tuple[str, float]]:
    rows = (await api.get(f"{DROPPOINT}?{query}", as_=as_)).data
    return [(row["name"], row["distanceKm"]) for row in rows]


async def test_drop_points_come_by_distance(api: Api) -> None:
    places = {"Monas": (-6.1754, 106.8272), "Bogor": (-6.5971, 106.8060),
              "Bandung": (-6.9175, 107.6191), "Depok": (-6.4025, 106.7942)}  # fmt: skip
    for name, (latitude, longitude) in places.items():
        services = ["parcel", "cold-chain"] if name == "Depok" else ["parcel"]
        place: dict[str, Any] = {"latitude": latitude, "longitude": longitude}
        await make(api, DROPPOINT, name=name, services=services, **place)
    await make(api, DROPPOINT, name="Hidden", latitude=-6.1754, longitude=106.8272, active=False)
    here = "lat=-6.2088&lng=106.8456"
    found = await around(api, f"{here}&radiusKm=500")
    assert [name for name, _ in found] == ["Monas", "Depok", "Bogor", "Bandung"]
    assert [round(km) for _, km in found] == [4, 22, 43, 116]
    assert [name for name, _ in await around(api, here)] == ["Monas", "Depok"]  # 25 km
    assert [name for name, _ in await around(api, f"{here}&radiusKm=4.3")] == ["Monas"]
    assert await around(api, f"{here}&radiusKm=4.1") == []
    assert [n for n, _ in await around(api, f"{here}&service=cold-chain")] == ["Depok"]
    assert [n for n, _ in await around(api, f"{here}&search=MON")] == ["Monas"]
    assert [n for n, _ in await around(api, f"{here}&sort=-name")] == ["Monas", "Depok"]
    assert [n for n, _ in await around(api, here, "admin")] == ["Monas", "Hidden", "Depok"]
    page = await api.get(f"{DROPPOINT}?{here}&limit=1&page=2", as_="employee")
    assert (page.data[0]["name"], page.json["pagination"]["total"]) == ("Depok", 2)
    assert (await api.get(f"{DROPPOINT}?{here}&active=false", as_="employee")).status == 403
    for wrong in ("lat=1", "lng=1", "radiusKm=1", "lat=91&lng=0", "lat=1&lng=1&radiusKm=501",
                  "sort=distance"):  # fmt: skip
        assert (await api.get(f"{DROPPOINT}?{wrong}", as_="employee")).status == 400, wrong


@pytest.mark.parametrize(
    ("point", "here", "km"),
    [
        ((0, 179.95), (0, -179.95), 11.12),
        ((0, -179.95), (0, 179.95), 11.12),
        ((89.95, 10), (89.95, -170), 11.12),
        ((-89.95, 10), (-89.95, -170), 11.12),
        ((60, 10), (60, 10.2), 11.12),
        ((1.5, 7), (1.5, 7), 0),
    ],
)
async def test_the_earth_is_round(
    api: Api, point: tuple[float, float], here: tuple[float, float], km: float
) -> None:
    await make(api, DROPPOINT, latitude=point[0], longitude=point[1])
    place = f"lat={here[0]}&lng={here[1]}"
    [(_, distance)] = await around(api, f"{place}&radiusKm={km + 0.05:.2f}")
    assert abs(distance - km) < 0.05
    assert len(await around(api, f"{place}&radiusKm={max(km - 0.05, 0):.2f}")) == (km == 0)
