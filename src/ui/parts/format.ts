/** Numbers and times in the language of the interface, as short as they can be read. */
import { m } from '../paraglide/messages.js';
import { getLocale } from '../paraglide/runtime.js';

const cache = new Map<string, Intl.NumberFormat>();

function numbers(options: Intl.NumberFormatOptions, key: string): Intl.NumberFormat {
  const name = `${getLocale()} ${key}`;
  let format = cache.get(name);
  if (!format) cache.set(name, (format = new Intl.NumberFormat(getLocale(), options)));
  return format;
}

/** 1234567 as `1,234,567`. */
export const whole = (value: number): string => numbers({ maximumFractionDigits: 0 }, 'whole').format(value);

/** 1234567 as `1.2M`; figures below ten thousand stay as they are. */
export const short = (value: number): string =>
  value < 10_000
    ? whole(value)
    : numbers({ notation: 'compact', maximumSignificantDigits: 3 }, 'short').format(value);

export const percent = (share: number): string =>
  numbers({ style: 'percent', maximumFractionDigits: 0 }, 'percent').format(share);

/** Milliseconds as `840 ms`, `12.4 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const minutes = Math.floor(ms / 60_000);
  const two = (value: number) => String(value).padStart(2, '0');
  if (minutes < 60) return `${minutes} min ${two(Math.floor((ms % 60_000) / 1000))} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** Milliseconds still to go, no more exactly than they are known: `7 s`, `35 s`, `4 min`, `2 h`. Nothing below half a second. */
export function roughly(ms: number): string | undefined {
  if (ms < 500) return undefined;
  const seconds = ms / 1000;
  if (seconds < 57.5)
    return m.roughly_seconds({ count: seconds < 10 ? Math.round(seconds) : Math.round(seconds / 5) * 5 });
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return m.roughly_minutes({ count: minutes });
  return m.roughly_hours({ count: whole(Math.round(minutes / 60)) });
}

/** A size in bytes as `840 B`, `12.4 kB`, `3.1 MB`. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, value < 1 ? 0 : Math.floor(Math.log10(value) / 3));
  return `${(value / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** An ISO time as the hour today, and as day and hour before. */
export function when(iso: string, now = Date.now()): string {
  const date = new Date(iso);
  const today = new Date(now).toDateString() === date.toDateString();
  const options: Intl.DateTimeFormatOptions = today
    ? { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }
    : { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  return new Intl.DateTimeFormat(getLocale(), options).format(date);
}
