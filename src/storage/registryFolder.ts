/**
 * The one folder of a workspace's registry, whichever window asks.
 *
 * A window that finds the editor's own storage lock taken is given `<id>-1` … `<id>-9` instead of `<id>`
 * (`extHostStoragePaths`): without this mapping it would see an empty fleet. Our own lock decides between the windows.
 *
 * @param storagePath file system path of `context.storageUri`: `…/workspaceStorage/<id>/<extension id>`.
 * @returns the same path with the suffix taken off `<id>`. Any other path is returned as it is, so that an id which ends
 * in a dash and a digit for another reason (a UUID never does: its last group has 12 characters) stays what it is.
 */
export function registryFolder(storagePath: string): string {
  return storagePath.replace(/([\\/]workspaceStorage[\\/][^\\/]*[^\\/-])-[1-9](?=[\\/][^\\/]+[\\/]?$)/, '$1');
}
