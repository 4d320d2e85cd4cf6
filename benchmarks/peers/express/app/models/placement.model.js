module.exports = (sequelize, Sequelize) =>
  sequelize.define(
    "placement",
    {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
      employeeId: { type: Sequelize.INTEGER, allowNull: false },
      locationId: { type: Sequelize.INTEGER, allowNull: false },
      validFrom: { type: Sequelize.DATEONLY, allowNull: false },
      validTo: Sequelize.DATEONLY,
    },
    { timestamps: true, paranoid: true, underscored: true, tableName: "placement" },
  );
