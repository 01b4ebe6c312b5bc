/** mathjs as one classic script, for task workers whose nodes need it. */
import { all, create } from 'mathjs';

Object.assign(globalThis, { mathjs: { all, create } });
