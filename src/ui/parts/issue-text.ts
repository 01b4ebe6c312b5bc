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
