/** What a form reads from a params' JSON Schema. */
import type { FieldWidget } from '../../nodes/field-widgets.ts';

export interface FieldSchema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  anyOf?: FieldSchema[];
  items?: FieldSchema;
  properties?: Record<string, FieldSchema>;
  required?: string[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  title?: string;
  title_zh?: string;
  description?: string;
  description_zh?: string;
  widget?: FieldWidget;
  placeholder?: string;
  labels?: Record<string, string>;
  labels_zh?: Record<string, string>;
}

/** What every field component gets. */
export interface FieldProps {
  id: string;
  schema: FieldSchema;
  /** What it is called, for fields that have no label element of their own. */
  label: string;
  value: unknown;
  onchange: (value: unknown) => void;
  invalid?: boolean;
  describedBy?: string | undefined;
  /** Where within the text something is wrong. */
  marks?: { line: number; column?: number | undefined; message: string }[];
}

/** The widget a field names, or the one its shape suggests. */
export function widgetOf(schema: FieldSchema): FieldWidget {
  if (schema.widget) return schema.widget;
  if (schema.enum) return 'select';
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'boolean') return 'switch';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'string') return 'text';
  if (type === 'array' && schema.items && widgetOf(schema.items) !== 'json') return 'list';
  return 'json';
}

/** The words of a field in a language. */
export function wordsOf(
  schema: FieldSchema,
  name: string,
  zh: boolean,
): { title: string; description: string | undefined } {
  return {
    title: (zh ? schema.title_zh : undefined) ?? schema.title ?? name,
    description: (zh ? schema.description_zh : undefined) ?? schema.description,
  };
}
