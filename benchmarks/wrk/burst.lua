-- What a phone sends that was out of reach: 500 points at once.
request = require("points")(500)
