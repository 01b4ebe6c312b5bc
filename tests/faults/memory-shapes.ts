/** Ways to run out of memory, as functions of nodes. */

/** Without end; the worker is ended. */
export const memoryShapes = {
  'lists of numbers': '() => { const all = []; for (;;) all.push(new Array(2e7).fill(all.length)); }',
  'one list that grows': '() => { const all = []; for (;;) all.push(1.5); }',
  'small objects': '() => { const all = []; for (;;) all.push({ n: all.length, text: "n" + all.length }); }',
  'a map that grows':
    '() => { const all = new Map(); for (let i = 0; ; i++) all.set("k" + i, [i, i, i, i, i, i, i, i]); }',
  'texts that are doubled':
    '() => { const all = []; for (let i = 0; ; i++) { let s = "x" + i; while (s.length < 5e7) s += s; all.push(s, s.charCodeAt(9)); } }',
  'binary data': '() => { const all = []; for (;;) all.push(new Uint8Array(5e7).fill(1)); }',
};

/** Beyond what the language permits at all; the task fails by itself. */
export const impossibleSizes = {
  'a text too long': '() => { let s = "x"; for (;;) s += s; }',
  'a list too long': '() => new Array(2 ** 32)',
  'binary data too long': '() => new ArrayBuffer(2 ** 53)',
};
