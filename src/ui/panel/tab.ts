/** What the panel of a run can show. */
export type Tab = 'results' | 'errors' | 'figures' | 'log';
