// A measured peer: Socket.IO with its defaults, or with --best, what its
// documentation names for speed and memory. Listens on loopback only and ends by
// itself.
//
//   node server.js --port 9103 [--best] [--life seconds]
import { parseArgs } from 'node:util';
import { createServer } from 'node:http';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '9103' },
    life: { type: 'string', default: '600' },
    best: { type: 'boolean', default: false },
  },
});
setTimeout(() => process.exit(0), Number(values.life) * 1000).unref();
process.on('SIGTERM', () => process.exit(0));
// ws loads bufferutil by itself when it is there: the default is without.
if (!values.best) process.env.WS_NO_BUFFER_UTIL = '1';

const best = { transports: ['websocket'], perMessageDeflate: false, httpCompression: false, serveClient: false };
const { Server } = await import('socket.io');
const http = createServer();
const io = new Server(http, values.best ? best : {});
// Socket.IO keeps the first HTTP request of every connection; letting go of it is
// its documented way to save memory.
if (values.best) io.engine.on('connection', (raw) => { raw.request = null; });

io.on('connection', (socket) => {
  socket.on('join', (room, done) => {
    socket.join(room);
    done();
  });
  socket.on('pub', (room, message) => {
    io.to(room).emit('m', message);
  });
});
http.listen(Number(values.port), '127.0.0.1');
