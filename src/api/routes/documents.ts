/** The API's description of itself: for programs and for people. */
import { docsPage } from '../docs-page.ts';
import { openApiDocument } from '../openapi.ts';
import type { Api } from '../operation.ts';
import { json } from '../respond.ts';

export function documentRoutes({ app, services }: Api, basePath: string): void {
  let document: ReturnType<typeof openApiDocument> | undefined;
  const describe = () => (document ??= openApiDocument(app, services.version));
  app.get('/openapi.json', () => json(describe()));
  app.get('/docs', () => {
    // The page needs no script, so it may have none.
    const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
    return new Response(docsPage(describe(), `${basePath}/openapi.json`), {
      headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy },
    });
  });
}
