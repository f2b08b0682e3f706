/** C++ without its comments. A compiler does not need them: they are a third of the compressed size. */
export function withoutComments(source: string): string {
  return withoutIndentation(source.replace(/^[ \t]*\/\/.*\n/gm, '')).replace(/\n{2,}/g, '\n');
}

/** The lines of a comment keep one space. */
export function withoutIndentation(source: string): string {
  return source.replace(/^[ \t]+(\*?)/gm, (_, star: string) => (star === '' ? '' : ' *'));
}

/** Declarations without the tags that order the API reference. Editors show them below every description. */
export function withoutCategories(declarations: string): string {
  return declarations.replace(/(?:^[ \t]*\*\n)?^[ \t]*\* @category .*\n/gm, '');
}
