/** What an issue says, without the node and the field where it is shown at that place anyway. */
import type { Issue } from '../../errors.ts';
import { problemText } from '../i18n/problem-text.svelte.ts';
import { m } from '../paraglide/messages.js';

export function issueText(issue: Issue): string {
  // Within a subgraph it is shown at another node.
  if (issue.path?.[3] === 'graph' && issue.path.length > 4) return problemText(issue);
  let text = issue.message;
  if (issue.node !== undefined)
    text = text.replace(`Node ${JSON.stringify(issue.node)}`, '').replace(/^[\s,:]+/, '');
  if (issue.field !== undefined && text.startsWith(issue.field))
    text = text.slice(issue.field.length).replace(/^[\s,:]+/, '');
  const [start, line] = /^line (\d+): /.exec(text) ?? ['', undefined];
  text = problemText({ code: issue.code, message: text.slice(start.length) || issue.message });
  if (line !== undefined) return m.at_line({ line, text });
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What an issue says with where it is in the document, unless it names its node anyway. */
export function issueWithPlace(issue: Issue): string {
  const { node, path = [] } = issue;
  const message = problemText(issue);
  if (node !== undefined || !path.length) return message;
  const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return `${message} (${place.replace(/^\./, '')})`;
}
