const { createSecretKey } = require("crypto");
const jwt = require("jsonwebtoken");

const { JWT_SECRET, JWT_AUDIENCE, JWT_KEY_OBJECT } = process.env;
// Given a string, jsonwebtoken 9 first tries it as a public key, and OpenSSL 3 is slow to refuse.
const SECRET = JWT_KEY_OBJECT ? createSecretKey(Buffer.from(JWT_SECRET)) : JWT_SECRET;
const OPTIONS = { algorithms: ["HS256"], audience: JWT_AUDIENCE };

exports.verifyToken = (req, res, next) => {
  const token = req.headers["x-access-token"];
  if (!token) return res.status(401).json({ success: false, message: "No token provided" });
  try {
    req.user = jwt.verify(token, SECRET, OPTIONS);
  } catch {
    return res.status(401).json({ success: false, message: "Unauthorized" });
  }
  next();
};

exports.hasRole = (...roles) => (req, res, next) => {
  if (roles.includes(req.user.role)) return next();
  res.status(403).json({ success: false, message: "Unauthorized access" });
};
