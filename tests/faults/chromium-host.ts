/** The built studio in a Chromium of its own, which can be killed as a whole and opened again with what it has kept. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { type Client, createClient } from '../../src/api/client.ts';
import { chromiumArguments, findChromium } from '../chromium.mjs';

export interface ChromiumHost {
  page: Page;
  /** Asks the engine in the page. */
  client: Client;
  /** Ends all of its processes at once, as `kill -9` does. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

const portFile = 'DevToolsActivePort';

/** Opens the studio at `url` in a browser that keeps its data in `profile`; settles when its engine answers. */
export async function openChromium(url: string, profile: string): Promise<ChromiumHost> {
  await rm(join(profile, portFile), { force: true });
  const child = spawn(
    findChromium() as string,
    [
      ...chromiumArguments,
      '--headless=new',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    // A group of its own, by which all of its processes can be reached.
    { detached: true, stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const kill = async () => {
    try {
      process.kill(-(child.pid as number), 'SIGKILL');
    } catch {
      // All of them have ended.
    }
    await ended;
  };
  try {
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${await portOf(child, profile)}`);
    const context = browser.contexts()[0] ?? (await browser.newContext());
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto(url);
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    const client = createClient(fetchIn(page), '/api');
    await client.health();
    return { page, client, kill, close: kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

/** The browser writes down where it listens. */
async function portOf(child: ChildProcess, profile: string): Promise<string> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Chromium ended with status ${child.exitCode}`);
    const [port] = (await readFile(join(profile, portFile), 'utf8').catch(() => '')).split('\n');
    if (port) return port;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A `fetch` of texts that is carried out by a page. */
const fetchIn =
  (page: Page) =>
  async (url: string, { method = 'GET', headers = {}, body }: RequestInit = {}): Promise<Response> => {
    const request = { url, method, headers: headers as Record<string, string>, body: body as string };
    const answer = await page.evaluate(async ({ url, ...init }) => {
      const response = await fetch(url, init);
      return { status: response.status, headers: [...response.headers], text: await response.text() };
    }, request);
    return new Response(answer.text, {
      status: answer.status,
      headers: answer.headers as [string, string][],
    });
  };
