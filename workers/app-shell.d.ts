/** Made by the build for the service worker: what the app needs offline. Empty while developing. */
declare module 'virtual:app-shell' {
  /** Changes whenever any file of the built app does. */
  export const version: string;
  /** Paths from the web root of all built files but WebAssembly; the page itself is `/`. */
  export const files: readonly string[];
}
