const authJwt = require("../middleware/authJwt");
const contentTypeValid = require("../middleware/contentTypeValid");
const validator = require("../middleware/validator");
const meetingRoom = require("../schemas/meetingRoom.schema");
const controller = require("../controllers/meetingRoom.controller");

module.exports = (app) => {
  app.post(
    "/api/meeting-rooms/schedule",
    [
      authJwt.verifyToken,
      authJwt.hasRole("admin", "hr", "manager", "employee"),
      contentTypeValid("application/json"),
      validator.validate({ body: meetingRoom.book }),
    ],
    controller.book,
  );
};
