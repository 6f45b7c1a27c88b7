// The stores and the options as the engine declares them.

import { join } from 'node:path'
import { must, root } from '../lib/run.mjs'

/** Adds what a schema has to what others of the same interface had. An option that comes again takes its last place. */
function merged(earlier, { interface: name, about, extends: bases, options }) {
  if (earlier === undefined) return { interface: name, about, extends: bases, options }
  const names = new Set(options.map((option) => option.name))
  return {
    interface: name,
    about: earlier.about.length > 0 ? earlier.about : about,
    extends: [...new Set([...earlier.extends, ...bases])],
    options: [...earlier.options.filter((option) => !names.has(option.name)), ...options],
  }
}

/** The options of other clients in a schema: other names of its own, and those without effect. */
function legacyOf({ interface: target, options, legacy }) {
  const older = options.flatMap(({ name, older: names, type }) =>
    names.map((other) => ({ name: other, type, instead: { target, name } })),
  )
  const ignored = legacy.ignored.map((name) => ({ name, type: { kind: 'other', typescript: 'unknown' } }))
  return { interface: legacy.interface, about: legacy.about, extends: legacy.extends, options: [...older, ...ignored] }
}

/**
 * Every interface of options by its name, and the names of stores.
 *
 * @param {{ folder?: string, features?: string[] }} [sources] where the engine is, and which of its stores are built
 * @returns {Promise<{ stores: object[], structures: object[], records: object[], interfaces: Map<string, object>, legacy: Map<string, object> }>}
 */
export async function declared({ folder = root, features = ['--all-features'] } = {}) {
  const manifest = ['--manifest-path', join(folder, 'Cargo.toml'), '--target-dir', join(root, 'target')]
  const args = ['run', '--quiet', ...manifest, '-p', 'redkv', ...features, '--example', 'schema']
  const { stores, structures, records, schemas } = JSON.parse(await must('cargo', args, { stdio: ['ignore', 'pipe', 'inherit'] }))
  const [interfaces, legacy] = [new Map(), new Map()]
  for (const schema of schemas) {
    interfaces.set(schema.interface, merged(interfaces.get(schema.interface), schema))
    const older = legacyOf(schema)
    if (older.interface !== '') legacy.set(older.interface, merged(legacy.get(older.interface), older))
    else if (older.options.length > 0) throw new Error(`${schema.interface} has other names, and no interface for them`)
  }
  return { stores, structures, records, interfaces, legacy }
}
