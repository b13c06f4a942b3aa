import { connect, createServer, type Socket } from 'node:net';

/** Sends bytes and resolves with what came back as soon as `whole` says that it is all there. */
export type Say = (bytes: Buffer | string, whole: (got: Buffer) => boolean) => Promise<Buffer>;

const TIMEOUT_MS = 2_000;

/** Connects to a port of this machine, talks and hangs up. Throws when nobody listens, or answers within 2 s. */
export async function converse<T>(port: number, talk: (say: Say) => Promise<T>): Promise<T> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`Port ${port} does not answer.`)));
  try {
    return await talk((bytes, whole) => say(socket, bytes, whole));
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

function say(socket: Socket, bytes: Buffer | string, whole: (got: Buffer) => boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    const end = (settle: () => void) => {
      socket.off('data', hear).off('error', fail).off('close', close);
      settle();
    };
    const hear = (part: Buffer) => {
      got = Buffer.concat([got, part]);
      if (whole(got)) end(() => resolve(got));
    };
    const fail = (error: Error) => end(() => reject(error));
    const close = () => fail(new Error('The server hung up.'));
    socket.on('data', hear).on('error', fail).on('close', close);
    socket.write(bytes);
  });
}

/** Whether a server could listen on this port of 127.0.0.1 now. */
export function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
