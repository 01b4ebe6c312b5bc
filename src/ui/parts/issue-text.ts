/** What an issue says, without the node and the field where it is shown at that place anyway. */
import type { Issue } from '../../errors.ts';

export function issueText(issue: Issue): string {
  let text = issue.message;
  if (issue.node !== undefined)
    text = text.replace(`Node ${JSON.stringify(issue.node)}`, '').replace(/^[\s,:]+/, '');
  if (issue.field !== undefined && text.startsWith(issue.field))
    text = text.slice(issue.field.length).replace(/^[\s,:]+/, '');
  return text === '' ? issue.message : text.charAt(0).toUpperCase() + text.slice(1);
}
