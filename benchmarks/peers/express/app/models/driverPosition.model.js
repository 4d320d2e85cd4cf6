module.exports = (sequelize, Sequelize) =>
  sequelize.define(
    "driverPosition",
    {
      driverId: { type: Sequelize.INTEGER, primaryKey: true },
      at: { type: Sequelize.DATE, allowNull: false },
      latitude: { type: Sequelize.DOUBLE, allowNull: false },
      longitude: { type: Sequelize.DOUBLE, allowNull: false },
      recordedAt: { type: Sequelize.DATE, allowNull: false },
    },
    { timestamps: false, underscored: true, tableName: "driver_position" },
  );
