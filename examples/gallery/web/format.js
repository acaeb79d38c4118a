// Bytes, times and types, the way a person reads them.

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB'];

/** `10485760` → `10 MiB`, the units the limits are written in. */
export function size(bytes) {
  if (bytes === 1) return '1 byte';
  let unit = 0;
  let value = bytes;
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit && value < 9.95 ? 1 : 0;
  return `${new Intl.NumberFormat(undefined, { maximumFractionDigits: digits }).format(value)} ${UNITS[unit]}`;
}

/** Date and time. */
export function moment(text) {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(text));
}

/** `image/png` → `PNG`. */
export function type(contentType) {
  const minor = contentType.split(';')[0].split('/').at(-1);
  return { plain: 'Text', markdown: 'Markdown' }[minor] ?? minor.replace(/^x-/, '').toUpperCase();
}

/** `1` → `1 photo`. */
export const count = (n, one) => `${n} ${one}${n === 1 ? '' : 's'}`;
