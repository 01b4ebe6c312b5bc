/** Entry of a child process that runs tasks. */
import { registry } from '../src/nodes/registry.ts';
import { serveTaskProcess } from './serve-task-process.ts';

serveTaskProcess(registry);
