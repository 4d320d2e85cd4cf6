-- So many points of one driver after the other, a second apart, each later than the driver's last.
require("report")

local PATH = "/api/fleet/drivers/%d/location"
local POINT = '{"latitude": -6.2088, "longitude": 106.8456, "timestamp": "%s"}'
local DRIVERS, BEGIN = 1000, 1705314600  -- 2024-01-15T10:30:00Z
local bodies, number = {}, -1

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

local function body(round, points)
  local made = {}
  for i = 1, points do
    local at = os.date("!%Y-%m-%dT%H:%M:%SZ", BEGIN + round * points + i)
    made[i] = string.format(POINT, at)
  end
  return points == 1 and made[1] or "[" .. table.concat(made, ",") .. "]"
end

return function(points)
  return function()
    number = number + 1
    local round = math.floor(number / DRIVERS)
    bodies[round] = bodies[round] or body(round, points)
    return wrk.format(nil, string.format(PATH, number % DRIVERS + 1), nil, bodies[round])
  end
end
