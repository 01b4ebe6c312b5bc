import type { Page } from '../../store/store.ts';

/** Items of a list from its first page to its last, read as they are asked for. */
export async function* everyItem<T>(
  read: (page: { limit: number; cursor?: string }) => Promise<Page<T>>,
): AsyncGenerator<T> {
  let cursor: string | null | undefined;
  do {
    const page = await read({ limit: 1000, ...(cursor && { cursor }) });
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor);
}
