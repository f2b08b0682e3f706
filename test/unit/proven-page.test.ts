import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'vitest';

const DOCS = new URL('../../docs/', import.meta.url);
const page = readFileSync(new URL('proven.md', DOCS), 'utf8');

type Row = Readonly<Record<string, string>>;

describe('docs/proven.md', () => {
  const rows = readdirSync(DOCS)
    .filter((name) => /^crash-results.*\.md$/.test(name))
    .flatMap((name) => rowsOf(name, readFileSync(new URL(name, DOCS), 'utf8')));
  const before = (row: Row) => row.mount === 'ext4-no-journal' && row.page !== 'crash-results-no-journal.md';
  const scenarios = rows.filter(({ section }) => section === 'Scenarios');
  const counted = scenarios.filter((row) => !before(row));

  it('has the sums of the tables of crash states', () => {
    const controls = rows.filter(({ section }) => section === 'Negative controls');
    const others = rows.filter(({ section }) => section === 'Other libraries');
    says(`${sum(counted, 'states')} states: no promise broken`);
    assert.ok(
      readFileSync(new URL('durability.md', DOCS), 'utf8').includes(
        `${sum(counted, 'states')} crash states broke no promise`,
      ),
    );
    says(`${sum(controls, 'states')} states: each control caught`);
    says(`${sum(others, 'states')} states: each broken`);
    says(`${sum(scenarios.filter(before), 'states')} older\nstates`);
    says(`${sum(counted, 'unmountable')} could not be mounted`);
    const onXfs = counted.filter(({ mount }) => mount === 'xfs-1k-blocks');
    says(`unexplained on XFS (${sum(onXfs, 'unmountable')} states)`);
    says(
      `${new Set(scenarios.filter(({ page: of }) => of === 'crash-results.md').map(({ mount }) => mount)).size} kinds of mount`,
    );
    for (const name of new Set(others.map((row) => row.name ?? ''))) says(name);
    assert.ok(controls.length > 0 && controls.every(({ outcome }) => outcome === 'caught'));
    assert.ok(others.length > 0 && others.every(({ outcome }) => outcome === 'broken'));
    assert.ok(counted.every(({ outcome }) => outcome === 'held'));
  });

  it('counts no file torn, lost or stale but where nothing is promised', () => {
    const harmed = counted.filter((row) => ['torn', 'lost', 'stale'].some((what) => Number(row[what]) > 0));
    for (const { mount, name } of harmed) {
      assert.equal(mount, 'ext4-no-journal');
      assert.match(name ?? '', /^(?:portable-)?(?:ordered|keep-previous|replace-directory)$/);
    }
  });

  it('is ten lines long', () => {
    assert.equal(page.match(/^\| (?!claim|---)/gm)?.length, 10);
  });
});

function says(text: string): void {
  assert.ok(page.includes(text), `it does not say "${text}"`);
}

function sum(rows: readonly Row[], column: string): string {
  return rows.reduce((total, row) => total + Number(row[column] ?? 0), 0).toLocaleString('en');
}

/** The rows of all tables of a page, by the names of their columns, with the heading that they are under. */
function rowsOf(name: string, text: string): Row[] {
  return text
    .split(/^## /m)
    .slice(1)
    .flatMap((part) => {
      const [section = ''] = part.split('\n');
      const [head = [], , ...lines] = part
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .map((line) =>
          line
            .split(/(?<!\\)\|/)
            .slice(1, -1)
            .map((cell) => cell.trim()),
        );
      return lines.map(
        (cells): Row => ({
          ...Object.fromEntries(head.map((column, index) => [column, cells[index] ?? ''])),
          page: name,
          section,
        }),
      );
    });
}
