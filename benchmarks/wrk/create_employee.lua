-- The documented body, with a new email each time; the first argument tells runs apart.
require("report")

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

local BODY = '{"name": "John Doe", "email": "john.%s.%d@example.com", "position": "Developer", '
  .. '"department": "IT", "phone": "+1234567890", "joinDate": "2024-01-01"}'
local run, number = "", 0

function init(args)
  run = args[1]
end

function request()
  number = number + 1
  return wrk.format(nil, nil, nil, string.format(BODY, run, number))
end
