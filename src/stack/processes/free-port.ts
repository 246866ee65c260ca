import { createServer } from 'node:net';
import getPort from 'get-port';

/** The port of the last start if it is free, else another free port. */
export async function choosePort(remembered?: number): Promise<number> {
  return remembered && !(await whyPortIsTaken(remembered)) ? remembered : getPort({ host: '127.0.0.1' });
}

/** The error code of an attempt to listen on the port (EADDRINUSE, EACCES); undefined when the port is free. */
export function whyPortIsTaken(port: number, host = '127.0.0.1'): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host }, () => server.close(() => resolve(undefined)));
  });
}
