// The test suites.

import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { root, run } from './run.mjs'

/** After this a test counts as hung, in milliseconds. */
const hung = 600_000

/** The tests in Rust: the engine's, which need servers, and of what it stands on. */
export async function engineSuite({ env, signal }) {
  const { code } = await run('cargo', ['test', '-p', 'redkv', '-p', 'crc-fast', '--features', 'redkv/conformance'], { env, signal })
  return code === 0 ? undefined : 'failed'
}

/** The JavaScript test files; `local` leaves out those that need servers, which are named `*.servers.test.js`. */
function testFiles(local) {
  const files = readdirSync(join(root, '__test__')).filter((file) => file.endsWith('.test.js'))
  return files.filter((file) => !(local && file.endsWith('.servers.test.js'))).map((file) => `__test__/${file}`)
}

/** What a TAP report tells beyond the exit code: a test that did not run has not passed. */
function leftOut(report) {
  const counted = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(report)?.[1] ?? 0)
  // A file without a test counts as a test that passed, under the name of the file.
  const [, empty] = /^ok \d+ - (.+\.test\.js)$/m.exec(report) ?? []
  if (empty) return `there is no test in ${empty}`
  if (counted('pass') === 0) return 'no test ran'
  const left = counted('skipped') + counted('todo')
  return left > 0 ? `tests left out: ${left}` : undefined
}

/** The JavaScript tests against the built addon, under any Node.js. Resolves with what is wrong, if anything. */
export async function javascriptSuite({ env, signal, node = process.execPath, local = false }) {
  const files = testFiles(local)
  if (files.length === 0) return 'there is no test file'
  const folder = mkdtempSync(join(tmpdir(), 'redkv-report-'))
  const report = join(folder, 'report.tap')
  const args = [
    '--test',
    `--test-timeout=${hung}`,
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...['--test-reporter=tap', `--test-reporter-destination=${report}`],
    ...files,
  ]
  // A test that starts `node` gets the one under test.
  const path = `${dirname(node)}${delimiter}${env.PATH}`
  try {
    const { code } = await run(node, args, { env: { ...env, PATH: path }, signal })
    return code === 0 ? leftOut(readFileSync(report, 'utf8')) : 'failed'
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Prints which suites passed, and makes the process fail if one did not. */
export function summarise(outcomes) {
  console.log()
  for (const [name, problem] of outcomes) console.log(problem ? `FAILED  ${name}: ${problem}` : `passed  ${name}`)
  if (outcomes.some(([, problem]) => problem !== undefined)) process.exitCode = 1
}
