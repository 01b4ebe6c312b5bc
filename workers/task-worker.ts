/**
 * A worker that runs tasks in a browser. Built as one classic script: its text becomes a blob inside the sandbox, where
 * nothing can be loaded; the fall-back starts it from its address.
 */
import { registry } from '../src/nodes/registry.ts';
import { hideGlobals } from '../src/pool/hide-globals.ts';
import { serveTaskWorker } from '../src/pool/serve-task-worker.ts';

hideGlobals();
serveTaskWorker(registry);
