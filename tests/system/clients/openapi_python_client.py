"""A program written against the client that openapi-python-client makes: signs in and prints whom
the API lists, and what it refuses.

Run by test_generators.py, where `sunshine_client` was generated: with server, name and password.
"""

import sys

from sunshine_client import AuthenticatedClient, Client
from sunshine_client.api.auth import post_auth_login
from sunshine_client.api.employees import get_employees
from sunshine_client.api.leave import post_leave_approval_by_id
from sunshine_client.models import (
    AuthLogin,
    GetEmployeesEmployeePage,
    LeaveDecide,
    LeaveDecideAction,
    SignedIn,
)

_, server, username, password = sys.argv
signed_in = post_auth_login.sync(
    client=Client(server), body=AuthLogin(username=username, password=password)
)
assert isinstance(signed_in, SignedIn), signed_in
client = AuthenticatedClient(server, signed_in.token, prefix="", auth_header_name="x-access-token")
listed = get_employees.sync(client=client, limit=5)
assert isinstance(listed, GetEmployeesEmployeePage), listed
print(",".join(employee.name for employee in listed.data))

refused = post_leave_approval_by_id.sync(
    1, client=client, body=LeaveDecide(action=LeaveDecideAction.REJECT)
)
print(",".join(fault.field for fault in refused.errors))
