/**
 * How a parameter is shown in a form. A field of a params schema carries `.meta(field({ … }))`; the form reads it
 * back from the JSON Schema. This list is the one truth of what widgets there are.
 */

export const fieldWidgets = [
  /** JavaScript or TypeScript, in the code editor. */
  'code',
  /** A mathematical expression, in one line of the code editor. */
  'expression',
  /** SQL, in the code editor. */
  'sql',
  'text',
  'multiline',
  'number',
  'switch',
  /** One of the values of an enum. */
  'select',
  /** A list whose items can be added, moved and removed. */
  'list',
  /** Any JSON value, in the code editor. */
  'json',
  /** A path in the workspace. */
  'file',
  /** A whole graph, picked from those that are kept. */
  'graph',
] as const;

export type FieldWidget = (typeof fieldWidgets)[number];

/** What the form knows about a field beyond its shape. A type, not an interface, so that it fits zod's `meta`. */
export type FieldMeta = {
  title: string;
  title_zh: string;
  description?: string;
  description_zh?: string;
  widget: FieldWidget;
  placeholder?: string;
  /** Words for the values of a `select`. */
  labels?: Record<string, string>;
  labels_zh?: Record<string, string>;
};

/** The identity function, for its types: `z.string().meta(field({ … }))`. Call `meta` last in the chain. */
export const field = (meta: FieldMeta): FieldMeta => meta;
