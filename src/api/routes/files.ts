/** The workspace: the files that nodes read and write. */
import { fileQuerySchema } from '../../schema/api.ts';
import { type Api, operation } from '../operation.ts';
import { readBytes } from '../request-body.ts';
import { done, json } from '../respond.ts';

/** Anything else is given as bytes to download, so that no file of the workspace can act as a page of the app. */
const mediaTypes: Record<string, string> = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
};

export function fileRoutes(api: Api): void {
  const { files } = api.services;
  operation(
    api,
    {
      method: 'get',
      path: '/files',
      tag: 'Data',
      summary: 'Files of the workspace, by path',
      query: fileQuerySchema,
      answer: { status: 200, content: { schema: 'FileEntry', pageOf: true } },
    },
    async ({ query }) => {
      const all = (await files.list(query.prefix)).sort((a, b) => (a.path < b.path ? -1 : 1));
      // The cursor is the last path given, so files that come and go in between do no harm.
      const after = query.cursor;
      const rest = after === undefined ? all : all.filter((file) => file.path > after);
      const items = rest.slice(0, query.limit);
      return json({ items, nextCursor: rest.length > items.length ? (items.at(-1)?.path ?? null) : null });
    },
  );
  operation(
    api,
    {
      method: 'get',
      path: '/files/{path+}',
      tag: 'Data',
      summary: 'The content of a file',
      answer: { status: 200, content: { mediaType: 'application/octet-stream' } },
      problems: [404],
    },
    async ({ param }) => {
      const path = param('path');
      const bytes = await files.read(path);
      const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
      return new Response(new Uint8Array(bytes), {
        headers: {
          'content-type': mediaTypes[extension] ?? 'application/octet-stream',
          'content-disposition': 'attachment',
          'content-security-policy': "default-src 'none'; sandbox",
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-store',
        },
      });
    },
  );
  operation(
    api,
    {
      method: 'put',
      path: '/files/{path+}',
      tag: 'Data',
      summary: 'Write a file, as a whole or not at all',
      body: { mediaType: 'application/octet-stream' },
      answer: { status: 204 },
      problems: [413],
    },
    async ({ request, param }) => {
      const path = param('path');
      await files.write(path, await readBytes(request, api.maxBodyBytes));
      return done();
    },
  );
  operation(
    api,
    {
      method: 'delete',
      path: '/files/{path+}',
      tag: 'Data',
      summary: 'Delete a file',
      answer: { status: 204 },
      problems: [404],
    },
    async ({ param }) => {
      await files.delete(param('path'));
      return done();
    },
  );
}
