import { serveTaskThread } from '../../../server/serve-task-thread.ts';
import { testRegistry } from '../test-nodes.ts';

serveTaskThread(testRegistry);
