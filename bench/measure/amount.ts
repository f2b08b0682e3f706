/** A time with three digits, in a unit that fits. At most 7 columns up to 999 seconds. */
export function duration(microseconds: number): string {
  if (microseconds < 0.9995) return `${Math.round(microseconds * 1000)} ns`;
  if (microseconds < 999.5) return `${threeDigits(microseconds)} us`;
  if (microseconds < 999_500) return `${threeDigits(microseconds / 1000)} ms`;
  return `${threeDigits(microseconds / 1_000_000)} s`;
}

export function threeDigits(value: number): string {
  return value < 999.5 ? value.toPrecision(3) : String(Math.round(value));
}

/** A count, without insignificant digits. At most 5 columns up to 10 million. */
export function count(value: number): string {
  if (value >= 99_999.5) return `${Math.round(value / 1000)}k`;
  return value < 9.95 ? String(Number(value.toFixed(1))) : String(Math.round(value));
}

/** A whole number with its thousands apart: `1,512`. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function byteSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit += 1) value /= 1024;
  return `${Number(value.toPrecision(3))} ${UNITS[unit]}`;
}
