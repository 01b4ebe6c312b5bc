import { maxLimit } from '../../schema/page.ts';
import type { Page, PageQuery } from '../../store/store.ts';

/** Items of a list from its first page to its last, read as they are asked for. */
export async function* everyItem<T>(
  read: (page: { limit: number; cursor?: string }) => Promise<Page<T>>,
): AsyncGenerator<T> {
  let cursor: string | null | undefined;
  do {
    const page = await read({ limit: maxLimit, ...(cursor && { cursor }) });
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor);
}

/** A list as far as this page of it goes, or, without one, all of it. */
export async function pageOrAll<T, Query extends PageQuery>(
  read: (page: Query | PageQuery) => Promise<Page<T>>,
  page: Query | undefined,
): Promise<Page<T>> {
  if (page) return read(page);
  const items: T[] = [];
  for await (const item of everyItem(read)) items.push(item);
  return { items, nextCursor: null };
}
