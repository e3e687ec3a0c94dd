// Makes an extension's source folder an installed extension, by a link. The workbench has a development mode too, but in
// the browser it comes only together with a test driver that hides all notifications: nobody uses the product that way.
import { lstat, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { urlPath } from './uriPath.mjs';

/**
 * Links an extension into an extensions folder; the link stands in for an older one of the same name.
 * A link, not the path itself: uninstalling it in the editor removes the link, never the sources.
 * @param {string} source
 * @param {string} extensionsDir
 * @returns {Promise<string>} the extension's identifier
 */
export async function linkExtension(source, extensionsDir) {
  const manifest = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  const id = `${manifest.publisher}.${manifest.name}`.toLowerCase();
  const relativeLocation = `${id}-${manifest.version}`;
  const link = join(extensionsDir, relativeLocation);
  await mkdir(extensionsDir, { recursive: true });
  const present = await lstat(link).catch(() => undefined);
  // A real folder there is an unpacked .vsix of the same version, which a link replaces as an update would.
  if (present) await rm(link, { recursive: !present.isSymbolicLink(), force: true });
  await symlink(resolve(source), link, process.platform === 'win32' ? 'junction' : 'dir');
  const list = join(extensionsDir, 'extensions.json');
  /** @type {{ identifier: { id: string } }[]} */
  const installed = JSON.parse((await readFile(list, 'utf8').catch(() => '')) || '[]');
  const others = installed.filter((entry) => entry.identifier.id.toLowerCase() !== id);
  const entry = { identifier: { id }, version: manifest.version, location: { $mid: 1, path: urlPath(link), scheme: 'file' }, relativeLocation, metadata: {} };
  // Written each time: the editor reads the manifests again only when this file is newer than its cache.
  await writeFile(list, JSON.stringify([...others, entry]));
  return id;
}
