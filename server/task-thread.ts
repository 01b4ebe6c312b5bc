/** Entry of a worker thread that runs tasks. */
import { registry } from '../src/nodes/registry.ts';
import { serveTaskThread } from './serve-task-thread.ts';

serveTaskThread(registry);
