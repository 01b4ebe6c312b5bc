/** What an issue says, without the node and the field where it is shown at that place anyway. */
import type { Issue } from '../../errors.ts';
import { problemText } from '../i18n/problem-text.svelte.ts';

export function issueText(issue: Issue): string {
  let text = issue.message;
  if (issue.node !== undefined)
    text = text.replace(`Node ${JSON.stringify(issue.node)}`, '').replace(/^[\s,:]+/, '');
  if (issue.field !== undefined && text.startsWith(issue.field))
    text = text.slice(issue.field.length).replace(/^[\s,:]+/, '');
  if (issue.line !== undefined) text = text.replace(/^line (\d+): (.*)$/s, '$2 (line $1)');
  if (text === '') text = issue.message;
  text = problemText({ code: issue.code, message: text });
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What an issue says with where it is in the document, unless it names its node anyway. */
export function issueWithPlace({ message, node, path = [] }: Issue): string {
  if (node !== undefined || !path.length) return message;
  const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return `${message} (${place.replace(/^\./, '')})`;
}
