/** Registers the service worker, and tells when a newer build of the app waits to be opened. */

export interface ServiceWorkerOptions {
  /**
   * A newer build has been fetched. It opens once every page of this one is closed, or when `activate` is called:
   * then all pages of this origin are reloaded, so call it when nobody is in the middle of something.
   */
  onUpdate?: (activate: () => void) => void;
}

/** Never rejects: the app does without a service worker where there is none to be had (private mode, plain http). */
export async function registerServiceWorker(options: ServiceWorkerOptions = {}): Promise<void> {
  const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (!container) return;
  // The first service worker takes over a page that has none; only a change from one to another calls for a reload.
  let controlled = container.controller !== null;
  container.addEventListener('controllerchange', () => {
    if (controlled) location.reload();
    controlled = true;
  });
  try {
    const registration = await container.register('/service-worker.js');
    watch(registration, options.onUpdate);
    // A hard reload goes past the service worker, for its files and for good, unless it claims the page again.
    if (!container.controller) registration.active?.postMessage('claim');
  } catch (error) {
    console.warn('Handloom goes on without its service worker:', error);
  }
}

function watch(registration: ServiceWorkerRegistration, onUpdate: ServiceWorkerOptions['onUpdate']): void {
  const offer = (worker: ServiceWorker) => onUpdate?.(() => worker.postMessage('activate'));
  if (registration.waiting && registration.active) offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing;
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'installed' && registration.active) offer(worker);
    });
  });
}
