/** Entry of a worker thread that runs tasks. */
import { registry } from '../src/nodes/registry.ts';
import { hideGlobals } from '../src/pool/hide-globals.ts';
import { serveTaskThread } from './serve-task-thread.ts';

hideGlobals();
serveTaskThread(registry);
