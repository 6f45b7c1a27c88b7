// Runs one measurement in a process of its own.

import { must, root } from '../../scripts/lib/run.mjs'

/** The result of `measure.mjs` for a specification. */
export async function measure(specification, { env, signal, node = [] }) {
  const args = [...node, 'bench/measure.mjs', JSON.stringify(specification)]
  const output = await must(process.execPath, args, { cwd: root, env, signal, stdio: ['ignore', 'pipe', 'inherit'] })
  // JSON has no NaN: a figure that is not known comes as null.
  const known = (name, value) => (value === null ? NaN : value)
  return JSON.parse(output.trimEnd().split('\n').at(-1), known)
}
