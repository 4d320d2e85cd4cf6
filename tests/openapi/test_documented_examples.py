"""The examples are those of the original's documentation, pasted."""

import json

import pytest

import handlers
from tests.openapi_contract import description

DOCUMENT = description(handlers.routes).document
PASTED = {
    "POST /api/auth/login": """{
"username": "user@example.com",
"password": "password123"
}""",
    "POST /api/employees": """{
"name": "John Doe",
"email": "john@example.com",
"position": "Developer",
"department": "IT",
"phone": "+1234567890",
"joinDate": "2024-01-01"
}""",
    "POST /api/asset-management/inventory": """{
"assetCode": "AST-001",
"name": "MacBook Pro",
"category": "laptop",
"serialNumber": "SN123456",
"purchaseDate": "2024-01-01",
"value": 2000
}""",
    "POST /api/asset-management/inventory/{assetId}/assign": """{
"employeeId": 123,
"assignDate": "2024-01-15",
"notes": "Work laptop"
}""",
    "POST /api/leave/apply": """{
"employeeId": 123,
"leaveType": "annual",
"startDate": "2024-02-01",
"endDate": "2024-02-05",
"reason": "Family vacation",
"documents": ["url_to_document"]
}""",
    "POST /api/leave/approval/{leaveId}": """{
"action": "approve",
"notes": "Approved for vacation"
}""",
    "POST /api/permit/apply": """{
"employeeId": 123,
"date": "2024-01-15",
"startTime": "09:00",
"endTime": "11:00",
"reason": "Doctor appointment",
"type": "sick"
}""",
    "POST /api/permit/approval/{permitId}": """{
"action": "approve",
"notes": "Medical appointment approved"
}""",
    "POST /api/fleet/drivers": """{
"name": "John Driver",
"licenseNumber": "DL123456",
"phone": "+1234567890",
"vehicleType": "truck",
"licenseExpiry": "2025-12-31"
}""",
    "POST /api/fleet/drivers/{driverId}/location": """{
"latitude": -6.2088,
"longitude": 106.8456,
"timestamp": "2024-01-15T10:30:00Z"
}""",
    "POST /api/tickets": """{
"title": "Network issue in office",
"description": "WiFi not working on 2nd floor",
"priority": "high",
"category": "IT",
"reportedBy": 123,
"attachments": ["url_to_file"]
}""",
    "POST /api/tickets/{ticketId}/comments": """{
"comment": "Issue resolved by resetting the router",
"internal": false
}""",
    "POST /api/tickets/{ticketId}/close": """{
"resolution": "Reset router and reconfigured network",
"satisfaction": 5
}""",
    "POST /api/meeting-rooms/schedule": """{
"roomId": 5,
"title": "Team Standup",
"date": "2024-01-15",
"startTime": "09:00",
"endTime": "10:00",
"attendees": [123, 456, 789],
"description": "Daily team standup meeting"
}""",
    "POST /api/branding-approval": """{
"title": "New Logo Design",
"description": "Updated company logo",
"category": "logo",
"files": ["url_to_design_file"],
"requestedBy": 123,
"approvers": [456, 789]
}""",
    "POST /api/branding-approval/{requestId}/review": """{
"action": "approve",
"feedback": "Looks great, approved!",
"revisionNotes": ""
}""",
    "POST /api/sales": """{
"customerId": 123,
"items": [
{
"productId": 456,
"quantity": 2,
"price": 100
}
],
"total": 200,
"salesPerson": 789,
"date": "2024-01-15"
}""",
    "POST /api/freelance": """{
"name": "Jane Freelancer",
"email": "jane@example.com",
"skills": ["design", "video editing"],
"hourlyRate": 50,
"portfolio": "https://portfolio.example.com"
}""",
    "POST /api/freelance/{freelancerId}/projects": """{
"projectName": "Website Redesign",
"description": "Redesign company website",
"deadline": "2024-03-01",
"budget": 5000
}""",
    "POST /api/onapps/vouchers": """{
"code": "SAVE20",
"description": "20% off all orders",
"discountType": "percentage",
"discountValue": 20,
"minPurchase": 100,
"maxDiscount": 50,
"validFrom": "2024-01-01",
"validUntil": "2024-12-31",
"usageLimit": 1000,
"active": true
}""",
    "POST /api/onapps/vouchers/validate": """{
"code": "SAVE20",
"orderAmount": 150
}""",
}


@pytest.mark.parametrize("endpoint", PASTED)
def test_a_payload_is_shown_as_the_original_showed_it(endpoint: str) -> None:
    method, _, path = endpoint.partition(" ")
    content = DOCUMENT["paths"][path][method.lower()]["requestBody"]["content"]
    assert content["application/json"]["example"] == json.loads(PASTED[endpoint])


def test_the_answer_of_a_balance_is_shown_as_the_original_showed_it() -> None:
    operation = DOCUMENT["paths"]["/api/leave/balance/{employeeId}"]["get"]
    shown = operation["responses"]["200"]["content"]["application/json"]["example"]["data"]
    assert {name: shown["annualLeave"][name] for name in ("total", "used", "remaining")} == {
        "total": 12, "used": 5, "remaining": 7,
    }  # fmt: skip
