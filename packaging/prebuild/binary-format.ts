/** What a shared library asks of the system that loads it, whatever its format. */
export interface Binary {
  /** In Node.js's words. */
  architecture: string;
  /** The libraries that it is linked against. */
  libraries: string[];
  imports: { name: string; weak?: boolean; library?: string; version?: string }[];
  exports: string[];
  /** Whether the names of what it does not export are gone. */
  stripped: boolean;
}

/** The text at an offset, up to the next zero byte. */
export function textAt(file: Buffer, at: number): string {
  return file.toString('latin1', at, file.indexOf(0, at));
}
