/** How long the pages of lists are, on every host. */
export const defaultLimit = 100;
export const maxLimit = 1000;

/** The number of items asked for, within the limits. */
export const limitOf = ({ limit = defaultLimit }: { limit?: number | undefined } = {}): number =>
  Math.min(Math.max(1, limit), maxLimit);
