/**
 * Random numbers that a replay draws again: sfc32 (Chris Doty-Humphrey's Small Fast Counter, from PractRand), seeded
 * by FNV-1a hashes of the run and the task.
 */

/** A generator of numbers uniform in [0, 1), the same for the same seed words. */
export function seededRandom(run: string, task: string): () => number {
  let a = fnv1a(run);
  let b = fnv1a(task);
  let c = fnv1a(`${task}/${run}`);
  let counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  // The author's advice: a dozen rounds mix the seed in.
  for (let round = 0; round < 12; round++) next();
  return next;
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}
