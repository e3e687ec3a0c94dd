import type { Database, SqlValue, Statement } from 'sql.js';

/** Prepared statements of one database, kept for its life. */
export class Statements {
  readonly #database: Database;
  readonly #prepared = new Map<string, Statement>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** @throws the engine's error. */
  run(sql: string, values: SqlValue[] = []): void {
    this.#prepare(sql).run(values);
  }

  /** The first row, as the list of its columns. */
  first(sql: string, values: SqlValue[] = []): SqlValue[] | undefined {
    const statement = this.#prepare(sql);
    try {
      statement.bind(values);
      return statement.step() ? statement.get() : undefined;
    } finally {
      statement.reset();
    }
  }

  /** All rows, each as the list of its columns. */
  all(sql: string, values: SqlValue[] = []): SqlValue[][] {
    const rows: SqlValue[][] = [];
    this.each(sql, values, (row) => {
      rows.push(row);
      return true;
    });
    return rows;
  }

  /** Row by row, until `take` returns false. `take` must not use the same SQL text. */
  each(sql: string, values: SqlValue[], take: (row: SqlValue[]) => boolean): void {
    const statement = this.#prepare(sql);
    try {
      statement.bind(values);
      while (statement.step()) if (!take(statement.get())) break;
    } finally {
      statement.reset();
    }
  }

  /** Forgets the statements; closing the database frees them. */
  clear(): void {
    this.#prepared.clear();
  }

  #prepare(sql: string): Statement {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}

/** A column that holds a whole number, or null. */
export function numberOf(value: SqlValue | undefined): number {
  return typeof value === 'number' ? value : 0;
}

export function textOf(value: SqlValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
