"""What the made-up company of `sunshine demo` publishes. demo.py stores it."""

from datetime import date
from typing import Any

WEEKDAYS = {day: [["08:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
STORIES: dict[str, list[dict[str, Any]]] = {
    "blog": [
        {
            "title": "A new warehouse in the north",
            "excerpt": "Twice the room, an hour less on the road.",
            "content": "<p>Our <strong>North Warehouse</strong> has opened in Tanjung Priok.</p>",
            "categories": ["company-news"],
            "tags": ["warehouse", "jakarta"],
            "status": "published",
        },
        {
            "title": "How a parcel finds its way",
            "excerpt": "From the counter to the door, step by step.",
            "content": "<ol><li>Drop it</li><li>We sort it</li><li>We bring it</li></ol>",
            "categories": ["how-it-works"],
            "tags": ["parcels"],
            "status": "published",
        },
        {
            "title": "Plans for the next year",
            "content": "<p>Not to be read by everybody yet.</p>",
            "categories": ["company-news"],
        },
    ],
    "ads": [
        {
            "title": "Parcels at half the price",
            "link": "https://www.example.com/half",
            "placement": "homepage_banner",
            "startDate": date(2024, 1, 1),
            "active": True,
        },
    ],
    "training": [
        {
            "title": "Lifting without pain",
            "content": "<p>Bend your knees, keep your back straight.</p>",
            "category": "Safety",
            "status": "published",
        },
    ],
    "career": [
        {
            "title": "Working here",
            "content": "<p>Two hundred people, five departments, one coffee machine.</p>",
            "status": "published",
        },
    ],
    "vacancies": [
        {
            "title": "Courier",
            "department": "Operations",
            "location": "Jakarta",
            "type": "full-time",
            "description": "<p>Bring parcels to people who wait for them.</p>",
            "requirements": ["Driving licence", "Good shoes"],
            "status": "open",
        },
        {
            "title": "Software Engineer",
            "department": "Technology",
            "location": "Jakarta",
            "type": "contract",
            "description": "<p>Make the sorting machine understand us.</p>",
            "requirements": ["Python", "PostgreSQL"],
            "status": "open",
        },
    ],
    "department": [
        {"name": "Operations", "content": "<p>Everything that moves.</p>"},
    ],
    "droppoint": [
        {
            "name": "Central counter",
            "address": "Jalan Medan Merdeka, Jakarta",
            "latitude": -6.1754,
            "longitude": 106.8272,
            "openingHours": WEEKDAYS,
            "services": ["parcels", "documents"],
            "timezone": "Asia/Jakarta",
        },
        {
            "name": "Night counter",
            "address": "Tanjung Priok, Jakarta",
            "latitude": -6.1214,
            "longitude": 106.8830,
            "openingHours": {"fri": [["20:00", "04:00"]], "sat": [["20:00", "04:00"]]},
            "services": ["parcels"],
            "timezone": "Asia/Jakarta",
        },
        {
            "name": "Makassar counter",
            "address": "Makassar",
            "latitude": -5.1477,
            "longitude": 119.4327,
            "openingHours": WEEKDAYS,
            "services": ["parcels"],
            "timezone": "Asia/Makassar",
        },
    ],
}
