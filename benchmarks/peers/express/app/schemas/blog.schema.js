module.exports = {
  list: {
    type: "object",
    properties: {
      page: { type: "integer", minimum: 1, default: 1 },
      limit: { type: "integer", minimum: 1, maximum: 100, default: 20 },
      status: { type: "string", enum: ["draft", "published"] },
    },
    required: ["status"],
  },
};
