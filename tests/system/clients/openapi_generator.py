"""A program written against the client that openapi-generator makes: signs in and prints whom the
API lists, and what it refuses.

Run by test_generators.py, where `openapi_client` was generated: with server, name and password.
"""

import json
import sys

from openapi_client import (
    ApiClient,
    AuthApi,
    AuthLogin,
    Configuration,
    EmployeesApi,
    LeaveApi,
    LeaveDecide,
)
from openapi_client.exceptions import BadRequestException

_, server, username, password = sys.argv
configuration = Configuration(host=server)
with ApiClient(configuration) as client:
    signed_in = AuthApi(client).post_auth_login(AuthLogin(username=username, password=password))
    configuration.api_key["x-access-token"] = signed_in.token
    listed = EmployeesApi(client).get_employees(limit=5)
    print(",".join(employee.name for employee in listed.data))
    try:
        LeaveApi(client).post_leave_approval_by_id(1, LeaveDecide(action="reject"))
    except BadRequestException as refused:
        print(",".join(fault["field"] for fault in json.loads(refused.body)["errors"]))
