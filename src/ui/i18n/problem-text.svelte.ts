/** What the engine says about a problem, in the language of the interface; other words stay as they are. */
import { getLocale } from '../paraglide/runtime.js';

type Say = (code: string | undefined, message: string) => string | undefined;

let sayChinese = $state.raw<Say | undefined>();
let loading: Promise<void> | undefined;

/** Loads the Chinese words, which only those who read Chinese need. Without them the engine's own are shown. */
export function loadChineseProblems(): Promise<void> {
  loading ??= import('./problems-zh.ts').then(
    ({ sayProblem }) => {
      sayChinese = sayProblem;
    },
    () => {
      loading = undefined;
    },
  );
  return loading;
}

/** An error or an issue as people read it. */
export function problemText(problem: { code?: string | undefined; message: string }): string {
  const { code, message } = problem;
  return (getLocale() === 'zh-CN' && sayChinese?.(code, message)) || message;
}

/** Whatever was caught, as people read it. */
export function failureText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const code = (thrown as { code?: unknown }).code;
  return problemText({ message: thrown.message, ...(typeof code === 'string' && { code }) });
}
