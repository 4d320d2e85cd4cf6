-- The documented body: one point.
request = require("points")(1)
