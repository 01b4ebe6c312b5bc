/**
 * fast-check as the tests use it: `npm test` judges each change by the same inputs, so that one which fails there
 * failed by itself; `npm run test:long` looks for new inputs, and prints the seed of those that fail.
 */
import fc from 'fast-check';

if (process.env.HANDLOOM_INPUTS !== 'new') fc.configureGlobal({ seed: 1 });

export default fc;
