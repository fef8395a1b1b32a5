// A measured peer: plain ws with its native masking, the least that a room server
// in JavaScript can do. Listens on loopback only and ends by itself.
//
//   node server.js --port 9104 [--life seconds]
import { parseArgs } from 'node:util';
import { WebSocketServer } from 'ws';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '9104' }, life: { type: 'string', default: '600' } },
});
setTimeout(() => process.exit(0), Number(values.life) * 1000).unref();
process.on('SIGTERM', () => process.exit(0));

/** @type {Map<string, Set<import('ws').WebSocket>>} */
const rooms = new Map();
const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(values.port),
  perMessageDeflate: false,
  clientTracking: false,
  maxPayload: 65536,
});

server.on('connection', (socket) => {
  let room;
  socket.on('message', (data) => {
    const said = JSON.parse(data);
    if (said.join !== undefined) {
      room = rooms.get(said.join);
      if (room === undefined) rooms.set(said.join, (room = new Set()));
      room.add(socket);
      socket.send('{"joined":true}');
      return;
    }
    // One text for all members. ws makes a frame of it for each of them.
    const text = Buffer.from(JSON.stringify({ room: said.room, message: said.message }));
    for (const member of rooms.get(said.room) ?? []) member.send(text, { binary: false });
  });
  socket.on('close', () => room?.delete(socket));
  socket.on('error', () => socket.terminate());
});
