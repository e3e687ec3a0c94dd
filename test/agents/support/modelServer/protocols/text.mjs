/**
 * Text of a message's content, which may be a string or a list of parts in several spellings.
 * @param {any} content @returns {string}
 */
export function textOf(content) {
  if (typeof content === 'string') {
    return content;
  }
  if (!Array.isArray(content)) {
    return '';
  }
  return content
    .map((part) => (typeof part === 'string' ? part : (part.text ?? part.input_text ?? '')))
    .filter((text) => typeof text === 'string' && text !== '')
    .join('\n');
}
