/** The parameter by which `data` nodes choose a file's format. */
import { z } from 'zod';
import { field } from './field-widgets.ts';

export const formatField = z
  .enum(['auto', 'csv', 'json', 'parquet'])
  .default('auto')
  .meta(
    field({
      title: 'Format',
      title_zh: '格式',
      description: 'Automatic goes by the end of the file name.',
      description_zh: '“自动”会根据文件扩展名判断。',
      widget: 'select',
      labels: { auto: 'Automatic', csv: 'CSV', json: 'JSON', parquet: 'Parquet' },
      labels_zh: { auto: '自动', csv: 'CSV', json: 'JSON', parquet: 'Parquet' },
    }),
  );

export type Format = z.output<typeof formatField>;

/** What {@link formatField} means for `ctx.tables`. */
export const formatOption = (format: Format): { format?: 'csv' | 'json' | 'parquet' } =>
  format === 'auto' ? {} : { format };
