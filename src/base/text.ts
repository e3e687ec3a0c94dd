/** Removes ANSI/OSC escape sequences and every control character but newline and tab. */
export function plainText(text: string): string {
  return text
    .replace(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?/g, '')
    .replace(/[\u001b\u009b][[()#;?]*[0-9;:]*[ -/]*[@-~]?/g, '')
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
}

/** One line of plain text: control characters gone, white space folded, cut at `max` characters with an ellipsis. */
export function oneLine(text: string, max = 200): string {
  return clip(plainText(text).replace(/\s+/g, ' ').trim(), max);
}

/** Cuts at `max` characters (UTF-16 units, never inside a surrogate pair) and marks the cut with an ellipsis. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  if (max <= 0) return '';
  const end = max - 1;
  const last = text.charCodeAt(end - 1);
  return `${text.slice(0, last >= 0xd800 && last <= 0xdbff ? end - 1 : end)}…`;
}
