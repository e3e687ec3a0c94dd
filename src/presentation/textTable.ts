export interface TextColumn {
  readonly title: string;
  /** Stands at the right edge of its column. */
  readonly isNumber?: true;
}

/** Lines of plain text in aligned columns, the titles first. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): readonly string[] {
  const table = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, column) => Math.max(...table.map((row) => widthOf(row[column] ?? ''))));
  return table.map((row) => columns.map(({ isNumber }, column) => pad(row[column] ?? '', widths[column] ?? 0, isNumber)).join('  ').trimEnd());
}

function pad(text: string, width: number, atStart: true | undefined): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return atStart ? space + text : text + space;
}

function widthOf(text: string): number {
  return [...text].length;
}
