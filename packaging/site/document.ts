import { posix } from 'node:path';
import MarkdownIt, { type MarkdownIt as Markdown } from 'markdown-it';

/** A section of a document, as the search finds it. */
export interface Section {
  id: string;
  /** Its page, and the anchor of its heading. */
  address: string;
  /** The title of the document. */
  document: string;
  heading: string;
  text: string;
}

export interface RenderedDocument {
  title: string;
  html: string;
  sections: readonly Section[];
}

/** Where the site has a file of the project. `undefined`: it does not. */
export type AddressOf = (path: string) => string | undefined;

/** Code and plain text are found by the search, pictures are not. */
const TEXT_TOKENS = new Set(['text', 'code_inline', 'softbreak', 'fence', 'code_block']);

/**
 * Makes HTML of a Markdown file of the project.
 *
 * @param path its path in the project, with slashes.
 * @param addressOf finds the address of another file. Links to files that the site does not have become plain text.
 */
export function renderDocument(path: string, text: string, addressOf: AddressOf): RenderedDocument {
  const markdown = withAnchors(new MarkdownIt({ html: true, linkify: false }));
  // Comments mark the generated parts of the documents.
  const tokens = markdown.parse(text.replaceAll(/<!--[\s\S]*?-->/g, ''), {});
  const own = addressOf(path) ?? '';
  const slugs = new Map<string, number>();
  const sections: Section[] = [];
  let title = '';
  let unlinked = 0;
  for (const [index, token] of tokens.entries()) {
    const heading = tokens[index - 1]?.type === 'heading_open' ? tokens[index - 1] : undefined;
    if (heading !== undefined) {
      const name = plainText(token.children ?? []);
      const id = slugOf(name, slugs);
      heading.attrSet('id', id);
      if (title === '') title = name;
      sections.push({
        id: `${own}#${id}`,
        address: `${own}#${id}`,
        document: title,
        heading: name,
        text: '',
      });
    } else {
      const words =
        token.type === 'inline'
          ? plainText(token.children ?? [])
          : TEXT_TOKENS.has(token.type)
            ? token.content
            : '';
      const section = sections.at(-1);
      if (section !== undefined && words !== '') section.text += `${words}\n`;
    }
    if (token.type === 'table_open') token.attrSet('tabindex', '0');
    // A table whose rows have names has no name above them.
    if (token.type === 'th_open' && tokens[index + 1]?.content === '') token.tag = 'td';
    if (token.type === 'th_close' && tokens[index - 1]?.content === '') token.tag = 'td';
    for (const child of token.children ?? []) {
      if (child.type === 'image') {
        const source = String(child.attrGet('src') ?? '');
        child.attrSet('src', addressFrom(path, own, source, addressOf) ?? source);
      }
      if (child.type === 'link_open') {
        const address = addressFrom(path, own, String(child.attrGet('href') ?? ''), addressOf);
        if (address === undefined) {
          child.tag = 'span';
          child.attrs = null;
          unlinked++;
        } else child.attrSet('href', address);
      }
      if (child.type === 'link_close' && unlinked > 0) {
        child.tag = 'span';
        unlinked--;
      }
    }
  }
  return { title, html: markdown.renderer.render(tokens, markdown.options, {}), sections };
}

/** The only HTML that a document may have: an anchor, which typedoc writes. Everything else is shown as text. */
const ANCHOR = /^<(?:a id="[\w-]+"|\/a)>$/;

function withAnchors(markdown: Markdown): Markdown {
  const shown = (tokens: readonly { content: string }[], index: number) => {
    const content = tokens[index]?.content ?? '';
    return ANCHOR.test(content) ? content : markdown.utils.escapeHtml(content);
  };
  markdown.renderer.rules.html_inline = shown;
  markdown.renderer.rules.html_block = shown;
  return markdown;
}

function plainText(tokens: readonly { type: string; content: string }[]): string {
  return tokens
    .filter(({ type }) => TEXT_TOKENS.has(type))
    .map(({ type, content }) => (type === 'softbreak' ? ' ' : content))
    .join('');
}

/** The anchor of a heading, as GitHub makes it. */
function slugOf(heading: string, known: Map<string, number>): string {
  const slug = heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
  const count = known.get(slug) ?? 0;
  known.set(slug, count + 1);
  return count === 0 ? slug : `${slug}-${count}`;
}

/** Where a link of a file leads on the site, relative to the page of that file. */
function addressFrom(path: string, own: string, link: string, addressOf: AddressOf): string | undefined {
  if (/^(?:[a-z]+:|#)/.test(link)) return link;
  const [target = '', anchor] = link.split('#');
  const address = addressOf(posix.normalize(posix.join(posix.dirname(path), target)));
  if (address === undefined) return undefined;
  return `${posix.relative(posix.dirname(own), address)}${anchor === undefined ? '' : `#${anchor}`}`;
}
