/** An origin of a test's own in front of the built server: it can change what is served, and go away. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FrontServer {
  url: string;
  /** Changes the text of a file on its way out. */
  change(path: string, edit: (text: string) => string): void;
  /** No more answers: what a page sees when the server is switched off. */
  stop(): Promise<void>;
}

/** Starts one before the server at `target`. */
export async function startFrontServer(target: string): Promise<FrontServer> {
  const edits = new Map<string, (text: string) => string>();
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/';
    const edit = edits.get(path);
    const headers = { ...incoming.headers, ...(edit && { 'accept-encoding': 'identity' }) };
    if (edit) delete headers['if-none-match'];
    const forwarded = request(new URL(path, target), { method: incoming.method, headers }, (answer) => {
      if (!edit) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        return;
      }
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const { 'content-length': _, etag: __, ...rest } = answer.headers;
        outgoing.writeHead(answer.statusCode ?? 502, rest).end(edit(Buffer.concat(chunks).toString()));
      });
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    change: (path, edit) => void edits.set(path, edit),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
