// The benchmarked endpoints on the original's stack, laid out as its documentation shows.
const express = require("express");
const cors = require("cors");
const helmet = require("helmet");
const morgan = require("morgan");

const db = require("./app/models");
const errorParamHandler = require("./app/middleware/errorParamHandler");

const app = express();
app.use(cors({ origin: process.env.CORS_ORIGINS.split(","), credentials: true }));
app.use(helmet());
app.use((req, res, next) => {
  res.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
  next();
});
app.use(morgan("combined"));
app.use(express.json({ limit: "10mb" }));
app.use(express.urlencoded({ extended: true, limit: "10mb" }));

app.get("/", (req, res) => res.json({ message: "sunshine" }));
require("./app/routes/employee.routes")(app);
require("./app/routes/attendance.routes")(app);
require("./app/routes/blog.routes")(app);
require("./app/routes/fleet.routes")(app);
require("./app/routes/meetingRoom.routes")(app);
app.use((req, res) => res.status(404).json({ success: false, message: "Not found" }));
app.use(errorParamHandler);

const server = db.sequelize.authenticate().then(() =>
  app.listen(Number(process.env.SERVER_PORT), "127.0.0.1"),
);
process.on("SIGTERM", async () => {
  const close = () => Promise.all([db.sequelize.close(), db.sequelizeFleet.close()]);
  (await server).close(() => close().then(() => process.exit(0)));
  (await server).closeAllConnections();
});
