const Sequelize = require("sequelize");

const connect = (name) =>
  new Sequelize(process.env[`PG_${name}_DB`], process.env[`PG_${name}_USER`], null, {
    host: process.env[`PG_${name}_HOST`],
    port: Number(process.env[`PG_${name}_PORT`]),
    dialect: "postgres",
    logging: false,
    pool: {
      max: Number(process.env[`PG_${name}_MAX_POOL`]),
      min: Number(process.env[`PG_${name}_MIN_POOL`]),
      acquire: 30000,
      idle: 10000,
    },
  });

const sequelize = connect("SUNSHINE");
const sequelizeFleet = connect("FLEET");

const db = { Sequelize, sequelize, sequelizeFleet };
const NAMES = [
  "department", "position", "employee", "shift", "employeeShift", "location", "placement",
  "attendance", "auditEvent",
  "user", "meetingRoom", "meetingRoomBooking",
];
for (const name of NAMES) {
  db[name] = require(`./${name}.model`)(sequelize, Sequelize);
}
for (const name of ["driver", "driverLocation", "driverPosition"]) {
  db[name] = require(`./${name}.model`)(sequelizeFleet, Sequelize);
}
db.fleetEvent = require("./auditEvent.model")(sequelizeFleet, Sequelize);

db.employee.belongsTo(db.position, { as: "positionRow", foreignKey: "positionId" });
db.employee.belongsTo(db.department, { as: "departmentRow", foreignKey: "departmentId" });
db.employee.belongsTo(db.employee, { as: "managerRow", foreignKey: "managerId" });
db.employee.hasMany(db.employeeShift, { as: "shifts", foreignKey: "employeeId" });
db.employeeShift.belongsTo(db.shift, { foreignKey: "shiftId" });
db.employee.hasMany(db.placement, { as: "placements", foreignKey: "employeeId" });
db.placement.belongsTo(db.location, { foreignKey: "locationId" });
db.driver.hasOne(db.driverPosition, { as: "position", foreignKey: "driverId" });

module.exports = db;
