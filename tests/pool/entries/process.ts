import { serveTaskProcess } from '../../../server/serve-task-process.ts';
import { hideGlobals } from '../../../src/pool/hide-globals.ts';
import { testRegistry } from '../test-nodes.ts';

hideGlobals();
serveTaskProcess(testRegistry);
