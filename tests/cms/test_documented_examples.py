"""The examples of ON Internal API's documentation, pasted."""

from tests.api import Api
from tests.cms.factories import ADS, BLOG, VACANCIES, recorded, told
from tests.conftest import Now

POST = {
    "title": "Company Update 2024",
    "slug": "company-update-2024",
    "content": "Full blog post content here...",
    "excerpt": "Short description",
    "featuredImage": "url_to_image",
    "author": 123,
    "categories": ["company-news", "updates"],
    "tags": ["2024", "announcement"],
    "status": "draft",
}
AD = {
    "title": "Summer Sale",
    "image": "url_to_image",
    "link": "https://sale.example.com",
    "placement": "homepage_banner",
    "startDate": "2024-06-01",
    "endDate": "2024-08-31",
    "active": True,
}
VACANCY = {
    "title": "Senior Software Engineer",
    "department": "Engineering",
    "location": "Jakarta, Indonesia",
    "type": "full-time",
    "description": "Job description...",
    "requirements": ["5+ years experience", "Node.js expertise"],
    "salary": "Competitive",
    "closingDate": "2024-02-28",
    "status": "open",
}


async def test_a_blog_post_is_created_listed_and_updated(api: Api) -> None:
    await api.sql("INSERT INTO employee (id, name) VALUES (123, 'Ana Author')")
    answer = await api.post(BLOG, POST, as_="admin")
    assert (answer.status, answer.json["success"]) == (201, True)
    assert {name: answer.data[name] for name in POST} == POST
    assert (answer.data["authorName"], answer.data["publishedAt"]) == ("Ana Author", None)
    query = "status=draft&author=123&category=company-news&search=update"
    [row] = (await api.get(f"{BLOG}?{query}", as_="admin")).data
    assert row["id"] == answer.data["id"]
    body = {"title": "Updated Title", "status": "published"}
    changed = await api.put(f"{BLOG}/{row['id']}", body, as_="admin")
    assert changed.status == 200
    assert {name: changed.data[name] for name in POST} == POST | body
    assert changed.data["publishedAt"]
    [row] = (await api.get(f"{BLOG}?status=published&search=updated", as_="employee")).data
    assert row == changed.data
    assert await recorded(api) == ["blog_created", "blog_updated"]


async def test_an_ad_is_created(api: Api) -> None:
    answer = await api.post(ADS, AD, as_="admin")
    assert answer.status == 201
    assert {name: answer.data[name] for name in AD} == AD
    assert answer.data["author"] == api.admin.employee_id


async def test_a_job_posting_is_created(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8)
    token = told(api, "hr")
    answer = await api.post(VACANCIES, VACANCY, as_=token)
    assert answer.status == 201
    assert {name: answer.data[name] for name in VACANCY} == VACANCY


async def test_a_job_posting_of_the_past_is_closed_at_once(api: Api) -> None:
    answer = await api.post(VACANCIES, VACANCY, as_="hr")
    assert (answer.status, answer.data["status"]) == (201, "closed")
