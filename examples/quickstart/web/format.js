// Bytes, times and kinds of files, the way a person reads them.

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];

/** `52428800` → `52.4 MB`. */
export function size(bytes) {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(undefined, {
    style: 'unit',
    unit: UNITS[unit],
    unitDisplay: unit ? 'short' : 'long',
    maximumFractionDigits: unit && value < 99.95 ? 1 : 0,
  }).format(value);
}

/** Today: the time; this year: day and month; else the date. */
export function when(date, now = new Date()) {
  if (Number.isNaN(date.getTime())) return '';
  const options = date.toDateString() === now.toDateString()
    ? { hour: 'numeric', minute: '2-digit' }
    : date.getFullYear() === now.getFullYear()
      ? { day: 'numeric', month: 'short' }
      : { day: 'numeric', month: 'short', year: 'numeric' };
  return new Intl.DateTimeFormat(undefined, options).format(date);
}

/** Date and time in full. */
export function moment(date) {
  if (Number.isNaN(date.getTime())) return '';
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(date);
}

/** `90` → `2 min left`. */
export function left(seconds) {
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))} s left`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min left`;
  return `${Math.ceil(seconds / 3600)} h left`;
}

/** Which icon a content type gets. */
export function kind(type = '') {
  const [major, minor = ''] = type.split(';')[0].split('/');
  if (major === 'image' || major === 'video' || major === 'audio') return major;
  if (/zip|tar|compress|gzip|7z|rar|bzip|zstd/.test(minor)) return 'archive';
  if (major === 'text' || /json|xml|pdf|document|javascript|toml|yaml/.test(minor)) return 'text';
  return 'file';
}
