module.exports = (sequelize, Sequelize) =>
  sequelize.define(
    "position",
    {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
      name: { type: Sequelize.TEXT, allowNull: false },
      departmentId: Sequelize.INTEGER,
      level: Sequelize.INTEGER,
      active: { type: Sequelize.BOOLEAN, allowNull: false, defaultValue: true },
    },
    { timestamps: true, paranoid: true, underscored: true, tableName: "position" },
  );
