const authJwt = require("../middleware/authJwt");
const contentTypeValid = require("../middleware/contentTypeValid");
const validator = require("../middleware/validator");
const fleet = require("../schemas/fleet.schema");
const controller = require("../controllers/fleet.controller");

module.exports = (app) => {
  app.post(
    "/api/fleet/drivers/:id/location",
    [
      authJwt.verifyToken,
      authJwt.hasRole("admin", "driver"),
      contentTypeValid("application/json"),
      validator.validate({ params: fleet.item, body: fleet.location }),
    ],
    controller.location,
  );
};
