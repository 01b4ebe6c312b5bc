import { serveTaskProcess } from '../../../server/serve-task-process.ts';
import { testRegistry } from '../test-nodes.ts';

serveTaskProcess(testRegistry);
