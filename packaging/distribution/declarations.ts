import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** A declaration of a module. */
interface Declaration {
  name: string;
  /** Without `export`, with its comment. The overloads of a function are one text. */
  text: string;
  /** The identifiers in it. */
  mentions: Set<string>;
}

/** Where a name comes from: the path of a module below the entry, or the specifier of a package. */
interface Origin {
  from: string;
  /** Whether it is a package or a module of Node.js. */
  outside: boolean;
}

interface Module {
  path: string;
  declarations: Map<string, Declaration>;
  imported: Map<string, Origin>;
  exported: Map<string, Origin>;
}

/**
 * Joins the declarations that the compiler has written for an entry and for the modules that it imports to one text:
 * those that its exports name, and those that these name.
 *
 * @param entry the path of a `.d.ts`.
 * @param others module specifiers of other bundles, with the names that they export: these are imported from there.
 * @throws {Error} for a form of declaration that it does not know, and for two declarations of one name.
 */
export function bundleDeclarations(entry: string, others: Record<string, readonly string[]> = {}): string {
  const modules = new Map<string, Module>();
  const { exported } = read(entry, modules);
  const bundled = new Map<string, Declaration>();
  const outside = new Map<string, Set<string>>();
  const add = (name: string, origin: Origin) => {
    const other = Object.entries(others).find(([, names]) => names.includes(name))?.[0];
    if (origin.outside || other !== undefined) {
      const specifier = other ?? origin.from;
      outside.set(specifier, (outside.get(specifier) ?? new Set()).add(name));
      return;
    }
    const module = modules.get(origin.from);
    const declaration = module?.declarations.get(name);
    if (module === undefined || declaration === undefined) {
      const further = module?.exported.get(name);
      if (further === undefined) throw new Error(`${origin.from} declares no ${name}`);
      add(name, further);
      return;
    }
    const known = bundled.get(name);
    if (known === declaration) return;
    if (known !== undefined) throw new Error(`${origin.from}: a second declaration of ${name}`);
    bundled.set(name, declaration);
    for (const mentioned of declaration.mentions) {
      const source = module.imported.get(mentioned);
      if (source !== undefined) add(mentioned, source);
      else if (module.declarations.has(mentioned)) add(mentioned, { from: module.path, outside: false });
    }
  };
  for (const [name, origin] of exported) add(name, origin);
  const imports = [...outside].map(
    ([specifier, names]) => `import type { ${[...names].sort().join(', ')} } from '${specifier}';`,
  );
  const texts = [...bundled.values()].map(({ text }) => text);
  return `${[...imports.sort(), ...texts, `export { ${[...exported.keys()].sort().join(', ')} };`].join('\n')}\n`;
}

/** The names that a bundle of declarations exports. */
export function exportedNames(bundle: string): string[] {
  return /^export \{ (.*) \};$/m.exec(bundle)?.[1]?.split(', ') ?? [];
}

function read(path: string, modules: Map<string, Module>): Module {
  const known = modules.get(path);
  if (known !== undefined) return known;
  if (!existsSync(path)) throw new Error(`${path} is missing`);
  const module: Module = { path, declarations: new Map(), imported: new Map(), exported: new Map() };
  modules.set(path, module);
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const below = (specifier: string) =>
    read(join(dirname(path), specifier.replace(/\.js$/, '.d.ts')), modules);
  const originOf = (specifier: string): Origin =>
    specifier.startsWith('.')
      ? { from: below(specifier).path, outside: false }
      : { from: specifier, outside: true };
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) {
      const origin = originOf(textOf(statement.moduleSpecifier));
      for (const name of namesOf(statement.importClause?.namedBindings, statement)) {
        module.imported.set(name, origin);
      }
    } else if (ts.isExportDeclaration(statement)) {
      // `export {}` only says that the file is a module.
      if (statement.moduleSpecifier === undefined) continue;
      const origin = originOf(textOf(statement.moduleSpecifier));
      const names =
        statement.exportClause === undefined
          ? (modules.get(origin.from)?.exported.keys() ?? [])
          : namesOf(statement.exportClause, statement);
      for (const name of names) module.exported.set(name, origin);
    } else {
      const declaration = declarationOf(statement);
      const { name } = declaration;
      const overload = module.declarations.get(name);
      if (overload === undefined) {
        module.declarations.set(name, declaration);
      } else {
        overload.text += `\n${declaration.text}`;
        for (const mentioned of declaration.mentions) overload.mentions.add(mentioned);
      }
      if (isExported(statement)) module.exported.set(name, { from: path, outside: false });
    }
  }
  return module;
}

function declarationOf(statement: ts.Statement): Declaration {
  const mentions = new Set<string>();
  const internal: ts.Node[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isImportTypeNode(node)) throw unknown(statement);
    if (ts.isClassElement(node) && isInternal(node)) {
      internal.push(node);
      return;
    }
    if (ts.isIdentifier(node)) mentions.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(statement);
  const comments = statement.getFullText().slice(0, statement.getLeadingTriviaWidth()).trim();
  const code = withoutMembers(statement, internal).replace(/^export /, '');
  return { name: nameOf(statement), text: comments === '' ? code : `${comments}\n${code}`, mentions };
}

/** The text of a declaration without its internal members. An internal constructor cannot be called. */
function withoutMembers(statement: ts.Statement, internal: readonly ts.Node[]): string {
  const text = statement.getSourceFile().text;
  let code = '';
  let from = statement.getStart();
  for (const member of internal) {
    code += text.slice(from, member.getFullStart());
    if (ts.isConstructorDeclaration(member)) code += '\n    private constructor();';
    from = member.getEnd();
  }
  return code + text.slice(from, statement.getEnd());
}

function isInternal(node: ts.Node): boolean {
  return ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal');
}

function nameOf(statement: ts.Statement): string {
  if (ts.isVariableStatement(statement)) {
    const [variable, ...more] = statement.declarationList.declarations;
    if (variable === undefined || more.length > 0) throw unknown(statement);
    return variable.name.getText();
  }
  const named =
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isFunctionDeclaration(statement);
  if (!named || statement.name === undefined) throw unknown(statement);
  return statement.name.text;
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
}

function namesOf(
  bindings: ts.NamedImportBindings | ts.NamedExportBindings | undefined,
  statement: ts.Statement,
): string[] {
  if (bindings === undefined || ts.isNamespaceImport(bindings) || ts.isNamespaceExport(bindings)) {
    throw unknown(statement);
  }
  return bindings.elements.map(({ name, propertyName }) => {
    if (propertyName !== undefined) throw unknown(statement);
    return name.text;
  });
}

function textOf(specifier: ts.Expression): string {
  if (!ts.isStringLiteral(specifier)) throw new Error(`${specifier.getText()} is not a module specifier`);
  return specifier.text;
}

function unknown(statement: ts.Statement): Error {
  const [line] = statement.getText().split('\n', 1);
  return new Error(`${statement.getSourceFile().fileName}: cannot bundle "${line}"`);
}
