/** What the app's page may load and run. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sandboxScript } from '../src/pool/sandbox-script.ts';

/**
 * The policy of the built page. Its inline scripts are allowed by their hashes. The sandbox in which tasks run is a
 * `srcdoc` frame, which inherits this policy beside having its own, much stricter one: hence its script's hash,
 * `blob:`, of which its workers are made, and `unsafe-eval`, without which they could not compile the graph's code.
 */
export function contentSecurityPolicy(webDir: string): string {
  const hashes = [...inlineScripts(readPage(webDir)), sandboxScript].map(
    (script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return [
    "default-src 'self'",
    `script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval' blob: ${hashes.join(' ')}`.trim(),
    "worker-src 'self' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self' data: blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function readPage(webDir: string): string {
  try {
    return readFileSync(join(webDir, 'index.html'), 'utf8');
  } catch {
    return '';
  }
}

function inlineScripts(html: string): string[] {
  return [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, script]) => script ?? '',
  );
}
