#!/usr/bin/env node
/**
 * The command line. Exit status: 0 succeeded, 1 partial or failed, 2 bad input, 130 cancelled. What a command needs
 * is loaded when it is called, so that each starts fast.
 */
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { HandloomError } from '../src/errors.ts';
import { BadInput, exitStatus } from './cli/exit.ts';
import { printable } from './cli/printable.ts';
import { version } from './version.ts';

const wholeNumber = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidArgumentError(`A whole number from ${least} to ${most} is expected.`);
  }
  return value;
};

function inputOption(
  text: string,
  before: { node: string; file: string }[],
): { node: string; file: string }[] {
  // A node's id may hold an equals sign, a file's name seldom does.
  const at = text.lastIndexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('NODE=FILE.json is expected.');
  return [...before, { node: text.slice(0, at), file: text.slice(at + 1) }];
}

const dataOption = () =>
  new Option('--data <dir>', 'folder that keeps graphs, runs and files')
    .env('HANDLOOM_DATA')
    .default('./data');
const filesOption = () =>
  new Option('--files <dir>', 'folder whose files the nodes read and write (default: DATA/files)');
const typedOption = (what: string) =>
  new Option('--typed', `${what} as typed JSON (see the docs at /api/docs)`);
const workersOption = () =>
  new Option('--workers <n>', 'cores to use (default: all)').argParser(wholeNumber(1, 1024));

const reportOption = () =>
  new Option('--report <file>', 'write the report there, whole; - is the standard output');
const quietOption = () => new Option('--quiet', 'show nothing but what is wrong');
const taskOption = () =>
  new Option('--task <id>', 'only this task; may be repeated')
    .default([] as string[], 'any')
    .argParser((text: string, before: string[]) => [...before, text]);
const inputsOption = (about: string) =>
  new Option('--input <NODE=FILE.json>', `${about}; may be repeated`)
    .default([] as { node: string; file: string }[], 'none')
    .argParser(inputOption);

const program = new Command('handloom')
  .description('Runs task graphs on every core of this machine.')
  .version(version)
  .showHelpAfterError('(handloom --help tells more)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : exitStatus.badInput));

program
  .command('run')
  .description('run a graph from start to end')
  .argument('<graph.json>')
  .addOption(inputsOption("payloads for a node, instead of the graph's own"))
  .option('--from <node>', 'run only this node and what it leads to')
  .option('--only <node>', 'run only this node')
  .option('--keep-open', 'wait for further tasks when all is done, until it is closed')
  .addOption(workersOption())
  .addOption(reportOption())
  .addOption(typedOption('read the graph and the inputs, and write the report,'))
  .addOption(dataOption())
  .addOption(filesOption())
  .addOption(quietOption())
  .action(async (file, options) => {
    // Threads take as long to start as the rest takes to be loaded and the graph to be checked.
    const { readyThreads } = await import('./node-workers.ts');
    const threads = readyThreads(options.workers ?? availableParallelism());
    finish(await (await import('./cli/run-command.ts')).runCommand(file, options, threads));
  });

program
  .command('validate')
  .description('say everything that keeps a graph from running, and what is likely a mistake')
  .argument('<graph.json>')
  .action(async (file) => {
    await (await import('./cli/validate-command.ts')).validateCommand(file);
  });

program
  .command('runs')
  .description('list runs, newest first')
  .addOption(dataOption())
  .option('--json', 'as JSON')
  .action(async (options) => finish(await (await import('./cli/runs-command.ts')).runsCommand(options)));

program
  .command('resume')
  .description('go on with a run whose process died, or that was paused (default: the newest)')
  .argument('[run]')
  .addOption(workersOption())
  .addOption(reportOption())
  .addOption(typedOption('write the report'))
  .addOption(dataOption())
  .addOption(filesOption())
  .addOption(quietOption())
  .action(async (run, options) =>
    finish(await (await import('./cli/resume-command.ts')).resumeCommand(run, options)),
  );

program
  .command('pause')
  .description(
    'send out no more tasks of a run; what is under way comes to its end (default: the one under way)',
  )
  .argument('[run]')
  .addOption(dataOption())
  .addOption(quietOption())
  .action(async (run, options) => finish(await (await control()).pauseCommand(run, options)));

program
  .command('close')
  .description('let a run that was kept open come to its end (default: the one kept open)')
  .argument('[run]')
  .addOption(dataOption())
  .addOption(quietOption())
  .action(async (run, options) => finish(await (await control()).closeCommand(run, options)));

program
  .command('inject')
  .description('add tasks to a run while it goes on (default: the one under way)')
  .argument('[run]')
  .addOption(inputsOption('payloads for a node'))
  .addOption(typedOption('read the payloads'))
  .addOption(dataOption())
  .addOption(quietOption())
  .action(async (run, options) => finish(await (await control()).injectCommand(run, options)));

program
  .command('cancel')
  .description('end a run, also one whose process died (default: the one that has not ended)')
  .argument('[run]')
  .addOption(dataOption())
  .addOption(quietOption())
  .action(async (run, options) => finish(await (await control()).cancelCommand(run, options)));

program
  .command('retry')
  .description(
    'try failed tasks again, in the process where the run lives or in this one (default: the newest)',
  )
  .argument('[run]')
  .option('--node <node>', 'only tasks of this node')
  .option('--error <name>', 'only tasks that failed with an error of this name')
  .addOption(taskOption())
  .addOption(workersOption())
  .addOption(reportOption())
  .addOption(dataOption())
  .addOption(filesOption())
  .addOption(quietOption())
  .action(async (run, options) => finish(await (await again()).retryCommand(run, options)));

program
  .command('rerun')
  .description('run again from a node on, with what was delivered to it (default: in the newest run)')
  .argument('[run]')
  .requiredOption('--node <node>', 'the node; nothing upstream of it is run')
  .option('--only', 'nothing downstream of it either')
  .addOption(workersOption())
  .addOption(reportOption())
  .addOption(dataOption())
  .addOption(filesOption())
  .addOption(quietOption())
  .action(async (run, options) => finish(await (await again()).rerunCommand(run, options)));

program
  .command('serve')
  .description('serve the app and its API')
  .option('--port <n>', 'port to listen on', wholeNumber(0, 65_535), 8000)
  .option('--host <name>', 'address to listen on', '127.0.0.1')
  .addOption(workersOption())
  .addOption(dataOption())
  .addOption(filesOption())
  .option(
    '--keep-days <n>',
    'remove runs that ended more days ago (default: keep all)',
    wholeNumber(0, 36_500),
  )
  .option('--keep-runs <n>', 'remove all but the newest so many ended runs', wholeNumber(0, 1e9))
  .option('--keep-mb <n>', 'remove the oldest ended runs beyond so many megabytes', wholeNumber(0, 1e9))
  .action(async ({ keepDays, keepRuns, keepMb, ...options }) => {
    const retention = {
      ...(keepDays !== undefined && { maxAgeMs: keepDays * 86_400_000 }),
      ...(keepRuns !== undefined && { maxRuns: keepRuns }),
      ...(keepMb !== undefined && { maxBytes: keepMb * 1_000_000 }),
    };
    await (await import('./serve.ts')).serve({ ...options, retention });
  });

const control = () => import('./cli/control-command.ts');
const again = () => import('./cli/again-command.ts');

/** Ends also where a library keeps something open. */
function finish(status: number): never {
  process.exit(status);
}

// A reader that has seen enough (`handloom runs | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') finish(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof BadInput) {
    process.stderr.write(`${error.lines.join('\n')}\n`);
    finish(exitStatus.badInput);
  }
  const isUnusable = error instanceof HandloomError && error.code === 'data_folder_unusable';
  process.stderr.write(
    `handloom: ${error instanceof HandloomError ? printable(error.message) : ((error as Error)?.stack ?? error)}\n`,
  );
  finish(isUnusable ? exitStatus.badInput : exitStatus.failed);
}
