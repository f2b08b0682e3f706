/** The part that is used of the libraries without types. */
declare module 'fast-write-atomic' {
  const writeAtomic: { promise(path: string, content: Uint8Array): Promise<void> };
  export default writeAtomic;
}

declare module 'write-file-atomic' {
  function writeFile(path: string, data: Uint8Array): Promise<void>;
  namespace writeFile {
    function sync(path: string, data: Uint8Array): void;
  }
  export default writeFile;
}

// A file of dist/ that the build makes.
declare module '#portable-save' {
  export function savePortably(path: string, bytes: Uint8Array): Promise<unknown>;
}
