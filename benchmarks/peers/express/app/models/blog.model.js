module.exports = (sequelize, Sequelize) =>
  sequelize.define(
    "blog",
    {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
      title: { type: Sequelize.TEXT, allowNull: false },
      slug: { type: Sequelize.TEXT, allowNull: false },
      content: { type: Sequelize.TEXT, allowNull: false },
      excerpt: Sequelize.TEXT,
      featuredImage: Sequelize.TEXT,
      categories: { type: Sequelize.ARRAY(Sequelize.TEXT), allowNull: false, defaultValue: [] },
      tags: { type: Sequelize.ARRAY(Sequelize.TEXT), allowNull: false, defaultValue: [] },
      status: { type: Sequelize.TEXT, allowNull: false, defaultValue: "draft" },
      publishAt: Sequelize.DATE,
      unpublishAt: Sequelize.DATE,
      publishedAt: Sequelize.DATE,
      revision: { type: Sequelize.INTEGER, allowNull: false, defaultValue: 1 },
      author: { type: Sequelize.INTEGER, field: "author_id" },
      authorName: Sequelize.TEXT,
    },
    { timestamps: true, paranoid: true, underscored: true, tableName: "blog" },
  );
