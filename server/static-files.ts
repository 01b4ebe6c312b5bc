/** The built app's files over HTTP: found once at the start, so that no request can reach any other file. */
import { createHash } from 'node:crypto';
import { createReadStream, type Dirent, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const mediaTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.csv': 'text/csv; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.parquet': 'application/vnd.apache.parquet',
};
const worthCompressing = new Set([
  '.html',
  '.js',
  '.css',
  '.json',
  '.webmanifest',
  '.svg',
  '.csv',
  '.txt',
  '.wasm',
]);

/** Beyond this, compressing takes longer than sending it to the same machine. */
const largeBytes = 4 * 1024 * 1024;

type Encoding = 'br' | 'gzip';

interface StaticFile {
  path: string;
  /** Its name carries a hash of its content, so it never changes. */
  immutable: boolean;
  extension: string;
  bytes: number;
  etag: string;
  compressed: Map<Encoding, Promise<Buffer>>;
}

const compressors: Record<Encoding, (bytes: Buffer) => Promise<Buffer>> = {
  br: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (bytes) => promisify(gzip)(bytes),
};

export interface StaticFiles {
  has(pathname: string): boolean;
  /** Answers a GET or HEAD; undefined when there is no such file. `nearby`: the reader is on this machine. */
  answer(pathname: string, request: Request, nearby: boolean): Promise<Response | undefined>;
}

/** Serves a folder; one that does not exist has no files. */
export function staticFiles(root: string): StaticFiles {
  const files = new Map(
    listFiles(root).map((file) => [`/${relative(root, file.path).split(sep).join('/')}`, file]),
  );
  return {
    has: (pathname) => files.has(pathname),
    async answer(pathname, request, nearby) {
      const file = files.get(pathname);
      return file && answerFile(file, request, nearby);
    },
  };
}

function listFiles(root: string): StaticFile[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(root, { recursive: true, withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { size, mtimeMs } = statSync(path);
      const etag = createHash('sha256').update(`${entry.name} ${size} ${mtimeMs}`).digest('hex').slice(0, 20);
      return {
        path,
        immutable: relative(root, path).startsWith(`assets${sep}`),
        extension: extname(path).toLowerCase(),
        bytes: size,
        etag,
        compressed: new Map(),
      };
    });
}

async function answerFile(file: StaticFile, request: Request, nearby: boolean): Promise<Response> {
  const encoding = encodingFor(file, request, nearby);
  const etag = `"${file.etag}${encoding ? `-${encoding}` : ''}"`;
  const headers = new Headers({
    'content-type': mediaTypes[file.extension] ?? 'application/octet-stream',
    // Without a hash in the name the browser must ask each time, which the tag makes cheap.
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
    etag,
  });
  if (request.headers.get('if-none-match')?.includes(etag))
    return new Response(null, { status: 304, headers });
  if (encoding) {
    const bytes = await compress(file, encoding);
    headers.set('content-encoding', encoding);
    headers.set('content-length', String(bytes.byteLength));
    return new Response(request.method === 'HEAD' ? null : new Uint8Array(bytes), { headers });
  }
  headers.set('content-length', String(file.bytes));
  if (request.method === 'HEAD') return new Response(null, { headers });
  const body = Readable.toWeb(createReadStream(file.path)) as ReadableStream<Uint8Array>;
  return new Response(body, { headers });
}

function encodingFor(file: StaticFile, request: Request, nearby: boolean): Encoding | undefined {
  if (!worthCompressing.has(file.extension) || file.bytes < 1024) return undefined;
  if (nearby && file.bytes > largeBytes) return undefined;
  const accepted = request.headers.get('accept-encoding') ?? '';
  if (/\bbr\b/.test(accepted) && file.bytes <= largeBytes) return 'br';
  return /\bgzip\b/.test(accepted) ? 'gzip' : undefined;
}

/** Compressed once; all that ask meanwhile wait for the same. */
function compress(file: StaticFile, encoding: Encoding): Promise<Buffer> {
  let bytes = file.compressed.get(encoding);
  if (!bytes) {
    bytes = readFile(file.path).then(compressors[encoding]);
    bytes.catch(() => file.compressed.delete(encoding));
    file.compressed.set(encoding, bytes);
  }
  return bytes;
}
