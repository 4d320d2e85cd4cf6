module.exports = (sequelize, Sequelize) =>
  sequelize.define(
    "driverLocation",
    {
      driverId: { type: Sequelize.INTEGER, primaryKey: true },
      at: { type: Sequelize.DATE, primaryKey: true },
      latitude: { type: Sequelize.DOUBLE, allowNull: false },
      longitude: { type: Sequelize.DOUBLE, allowNull: false },
      flagged: { type: Sequelize.BOOLEAN, allowNull: false },
      recordedAt: { type: Sequelize.DATE, allowNull: false },
    },
    { timestamps: false, underscored: true, tableName: "driver_location" },
  );
