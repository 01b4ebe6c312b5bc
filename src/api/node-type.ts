/** A node type as data: what the palette, the forms and other programs need to know of a definition. */
import { z } from 'zod';
import { type NodeDefinition, outputsOf, type PortSpec } from '../nodes/define-node.ts';
import type { NodeType } from '../schema/api.ts';

const described = new WeakMap<NodeDefinition, NodeType>();

/** Describes a definition; the same object for the same definition. */
export function describeNodeType(definition: NodeDefinition): NodeType {
  const known = described.get(definition);
  if (known) return known;
  const defaults = defaultParams(definition);
  const { $schema: _, ...params } = z.toJSONSchema(definition.params, {
    io: 'input',
    unrepresentable: 'any',
  });
  const type: NodeType = {
    type: definition.type,
    version: definition.version,
    title: definition.title,
    summary: definition.summary,
    icon: definition.icon,
    kind: definition.kind,
    place: definition.place,
    inputs: definition.inputs,
    outputs: defaultOutputs(definition, defaults),
    dynamicOutputs: typeof definition.outputs === 'function',
    params,
    defaults,
    requires: definition.requires ?? [],
    effects: definition.effects ?? false,
    trigger: definition.trigger ?? false,
    examples: definition.examples.map((example) => ({ ...example })),
  };
  described.set(definition, type);
  return type;
}

/** The value of each param that has a default; a param without one is left out. */
export function defaultParams(definition: NodeDefinition): Record<string, unknown> {
  const defaults: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(definition.params.shape)) {
    const result = z.safeParse(field, undefined);
    if (result.success && result.data !== undefined) defaults[name] = result.data;
  }
  return defaults;
}

/** Ports that depend on a param without a default are not known yet. */
function defaultOutputs(definition: NodeDefinition, defaults: Record<string, unknown>): PortSpec[] {
  const params = definition.params.safeParse(defaults);
  return params.success || typeof definition.outputs !== 'function'
    ? outputsOf(definition, params.data ?? {})
    : [];
}
