/**
 * Who may ask a server that runs people's code. A page of any site can make its reader's browser ask an address on
 * that reader's machine, so a server on loopback answers only under loopback names (a foreign name that resolves
 * here is DNS rebinding), and nothing is changed on behalf of another site's page.
 */
import { HandloomError } from '../src/errors.ts';

const loopbackNames = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\]|::1)$/;

/** Whether an address is reachable from this machine alone. */
export const isLoopback = (host: string): boolean => loopbackNames.test(host);

/**
 * @param boundTo the host the server listens on
 * @throws HandloomError `forbidden_host` or `forbidden_origin`
 */
export function guardRequest(request: Request, boundTo: string): void {
  const host = request.headers.get('host') ?? '';
  const name = host.replace(/:\d+$/, '');
  if (isLoopback(boundTo) && !isLoopback(name) && name !== boundTo) {
    throw new HandloomError(
      'forbidden_host',
      `This server does not answer to the name ${JSON.stringify(name)}.`,
    );
  }
  if (['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return;
  const origin = request.headers.get('origin');
  if (origin !== null && !sameHost(origin, host)) {
    throw new HandloomError('forbidden_origin', 'Pages of other origins may not change anything here.');
  }
}

function sameHost(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === host.toLowerCase().replace(/:80$/, '');
  } catch {
    return false;
  }
}
