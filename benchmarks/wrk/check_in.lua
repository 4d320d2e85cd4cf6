-- The documented body, for one employee after the other: nobody checks in twice.
require("report")

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

local BODY = '{"employeeId": %d, "location": {"latitude": -6.2088, "longitude": 106.8456}, '
  .. '"photo": "base64_photo_string", "timestamp": "2024-01-15T08:00:00Z"}'
local employee = 0

function request()
  employee = employee + 1
  return wrk.format(nil, nil, nil, string.format(BODY, employee))
end
