/** One small component for each widget that a node's parameters may ask for. */
import type { Component } from 'svelte';
import type { FieldWidget } from '../../nodes/field-widgets.ts';
import CodeField from './CodeField.svelte';
import FileField from './FileField.svelte';
import type { FieldProps } from './field-schema.ts';
import GraphField from './GraphField.svelte';
import JsonField from './JsonField.svelte';
import ListField from './ListField.svelte';
import NumberField from './NumberField.svelte';
import SelectField from './SelectField.svelte';
import SwitchField from './SwitchField.svelte';
import TextField from './TextField.svelte';

export const widgets: Record<FieldWidget, Component<FieldProps>> = {
  code: CodeField,
  expression: CodeField,
  sql: CodeField,
  text: TextField,
  multiline: TextField,
  number: NumberField,
  switch: SwitchField,
  select: SelectField,
  list: ListField,
  json: JsonField,
  file: FileField,
  graph: GraphField,
};
