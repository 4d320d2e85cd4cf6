const authJwt = require("../middleware/authJwt");
const contentTypeValid = require("../middleware/contentTypeValid");
const validator = require("../middleware/validator");
const attendance = require("../schemas/attendance.schema");
const controller = require("../controllers/attendance.controller");

module.exports = (app) => {
  app.post(
    "/api/attendance/check-in",
    [
      authJwt.verifyToken,
      authJwt.hasRole("admin", "hr"),
      contentTypeValid("application/json"),
      validator.validate({ body: attendance.checkIn }),
    ],
    controller.checkIn,
  );
};
