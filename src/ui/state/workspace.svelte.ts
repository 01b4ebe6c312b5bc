/** The files that nodes read and write. */
import type { Client } from '../../api/client.ts';

export const dataFile = /\.(csv|tsv|json|jsonl|ndjson|parquet)$/i;

export class Workspace {
  files = $state.raw<{ path: string; bytes: number }[]>([]);
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async load(): Promise<void> {
    try {
      this.files = (await this.#client.listFiles({ limit: 1000 })).items;
    } catch {
      // A list of suggestions only: without it a path can still be typed.
    }
  }

  /** Stores a file of this device and gives its path; a file of that name that is there already stays. */
  async bring(file: File): Promise<string> {
    await this.load();
    const taken = new Set(this.files.map(({ path }) => path));
    const dot = file.name.lastIndexOf('.');
    const [stem, ending] = dot > 0 ? [file.name.slice(0, dot), file.name.slice(dot)] : [file.name, ''];
    let path = file.name;
    for (let number = 2; taken.has(path); number += 1) path = `${stem}-${number}${ending}`;
    await this.#client.writeFile(path, file);
    this.files = [...this.files, { path, bytes: file.size }];
    return path;
  }
}
