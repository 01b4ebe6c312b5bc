/** The node types of the engine this page talks to, in the words of the interface's language. */
import type { PortSpec, PortType } from '../../nodes/define-node.ts';
import type { NodeType } from '../../schema/api.ts';
import type { GraphNode } from '../../schema/graph.ts';
import { errorPort } from '../../schema/names.ts';
import type { Preferences } from './preferences.svelte.ts';

/** Families of node types in the order the palette shows them. */
export const categories = ['data', 'code', 'math', 'flow', 'io'] as const;

export class Catalog {
  types = $state.raw<NodeType[]>([]);
  readonly #byType = $derived(new Map(this.types.map((type) => [type.type, type])));
  readonly #preferences: Preferences;

  constructor(preferences: Preferences) {
    this.#preferences = preferences;
  }

  get(type: string): NodeType | undefined {
    return this.#byType.get(type);
  }

  say(text: { en: string; zh: string } | undefined): string {
    return text ? (this.#preferences.locale === 'zh-CN' ? text.zh : text.en) : '';
  }

  titleOf(node: GraphNode): string {
    return node.label || this.say(this.get(node.type)?.title) || node.type;
  }

  inputs(node: GraphNode): PortSpec[] {
    return (this.get(node.type)?.inputs ?? [{ name: 'in', type: 'any' }]) as PortSpec[];
  }

  /** The output ports a node has with its present params; without the error port that every node has. */
  outputs(node: GraphNode): PortSpec[] {
    const type = this.get(node.type);
    if (!type) return [{ name: 'out', type: 'any' }];
    const named = node.params?.ports ?? type.defaults.ports;
    if (type.dynamicOutputs && Array.isArray(named)) {
      const names = named.filter((name): name is string => typeof name === 'string' && name !== '');
      return [...new Set(names)].map((name) => ({ name, type: 'any' }));
    }
    return type.outputs as PortSpec[];
  }

  /**
   * What a new node starts with: the defaults, and where a field must be given, what the type's first example has.
   * Files are left open, since an example's are not there.
   */
  startingParams(name: string): Record<string, unknown> {
    const type = this.get(name);
    if (!type) return {};
    const example = (type.examples[0]?.params ?? {}) as Record<string, unknown>;
    const { required = [], properties = {} } = type.params as {
      required?: string[];
      properties?: Record<string, { widget?: string }>;
    };
    const given = required.filter(
      (field) => !(field in type.defaults) && field in example && properties[field]?.widget !== 'file',
    );
    return structuredClone({
      ...type.defaults,
      ...Object.fromEntries(given.map((field) => [field, example[field]])),
    });
  }

  /** Types whose title, summary or name holds every word, best first. */
  search(query: string): NodeType[] {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const scored = this.types.flatMap((type) => {
      const title = this.say(type.title).toLowerCase();
      const rest = `${type.type} ${type.title.en} ${type.title.zh} ${this.say(type.summary)}`.toLowerCase();
      let score = 0;
      for (const word of words) {
        if (title.startsWith(word)) score += 3;
        else if (title.includes(word) || type.type.includes(word)) score += 2;
        else if (rest.includes(word)) score += 1;
        else return [];
      }
      return [{ type, score }];
    });
    return scored.sort((a, b) => b.score - a.score || rank(a.type) - rank(b.type)).map(({ type }) => type);
  }
}

export const categoryOf = (type: string): string => type.split('.')[0] ?? 'other';

/** The dye a family is drawn in, as a CSS value. */
export function dyeOf(type: string): string {
  const category = categoryOf(type);
  return `var(--dye-${(categories as readonly string[]).includes(category) ? category : 'other'})`;
}

/** The dye a port is drawn in: like the family that makes such values. */
export function dyeOfPort(type: PortType | 'error'): string {
  if (type === 'error') return 'var(--fail)';
  if (type === 'number' || type === 'boolean') return 'var(--dye-math)';
  if (type === 'table') return 'var(--dye-data)';
  if (type === 'string') return 'var(--dye-io)';
  if (type === 'array' || type === 'object') return 'var(--dye-code)';
  return 'var(--ink-3)';
}

/** Whether what leaves one port may enter another; a table is a reference, which passes as an object. */
export function portsFit(from: PortType, to: PortType): boolean {
  return from === to || from === 'any' || to === 'any' || (from === 'table' && to === 'object');
}

export const isErrorPort = (name: string): boolean => name === errorPort;

function rank(type: NodeType): number {
  const place = (categories as readonly string[]).indexOf(categoryOf(type.type));
  return place === -1 ? categories.length : place;
}
