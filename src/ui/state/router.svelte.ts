/** Which page is shown, from the address and back. Links are ordinary anchors; clicks on them stay in the page. */
export type Route =
  | { page: 'home' }
  | { page: 'graph'; id: string }
  | { page: 'runs' }
  | { page: 'run'; id: string }
  | { page: 'missing' };

/** The route a path means. */
export function toRoute(path: string): Route {
  const [first, second, ...rest] = path.split('/').filter(Boolean).map(decode);
  if (rest.length) return { page: 'missing' };
  if (first === undefined) return { page: 'home' };
  if (first === 'graphs' && second !== undefined) return { page: 'graph', id: second };
  if (first === 'runs') return second === undefined ? { page: 'runs' } : { page: 'run', id: second };
  return { page: 'missing' };
}

export const graphPath = (id: string): string => `/graphs/${encodeURIComponent(id)}`;
export const runPath = (id: string): string => `/runs/${encodeURIComponent(id)}`;

export class Router {
  #path = $state(location.pathname);
  readonly route: Route = $derived(toRoute(this.#path));

  constructor() {
    addEventListener('popstate', () => {
      this.#path = location.pathname;
    });
    document.addEventListener('click', (event) => this.#follow(event));
  }

  go(path: string, { replace = false } = {}): void {
    if (path === location.pathname) return;
    history[replace ? 'replaceState' : 'pushState'](null, '', path);
    this.#path = path;
  }

  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const anchor = event.target instanceof Element ? event.target.closest('a') : null;
    if (!anchor || anchor.target || anchor.hasAttribute('download') || anchor.origin !== location.origin)
      return;
    // The API and its documentation are pages of their own.
    if (anchor.pathname.startsWith('/api') || toRoute(anchor.pathname).page === 'missing') return;
    event.preventDefault();
    this.go(anchor.pathname);
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
