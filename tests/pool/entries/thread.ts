import { serveTaskThread } from '../../../server/serve-task-thread.ts';
import { hideGlobals } from '../../../src/pool/hide-globals.ts';
import { testRegistry } from '../test-nodes.ts';

hideGlobals();
serveTaskThread(testRegistry);
