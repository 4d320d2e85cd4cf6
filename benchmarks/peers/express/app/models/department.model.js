module.exports = (sequelize, Sequelize) =>
  sequelize.define(
    "department",
    {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
      name: { type: Sequelize.TEXT, allowNull: false },
      description: Sequelize.TEXT,
      active: { type: Sequelize.BOOLEAN, allowNull: false, defaultValue: true },
    },
    { timestamps: true, paranoid: true, underscored: true, tableName: "department" },
  );
