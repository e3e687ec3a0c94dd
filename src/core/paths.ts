/**
 * Paths as text, without touching the disk: works for POSIX and Windows forms. Symbolic links are
 * checked where files are opened.
 */

const drive = /^[A-Za-z]:[\\/]/;

/** Whether `path` is absolute in either form. */
export function isAbsolute(path: string): boolean {
  return path.startsWith('/') || drive.test(path) || path.startsWith('\\\\');
}

/**
 * `path` made absolute against `root` and normalised, or `undefined` when it leaves `root`, is `root` itself, or is not usable
 * (empty, with a NUL).
 */
export function resolveInside(root: string, path: string): string | undefined {
  if (path === '' || path.includes('\0')) return undefined;
  const windows = drive.test(root) || root.startsWith('\\\\');
  const separator = windows ? '\\' : '/';
  const split = windows ? /[\\/]+/ : /\/+/;
  const base = root.split(split).filter((part) => part !== '');
  const absolute = isAbsolute(path);
  // `\x` and `C:x` mean other places on Windows (the root or folder of a drive), and `x:y` a hidden stream of a file.
  if (windows && !absolute && path.startsWith('\\')) return undefined;
  const whole = absolute ? path.split(split).filter((part) => part !== '') : [...base, ...path.split(split)];
  if (windows && whole.some((part, index) => index > 0 && part.includes(':'))) return undefined;
  const parts: string[] = [];
  for (const part of whole) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (parts.pop() === undefined) return undefined;
    } else parts.push(part);
  }
  const fold = (text: string | undefined): string | undefined => (windows ? text?.toLowerCase() : text);
  if (parts.length <= base.length || !base.every((part, index) => fold(part) === fold(parts[index]))) return undefined;
  const prefix = root.startsWith('\\\\') ? '\\\\' : windows ? '' : '/';
  return prefix + parts.join(separator);
}
