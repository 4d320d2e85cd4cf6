module.exports = {
  checkIn: {
    type: "object",
    properties: {
      employeeId: { type: "integer", minimum: 1, maximum: 2147483647 },
      location: {
        type: "object",
        properties: {
          latitude: { type: "number", minimum: -90, maximum: 90 },
          longitude: { type: "number", minimum: -180, maximum: 180 },
        },
        required: ["latitude", "longitude"],
        additionalProperties: false,
      },
      photo: { type: "string", maxLength: 7000000 },
      timestamp: { type: "string", format: "date-time" },
      notes: { type: "string", maxLength: 1000 },
    },
    required: ["employeeId"],
    additionalProperties: false,
  },
};
