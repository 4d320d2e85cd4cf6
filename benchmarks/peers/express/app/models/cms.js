// The content's own database, as the original connects to it.
const Sequelize = require("sequelize");

const sequelizeCms = new Sequelize(
  process.env.PG_CMS_DB || "cms_db",
  process.env.PG_SUNSHINE_USER,
  null,
  {
    host: process.env.PG_SUNSHINE_HOST,
    port: Number(process.env.PG_SUNSHINE_PORT),
    dialect: "postgres",
    logging: false,
    pool: {
      max: Number(process.env.PG_SUNSHINE_MAX_POOL),
      min: Number(process.env.PG_SUNSHINE_MIN_POOL),
      acquire: 30000,
      idle: 10000,
    },
  },
);

module.exports = { blog: require("./blog.model")(sequelizeCms, Sequelize) };
