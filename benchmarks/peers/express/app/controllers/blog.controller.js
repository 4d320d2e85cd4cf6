const { blog } = require("../models/cms");

const FIELDS = [
  "id", "title", "content", "excerpt", "featuredImage", "categories", "tags", "slug", "status",
  "publishAt", "unpublishAt", "publishedAt", "author", "authorName", "revision", "createdAt",
  "updatedAt",
];

exports.list = async (req, res) => {
  const { page, limit, status } = req.valid.query;
  const { rows, count } = await blog.findAndCountAll({
    attributes: FIELDS,
    where: { status },
    order: [["publishedAt", "DESC"], ["id", "ASC"]],
    limit,
    offset: (page - 1) * limit,
  });
  res.status(200).json({
    success: true,
    data: rows,
    pagination: { page, perPage: limit, total: count, totalPages: Math.ceil(count / limit) },
  });
};
