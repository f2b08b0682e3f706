/** The parts of a shared library that matter to the system that loads it. */
export interface Binary {
  /** As in `process.arch`. */
  architecture: string;
  /** The libraries that it is linked against. */
  libraries: string[];
  imports: { name: string; weak?: boolean; library?: string; version?: string }[];
  exports: string[];
  /** Whether it has no names except those that it exports and imports. */
  stripped: boolean;
}

/** The text at an offset, up to the next zero byte. */
export function textAt(file: Buffer, at: number): string {
  return file.toString('latin1', at, file.indexOf(0, at));
}
