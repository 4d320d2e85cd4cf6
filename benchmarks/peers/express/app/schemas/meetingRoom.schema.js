const id = { type: "integer", minimum: 1, maximum: 2147483647 };
const clock = { type: "string", pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$" };

module.exports = {
  book: {
    type: "object",
    properties: {
      roomId: id,
      title: { type: "string", minLength: 1, maxLength: 200 },
      date: { type: "string", format: "date" },
      startTime: clock,
      endTime: clock,
      attendees: { type: "array", items: id, maxItems: 1000, uniqueItems: true },
      description: { type: "string", maxLength: 2000 },
    },
    required: ["roomId", "title", "date", "startTime", "endTime"],
    additionalProperties: false,
  },
};
