const id = { type: "integer", minimum: 1, maximum: 2147483647 };
const text = { type: "string", minLength: 1, maxLength: 200 };

module.exports = {
  item: { type: "object", properties: { id }, required: ["id"] },
  list: {
    type: "object",
    properties: {
      page: { type: "integer", minimum: 1, default: 1 },
      limit: { type: "integer", minimum: 1, maximum: 100, default: 20 },
    },
  },
  create: {
    type: "object",
    properties: {
      name: text,
      email: { type: "string", format: "email", maxLength: 254 },
      position: text,
      department: text,
      phone: { type: "string", minLength: 1, maxLength: 32 },
      joinDate: { type: "string", format: "date" },
    },
    required: ["name"],
    additionalProperties: false,
  },
};
