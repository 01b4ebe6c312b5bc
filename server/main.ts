/** A Node host by itself, without the command line: settings come from the environment. */
import { BadInput, exitStatus } from './cli/exit.ts';
import { serve } from './serve.ts';

const { PORT, HOST, HANDLOOM_DATA } = process.env;
try {
  await serve({ port: Number(PORT ?? 8000), host: HOST ?? '127.0.0.1', data: HANDLOOM_DATA ?? './data' });
} catch (error) {
  if (!(error instanceof BadInput)) throw error;
  process.stderr.write(`${error.lines.join('\n')}\n`);
  process.exit(exitStatus.badInput);
}
