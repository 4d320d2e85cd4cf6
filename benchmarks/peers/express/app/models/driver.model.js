module.exports = (sequelize, Sequelize) =>
  sequelize.define(
    "driver",
    {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
      name: { type: Sequelize.TEXT, allowNull: false },
      licenseNumber: { type: Sequelize.TEXT, allowNull: false },
      phone: Sequelize.TEXT,
      vehicleType: Sequelize.TEXT,
      licenseExpiry: Sequelize.DATEONLY,
      status: { type: Sequelize.TEXT, allowNull: false, defaultValue: "active" },
    },
    { timestamps: true, paranoid: true, underscored: true, tableName: "driver" },
  );
