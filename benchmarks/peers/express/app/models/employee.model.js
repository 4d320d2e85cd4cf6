module.exports = (sequelize, Sequelize) =>
  sequelize.define(
    "employee",
    {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
      name: { type: Sequelize.TEXT, allowNull: false },
      email: Sequelize.TEXT,
      employeeCode: Sequelize.TEXT,
      phone: Sequelize.TEXT,
      positionId: Sequelize.INTEGER,
      departmentId: Sequelize.INTEGER,
      managerId: Sequelize.INTEGER,
      joinDate: Sequelize.DATEONLY,
      status: { type: Sequelize.TEXT, allowNull: false, defaultValue: "active" },
      photo: Sequelize.TEXT,
      timezone: Sequelize.TEXT,
    },
    { timestamps: true, paranoid: true, underscored: true, tableName: "employee" },
  );
