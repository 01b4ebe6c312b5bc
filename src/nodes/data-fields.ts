/** Parameters that several `data` nodes have. */
import { z } from 'zod';
import { type FieldMeta, field } from './field-widgets.ts';

/** Names of columns. */
export const columnsField = (words: Pick<FieldMeta, 'description' | 'description_zh' | 'placeholder'>) =>
  z
    .array(z.string().min(1))
    .default([])
    .meta(field({ title: 'Columns', title_zh: '列', ...words, widget: 'list' }));

/** How many rows to give at most. */
export const rowLimitField = (least: number) =>
  z
    .int()
    .min(least)
    .optional()
    .meta(
      field({
        title: 'At most',
        title_zh: '最多行数',
        description: 'Without it, all rows.',
        description_zh: '不填写时输出全部行。',
        widget: 'number',
      }),
    );
