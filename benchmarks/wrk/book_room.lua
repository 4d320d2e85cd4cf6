-- The documented body, for a free room each time: one room after the other, then the next hour.
require("report")

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

local BODY = '{"roomId": %d, "title": "Team Standup", "date": "%s", "startTime": "%02d:00", '
  .. '"endTime": "%02d:00", "attendees": [123, 456, 789], '
  .. '"description": "Daily team standup meeting"}'
local ROOMS, OPENS, HOURS, DAY = 100, 8, 10, 86400
local FIRST = 1705276800 -- 2024-01-15
local number = 0

function request()
  local slot = math.floor(number / ROOMS)
  local hour = OPENS + slot % HOURS
  local day = os.date("!%Y-%m-%d", FIRST + math.floor(slot / HOURS) * DAY)
  local body = string.format(BODY, number % ROOMS + 1, day, hour, hour + 1)
  number = number + 1
  return wrk.format(nil, nil, nil, body)
end
