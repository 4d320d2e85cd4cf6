const point = {
  type: "object",
  properties: {
    latitude: { type: "number", minimum: -90, maximum: 90 },
    longitude: { type: "number", minimum: -180, maximum: 180 },
    timestamp: { type: "string", format: "date-time" },
  },
  required: ["latitude", "longitude", "timestamp"],
  additionalProperties: false,
};

module.exports = {
  item: {
    type: "object",
    properties: { id: { type: "integer", minimum: 1, maximum: 2147483647 } },
    required: ["id"],
  },
  location: { anyOf: [point, { type: "array", items: point, minItems: 1, maxItems: 500 }] },
};
