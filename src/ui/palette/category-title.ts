/** What a family of node types is called. */
import { m } from '../paraglide/messages.js';

export function categoryTitle(category: string): string {
  if (category === 'data') return m.category_data();
  if (category === 'code') return m.category_code();
  if (category === 'math') return m.category_math();
  if (category === 'flow') return m.category_flow();
  if (category === 'io') return m.category_io();
  return m.category_other();
}
