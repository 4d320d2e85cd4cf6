const authJwt = require("../middleware/authJwt");
const validator = require("../middleware/validator");
const blog = require("../schemas/blog.schema");
const controller = require("../controllers/blog.controller");

module.exports = (app) => {
  app.get(
    "/api/cms/blog",
    [
      authJwt.verifyToken,
      authJwt.hasRole("admin", "hr", "manager", "employee"),
      validator.validate({ query: blog.list }),
    ],
    controller.list,
  );
};
