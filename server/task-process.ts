/** Entry of a child process that runs tasks. */
import { registry } from '../src/nodes/registry.ts';
import { hideGlobals } from '../src/pool/hide-globals.ts';
import { serveTaskProcess } from './serve-task-process.ts';

hideGlobals();
serveTaskProcess(registry);
