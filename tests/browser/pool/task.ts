import { serveTaskWorker } from '../../../src/pool/serve-task-worker.ts';
import { testRegistry } from '../../pool/test-nodes.ts';

serveTaskWorker(testRegistry);
