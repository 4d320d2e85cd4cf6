const authJwt = require("../middleware/authJwt");
const contentTypeValid = require("../middleware/contentTypeValid");
const validator = require("../middleware/validator");
const employee = require("../schemas/employee.schema");
const controller = require("../controllers/employee.controller");

const readers = [authJwt.verifyToken, authJwt.hasRole("admin", "hr", "manager", "employee")];
const writers = [authJwt.verifyToken, authJwt.hasRole("admin", "hr")];

module.exports = (app) => {
  app.get("/api/employees", readers, validator.validate({ query: employee.list }), controller.list);
  app.get(
    "/api/employees/:id",
    readers,
    validator.validate({ params: employee.item }),
    controller.get,
  );
  app.post(
    "/api/employees",
    [...writers, contentTypeValid("application/json"), validator.validate({ body: employee.create })],
    controller.create,
  );
};
