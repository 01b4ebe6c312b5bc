/** Every node type, found by its place: `src/nodes/<category>/<name>.ts`, default-exporting a definition. */
import type { NodeDefinition, NodeRegistry } from './define-node.ts';

const modules = import.meta.glob<{ default: NodeDefinition }>('./*/*.ts', { eager: true });

/** Builds a registry. @throws when two definitions claim one type. */
export function createRegistry(definitions: NodeDefinition[]): NodeRegistry {
  const byType = new Map<string, NodeDefinition>();
  for (const definition of definitions) {
    if (byType.has(definition.type)) throw new Error(`Two node types are called ${definition.type}`);
    byType.set(definition.type, definition);
  }
  const sorted = [...byType.values()].sort((a, b) => (a.type < b.type ? -1 : 1));
  return { get: (type) => byType.get(type), list: () => sorted };
}

export const registry: NodeRegistry = createRegistry(Object.values(modules).map((module) => module.default));
