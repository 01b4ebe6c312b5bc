/** Ways never to let go: each by a turn of the guilty task. */
export const waysToStick = [
  'for (;;);',
  // Its time doubles with each letter.
  'return /^(a+)+$/.test("a".repeat(64) + "!");',
  'return (async () => { for (;;) await null; })();',
  'return new Promise((resolve) => { const again = () => queueMicrotask(again); again(); });',
];
