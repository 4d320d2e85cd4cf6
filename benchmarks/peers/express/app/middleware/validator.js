const Ajv = require("ajv");
const addFormats = require("ajv-formats");

// Bodies are taken as they are; query strings and path parameters arrive as text.
const strict = addFormats(new Ajv({ allErrors: true }));
const coercing = addFormats(new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true }));

exports.validate = (schemas) => {
  const checks = Object.entries(schemas).map(([part, schema]) => [
    part,
    (part === "body" ? strict : coercing).compile(schema),
  ]);
  return (req, res, next) => {
    req.valid = {};
    for (const [part, check] of checks) {
      const value = part === "body" ? req.body : { ...req[part] };
      if (!check(value)) {
        const errors = check.errors.map(({ instancePath, params, message }) => ({
          field: instancePath.slice(1) || params.missingProperty || params.additionalProperty,
          message,
        }));
        return res.status(400).json({ success: false, message: "Validation failed", errors });
      }
      req.valid[part] = value;
    }
    next();
  };
};
