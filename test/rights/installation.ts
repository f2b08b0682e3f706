import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../lab/command.js';
import { PROJECT_ROOT } from '../lab/project-root.js';
import type { Workspace } from '../lab/workspace.js';

/** Where everything is that a process without rights needs. */
export interface Installation {
  node: string;
  programs: string;
  recorder: string;
}

/** Makes Node, the library and the recorder available to users that may not read the project's directory. */
export async function install(workspace: Workspace): Promise<Installation> {
  const [project, node] = [workspace.path('project'), workspace.path('node')];
  mkdirSync(project);
  writeFileSync(node, '');
  await command('mount', '--bind', PROJECT_ROOT, project);
  await command('mount', '--bind', process.execPath, node);
  const recorder = workspace.path('recorder.so');
  const source = join(PROJECT_ROOT, 'test/rights/recorder.c');
  await command('cc', '-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', recorder, source);
  return { node, programs: join(project, 'test/programs'), recorder };
}
