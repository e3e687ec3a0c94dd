/**
 * A file's path as it stands in a URI: Windows gets a slash in front of its drive.
 * @param {string} path
 * @returns {string}
 */
export function urlPath(path) {
  const slashed = path.replaceAll('\\', '/');
  return slashed.startsWith('/') ? slashed : `/${slashed}`;
}
