/** Libraries too large to be in every worker: a worker that needs one asks the engine for its text. */

/** Libraries by name, with the addresses of their scripts. */
export type LibraryUrls = Readonly<Record<LibraryName, string>>;
export type LibraryName = 'mathjs';

let ask: ((name: LibraryName) => Promise<string>) | undefined;

/** Says whom this worker asks. */
export function askForLibraries(source: (name: LibraryName) => Promise<string>): void {
  ask = source;
}

/** The text of a library's script. */
export function libraryText(name: LibraryName): Promise<string> {
  if (!ask) throw new Error(`Nobody can be asked for ${name}.`);
  return ask(name);
}
