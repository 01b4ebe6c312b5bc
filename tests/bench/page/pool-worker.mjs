// @ts-check
/** What a thread of workerpool runs, on Node and in a page (where `workerpool` is the package's browser build). */
import workerpool from 'workerpool';
import * as tasks from '../tasks.mjs';

// It asks for methods that a module does not have, an object does.
workerpool.worker({ ...tasks });
