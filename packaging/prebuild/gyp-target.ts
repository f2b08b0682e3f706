import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { outputOf, projectRoot } from '../run.js';
import type { Target } from './targets.js';

/** The settings of binding.gyp for one system, for the compiler. */
export interface GypTarget {
  /** Relative to the project's root. */
  sources: readonly string[];
  includeDirectories: readonly string[];
  defines: readonly string[];
  compilerFlags: readonly string[];
  linkerFlags: readonly string[];
}

/** gyp keeps some settings in the target, and some in its only configuration. */
interface GypdTarget extends Partial<Evaluated> {
  default_configuration: string;
  configurations: Record<string, Partial<Evaluated>>;
}

interface Evaluated {
  sources?: string[];
  include_dirs?: string[];
  defines?: string[];
  cflags?: string[];
  cflags_cc?: string[];
  ldflags?: string[];
  libraries?: string[];
  xcode_settings?: Record<string, string | string[]>;
  msvs_settings?: { VCCLCompilerTool?: { AdditionalOptions?: string[] } };
}

/** As in node-gyp's own include file. */
const DEFAULTS = "{ 'target_defaults': { 'type': 'loadable_module' } }";
const TO_JSON = 'import ast, json, sys; print(json.dumps(ast.literal_eval(open(sys.argv[1]).read())))';

/**
 * Evaluates binding.gyp for a target with the gyp of node-gyp, so that it is the only list of sources, definitions and
 * flags. The settings of Xcode and Visual Studio that have a meaning for Clang are translated.
 *
 * @param scratch - a directory below the project's root, for gyp's output.
 */
export function gypTarget(target: Target, scratch: string): GypTarget {
  mkdirSync(scratch, { recursive: true });
  copyFileSync(join(projectRoot, 'binding.gyp'), join(scratch, 'binding.gyp'));
  writeFileSync(join(scratch, 'defaults.gypi'), DEFAULTS);
  outputOf(
    'python3',
    [
      join(projectRoot, 'node_modules/node-gyp/gyp/gyp_main.py'),
      'binding.gyp',
      '--depth=.',
      '--format=gypd',
      '--include=defaults.gypi',
      `-DOS=${target.gypSystem}`,
      `-Dtarget_arch=${target.arch}`,
      `-Dmodule_root_dir=${projectRoot}`,
    ],
    { cwd: scratch },
  );
  const { targets } = JSON.parse(outputOf('python3', ['-c', TO_JSON, join(scratch, 'binding.gypd')])) as {
    targets: GypdTarget[];
  };
  const [only] = targets;
  if (only === undefined || targets.length > 1) throw new Error('binding.gyp must have one target.');
  const evaluated = { ...only, ...only.configurations[only.default_configuration] };
  return {
    sources: evaluated.sources ?? [],
    includeDirectories: (evaluated.include_dirs ?? []).map((directory) => resolve(scratch, directory)),
    defines: evaluated.defines ?? [],
    compilerFlags: compilerFlags(target, evaluated),
    linkerFlags: [...linkerFlags(target, evaluated), ...(evaluated.libraries ?? []).map(libraryFlag)],
  };
}

function compilerFlags({ gypSystem }: Target, evaluated: Partial<Evaluated>): string[] {
  const shared = [...(evaluated.cflags ?? []), ...(evaluated.cflags_cc ?? [])];
  if (gypSystem === 'mac') return [...shared, ...xcodeFlags(evaluated.xcode_settings ?? {})];
  if (gypSystem === 'win') {
    return [
      ...shared,
      ...(evaluated.msvs_settings?.VCCLCompilerTool?.AdditionalOptions ?? []).flatMap(clangFlag),
    ];
  }
  return shared;
}

function xcodeFlags(settings: Record<string, string | string[]>): string[] {
  const standard = settings.CLANG_CXX_LANGUAGE_STANDARD;
  return [
    ...(standard === undefined ? [] : [`-std=${standard}`]),
    ...(settings.GCC_SYMBOLS_PRIVATE_EXTERN === 'YES' ? ['-fvisibility=hidden'] : []),
    ...[
      settings.OTHER_CFLAGS ?? [],
      settings.OTHER_CPLUSPLUSFLAGS ?? [],
      settings.WARNING_CFLAGS ?? [],
    ].flat(),
  ];
}

/** The language option of Microsoft's compiler, for Clang. Options for warnings are dropped. */
function clangFlag(option: string): string[] {
  const standard = /^[/-]std:(.*)$/.exec(option)?.[1];
  return standard === undefined ? [] : [`-std=${standard}`];
}

function linkerFlags({ gypSystem }: Target, { ldflags, xcode_settings }: Partial<Evaluated>): string[] {
  if (gypSystem === 'win') return [];
  return [...(ldflags ?? []), ...[xcode_settings?.OTHER_LDFLAGS ?? []].flat()];
}

/** `ntdll.lib`, `-lntdll.lib` and `-lntdll` are the same library. */
function libraryFlag(library: string): string {
  return `-l${library.replace(/^-l/, '').replace(/\.lib$/i, '')}`;
}
