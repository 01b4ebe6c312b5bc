/** Parameters that hold a function, and how they become one. */
import { z } from 'zod';
import type { PrepareTools } from './define-node.ts';
import { field } from './field-widgets.ts';

interface CodeFieldWords {
  title?: string;
  title_zh?: string;
  description: string;
  description_zh: string;
  placeholder: string;
}

const meta = ({ title = 'Function', title_zh = '函数', ...words }: CodeFieldWords) =>
  field({ title, title_zh, ...words, widget: 'code' });

/** A function the user has to write. */
export const codeField = (words: CodeFieldWords) => z.string().meta(meta(words));

/** A function the user may leave out. */
export const optionalCodeField = (words: CodeFieldWords) => z.string().optional().meta(meta(words));

/** The compiled text; undefined where the field was left out, or holds nothing but space. */
export function compileOptional(
  source: string | undefined,
  name: string,
  tools: PrepareTools,
): string | undefined {
  return source === undefined || source.trim() === '' ? undefined : tools.compile(source, name);
}
