import { connect, type Socket } from 'node:net';

const sockets: Socket[] = [];
afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));

/** A request that promises a body of 100 bytes and sends five of them. */
export const HALF_A_REQUEST =
  'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"user';

/** Sends `text` to a local port on a connection that the client never ends; it is destroyed after the test. */
export function openConnection(port: number, text: string) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  let received = '';
  socket.on('data', (data) => (received += data.toString('latin1'))).on('error', () => undefined);
  socket.write(text);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()).once('end', () => resolve()));
  return { socket, received: () => received, ended: () => closed.then(() => received) };
}
