/** Which rows of a long list are in sight: only those are in the page. */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core';
import { untrack } from 'svelte';

export interface VirtualListOptions {
  count: number;
  /** Pixels; all rows have one height. */
  rowHeight: number;
  /** Rows that are kept in the page beyond those in sight, on either side. */
  overscan: number;
  /** Pixels above the first row, which stay in sight. @default 0 */
  head?: number;
  /** Tells which rows have come into sight, so that more can be fetched. */
  onrange?: ((first: number, last: number) => void) | undefined;
}

export class VirtualList {
  /** Rows to be in the page, and how many pixels from the top each begins. */
  items = $state.raw<{ index: number; start: number }[]>([]);
  /** Pixels that all rows take together. */
  height = $state(0);
  readonly #options: () => VirtualListOptions;
  #virtualizer: Virtualizer<HTMLElement, HTMLElement> | undefined;

  /** @param options read again whenever something in them has changed */
  constructor(options: () => VirtualListOptions) {
    this.#options = options;
  }

  /** To be attached to the element that scrolls. */
  readonly scroller = (element: HTMLElement): (() => void) => {
    const made = new Virtualizer<HTMLElement, HTMLElement>(untrack(() => this.#settings(element)));
    this.#virtualizer = made;
    const unmount = made._didMount();
    $effect(() => {
      made.setOptions(this.#settings(element));
      made._willUpdate();
      untrack(() => this.#show());
    });
    return () => {
      unmount();
      this.#virtualizer = undefined;
    };
  };

  /** Brings a row into sight. */
  scrollTo(index: number): void {
    this.#virtualizer?.scrollToIndex(index);
  }

  #settings(element: HTMLElement) {
    const { count, rowHeight, overscan, head = 0 } = this.#options();
    return {
      count,
      getScrollElement: () => element,
      estimateSize: () => rowHeight,
      overscan,
      paddingStart: head,
      scrollPaddingStart: head,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      onChange: () => this.#show(),
    };
  }

  #show(): void {
    if (!this.#virtualizer) return;
    const next = this.#virtualizer.getVirtualItems();
    this.items = next.map(({ index, start }) => ({ index, start }));
    this.height = this.#virtualizer.getTotalSize();
    const [first, last] = [next[0], next.at(-1)];
    if (first && last) untrack(() => this.#options().onrange?.(first.index, last.index));
  }
}
