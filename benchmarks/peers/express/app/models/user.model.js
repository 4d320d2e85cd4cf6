module.exports = (sequelize, Sequelize) =>
  sequelize.define(
    "user",
    {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
      username: { type: Sequelize.TEXT, allowNull: false },
      employeeId: Sequelize.INTEGER,
    },
    { timestamps: true, underscored: true, tableName: "users" },
  );
