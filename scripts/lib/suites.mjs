// The test suites.

import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, run } from './run.mjs'

/** After this a test, or a file of tests, counts as hung, in milliseconds. */
const hung = 240_000

/** Most tests wait for a server or a deadline: more of them than processors run side by side. */
const sideBySide = { files: 4, rust: 8 }

/** The reporter of durations, as `node --test` takes it. */
const durations = pathToFileURL(join(root, 'scripts', 'lib', 'report-durations.mjs'))

/** Where test files are, below `__test__`. */
const folders = ['api', 'chain', 'conditions', 'conformance', 'faults', 'leases', 'process', 'project', 'records', 'structures', 'types']

/**
 * The test files of what differs between versions of Node.js (promises, workers, signals, exits, module loading), which
 * run under each of them. What a server keeps does not differ.
 */
const ofNode = new RegExp(
  `^(${[
    'conditions/.+',
    'process/.+',
    'api/(bad-input|close|events\\.servers|many|signals\\.servers)',
    'chain/inline\\.servers',
    'conformance/(every-node\\.servers|local)',
    'faults/(claimed-sizes|clock|frozen-process|pending-memory)\\.servers',
    'leases/lease',
    'records/life',
    'structures/(arguments|batch|iteration|process|signals)',
    'types/types',
  ].join('|')})\\.test\\.js$`,
)

/** The tests in Rust: the engine's, which need servers, and of what it stands on. All features: as `npm run check`. */
export async function engineSuite({ env, signal }) {
  const threads = { RUST_TEST_THREADS: String(sideBySide.rust) }
  const { code } = await run('cargo', ['test', '--workspace', '--all-features', '--no-fail-fast'], { env: { ...threads, ...env }, signal })
  return code === 0 ? undefined : 'failed'
}

/**
 * The JavaScript test files; `local` leaves out those that need servers, which are named `*.servers.test.js`, and
 * `everyNode` those whose subject does not differ between versions of Node.js.
 */
function testFiles({ local, everyNode }) {
  return folders
    .flatMap((folder) => readdirSync(join(root, '__test__', folder)).map((file) => `${folder}/${file}`))
    .filter((file) => file.endsWith('.test.js'))
    .filter((file) => !(local && file.endsWith('.servers.test.js')) && (!everyNode || ofNode.test(file)))
    .map((file) => `__test__/${file}`)
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
export async function javascriptSuite({ env, signal, node = process.execPath, local = false, everyNode = false }) {
  const files = testFiles({ local, everyNode })
  if (files.length === 0) return 'there is no test file'
  const folder = mkdtempSync(join(tmpdir(), 'redkv-report-'))
  const reports = { tap: join(folder, 'report.tap'), durations: join(folder, 'durations.txt') }
  const args = [
    '--test',
    `--test-concurrency=${sideBySide.files}`,
    `--test-timeout=${hung}`,
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...['--test-reporter=tap', `--test-reporter-destination=${reports.tap}`],
    ...[`--test-reporter=${durations}`, `--test-reporter-destination=${reports.durations}`],
    ...files,
  ]
  // A test that starts `node` gets the one under test.
  const path = `${dirname(node)}${delimiter}${env.PATH}`
  try {
    const { code } = await run(node, args, { env: { ...env, PATH: path }, signal })
    console.log(`\n${readFileSync(reports.durations, 'utf8')}`)
    return code === 0 ? leftOut(readFileSync(reports.tap, 'utf8')) : 'failed'
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
