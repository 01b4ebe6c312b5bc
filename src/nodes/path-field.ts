/** The param by which a node names a file or a folder of the workspace. Where it says nothing, the values do. */
import { z } from 'zod';
import { type FieldMeta, field } from './field-widgets.ts';

export const pathField = (words: Omit<Partial<FieldMeta>, 'widget'>) =>
  z
    .string()
    .optional()
    .meta(field({ title: 'File', title_zh: '文件', ...words, widget: 'file' }));
