#!/usr/bin/env node
/**
 * Makes the committed lock files again: node scripts/agents/lock.mjs [NAME...]
 *
 * The lock files pin version and checksum of the whole dependency tree, for all platforms. They name
 * no registry, so that everybody installs from the one that their npm is set up for.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalog } from './catalog.mjs';
import { npm } from './install.mjs';

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(catalog);
for (const name of names) {
  const entry = catalog[name];
  if (entry === undefined) {
    throw new Error(`No agent named "${name}"`);
  }
  const folder = path.join(fileURLToPath(new URL('./locks/', import.meta.url)), name);
  await fs.rm(folder, { recursive: true, force: true });
  await fs.mkdir(folder, { recursive: true });
  const manifest = {
    name: `agent-fleet-${name}`,
    private: true,
    dependencies: entry.dependencies,
    optionalDependencies: entry.optionalDependencies,
  };
  await fs.writeFile(path.join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  const flags = ['--package-lock-only', '--omit-lockfile-registry-resolved', '--ignore-scripts', '--no-audit', '--no-fund'];
  await npm(['install', ...flags], folder);
  console.log(`${name} ${entry.version} locked`);
}
