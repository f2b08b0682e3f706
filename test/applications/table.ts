/** A program from the npm registry that saves files, and how this package takes the place of its writer. */
export interface Application {
  name: string;
  /** What it saves with. */
  writer: string;
  /** Installed as `indelible/NAME` in the place of the package NAME, by `overrides` of package.json. */
  overrides?: string;
  /** Runs under `node --import indelible/register`. */
  register?: true;
  /** Makes the names and the content of its files comparable, where they depend on where it is installed. */
  comparable?(file: SavedFile): SavedFile;
}

/** A file that an application has made. */
export interface SavedFile {
  /** Below the directory of the application's files. */
  path: string;
  /** Octal, with the file type. */
  mode: string;
  content: string;
}

export const APPLICATIONS: readonly Application[] = [
  { name: 'conf', writer: 'atomically', overrides: 'atomically' },
  { name: 'configstore', writer: 'atomically', overrides: 'atomically' },
  { name: 'lowdb', writer: 'steno', overrides: 'steno' },
  { name: 'write-json-file', writer: 'write-file-atomic', overrides: 'write-file-atomic' },
  { name: 'node-persist', writer: 'fs.writeFile', register: true },
  {
    name: 'jest',
    writer: 'write-file-atomic, fs.writeFileSync',
    overrides: 'write-file-atomic',
    register: true,
    // Its cache contains paths, and the names are hashes of them.
    comparable: ({ path, mode }) => ({
      path: path.replaceAll(/[0-9a-f]{32}|\/[0-9a-f]{2}\//g, '*'),
      mode,
      content: '',
    }),
  },
];

/** `original`: as in the registry. `replaced`: with this package in the place of the writers. */
export const FORMS = ['original', 'replaced'] as const;

export type Form = (typeof FORMS)[number];

/** How the writer is replaced, for the report. */
export function replacementOf({ overrides, register }: Application): string {
  return [...(overrides === undefined ? [] : ['overrides']), ...(register ? ['register'] : [])].join(', ');
}
