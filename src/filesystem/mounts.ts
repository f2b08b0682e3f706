/** One line of the mount table, proc_pid_mountinfo(5). */
export interface Mount {
  id: number;
  /** `major:minor` of the device. */
  device: string;
  /** What of the filesystem is mounted here: `/`, a subvolume, or a directory or file that was bind-mounted. */
  root: string;
  point: string;
  options: string[];
  type: string;
  source: string;
  superOptions: string[];
}

/** Reads a mount table. Lines that are not of the documented form are left out. */
export function parseMounts(table: string): Mount[] {
  return table.split('\n').flatMap((line) => {
    const [front, back] = splitOnce(line, ' - ');
    const [id, , device, root, point, options] = front.split(' ');
    const [type, source, superOptions] = back.split(' ');
    if (id === undefined || device === undefined || root === undefined || point === undefined) return [];
    if (options === undefined || type === undefined || source === undefined) return [];
    return [
      {
        id: Number(id),
        device,
        root: unescapeOctal(root),
        point: unescapeOctal(point),
        options: options.split(','),
        type,
        source: unescapeOctal(source),
        superOptions: superOptions === undefined ? [] : superOptions.split(','),
      },
    ];
  });
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Space, tab, newline and backslash stand as `\040` and the like. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
