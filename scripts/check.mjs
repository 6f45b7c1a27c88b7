// `npm run check`: everything that is checked without running a test of behaviour, the quickest first.
//
//     npm run check -- [sources] [generated]
//
// `sources` is all that needs no addon, `generated` what a build writes.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { aStoreNeedsFewPlaces } from './generate/places.mjs'
import { cached } from './lib/cache.mjs'
import { storeFeatures } from './lib/features.mjs'
import { sizeFaults } from './lib/file-sizes.mjs'
import { platforms } from './lib/platform.mjs'
import { Failure, heading, main, must, npm, read, root, run } from './lib/run.mjs'
import { setup } from './lib/setup.mjs'
import { printTimes, timed } from './lib/steps.mjs'
import { summarise } from './lib/suites.mjs'

/** Files that tools write and that are committed all the same. */
const generated = ['binding.d.ts', 'docs/api', 'docs/records.md', 'docs/stores.md', 'docs/structures.md', 'index.d.ts', 'package-lock.json', 'Cargo.lock']

async function command(program, args, env) {
  const { code } = await run(program, args, { env: { ...process.env, ...env } })
  if (code !== 0) throw new Failure('failed')
}

/** The engine can be used, and tested, without Node.js. */
async function engineIsFreeOfNapi() {
  const tree = await read('cargo', ['tree', '-p', 'redkv', '--all-features', '--locked', '--prefix', 'none'])
  const found = tree.split('\n').find((line) => line.startsWith('napi'))
  if (found) throw new Failure(`the engine depends on ${found}`)
}

/** Building, and writing what is generated, again changed nothing that is committed (or staged, for work in progress). */
async function generatedFilesAreCommitted() {
  await must(...npm('run', '--silent', 'generate'))
  await must(...npm('run', '--silent', 'docs:api'))
  const untracked = (await read('git', ['ls-files', '--others', '--', ...generated])).trim()
  if (untracked) throw new Failure(`not committed: ${untracked.replaceAll('\n', ', ')}`)
  const { code } = await run('git', ['diff', '--exit-code', '--', ...generated])
  if (code !== 0) throw new Failure('a generated file is out of date: it was rewritten now, commit it')
}

const json = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'))

/** The version stands in several files. */
function versionsAgree() {
  const { version } = json('package.json')
  const cargo = /^\[workspace\.package\]\nversion = "(.+)"$/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))?.[1]
  const found = { 'Cargo.toml': cargo, 'package-lock.json': json('package-lock.json').version }
  for (const platform of platforms()) found[`npm/${platform}/package.json`] = json(`npm/${platform}/package.json`).version
  const wrong = Object.entries(found).filter(([, other]) => other !== version)
  if (wrong.length > 0) {
    throw new Failure(`package.json has ${version}, but ${wrong.map(([path, other]) => `${path} ${other}`).join(', ')}`)
  }
}

/** What npm installs for the tests and the release is what was installed when the lock files were written. */
function lockFilesAreWhole() {
  for (const file of ['package-lock.json', 'bench/package-lock.json']) {
    const entries = Object.entries(json(file).packages).filter(([path]) => path !== '')
    const bare = entries.filter(([, { integrity, link }]) => integrity === undefined && !link).map(([path]) => path)
    if (bare.length > 0) throw new Failure(`${file} has entries without integrity: ${bare.join(', ')}`)
  }
}

/** What a workflow runs is named by its content: a tag can be moved. */
function actionsArePinned() {
  const folder = join('.github', 'workflows')
  for (const file of ['ci.yml', 'nightly.yml', 'release.yml']) {
    const text = readFileSync(join(root, folder, file), 'utf8')
    const loose = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action).filter((action) => !/@[0-9a-f]{40}$/.test(action))
    if (loose.length > 0) throw new Failure(`${file} uses ${loose.join(', ')} without a commit`)
  }
}

/** No file and no folder of sources has grown too large to be taken in. */
function sourcesAreSmall() {
  const faults = sizeFaults()
  if (faults.length > 0) throw new Failure(faults.join('\n'))
}

const denyVersion = '0.20.2'

/** Licences that fit, sources that are known. Built once, then kept in the cache. */
async function dependenciesAreAllowed() {
  const folder = cached(`cargo-deny-${denyVersion}`)
  const program = join(folder, 'bin', process.platform === 'win32' ? 'cargo-deny.exe' : 'cargo-deny')
  if (!existsSync(program)) {
    heading(`Building cargo-deny ${denyVersion} (once, some minutes)`)
    await must('cargo', ['install', 'cargo-deny', '--version', denyVersion, '--locked', '--quiet', '--root', folder])
  }
  await command(program, ['--locked', 'check', '--hide-inclusion-graph', 'bans', 'licenses', 'sources'])
}

const warnings = ['--', '-D', 'warnings']

/** Every store can be left out: each compiles alone, without a warning. */
async function storesCompileAlone() {
  for (const store of storeFeatures()) {
    const only = ['-p', 'redkv', '--no-default-features', '--features', store]
    await command('cargo', ['clippy', '--quiet', ...only, '--locked', ...warnings])
  }
}

const parts = {
  sources: {
    'formatting (cargo fmt)': () => command('cargo', ['fmt', '--all', '--check']),
    'versions agree': versionsAgree,
    'files and folders are small': sourcesAreSmall,
    'lock files are whole': lockFilesAreWhole,
    'actions are pinned': actionsArePinned,
    'types (tsc)': () => must(...npm('run', '--silent', 'test:types')),
    'licence texts are up to date': () => must(...npm('run', '--silent', 'licences', '--', '--check')),
    'the engine is free of napi': engineIsFreeOfNapi,
    'dependencies (cargo deny)': dependenciesAreAllowed,
    'lints (cargo clippy)': () =>
      command('cargo', ['clippy', '--workspace', '--all-targets', '--all-features', '--locked', ...warnings]),
    'each store compiles alone': storesCompileAlone,
    'a new store needs few places': aStoreNeedsFewPlaces,
    'documentation (cargo doc)': () =>
      command('cargo', ['doc', '--quiet', '--workspace', '--exclude', 'redkv-node', '--no-deps', '--all-features', '--locked'], { RUSTDOCFLAGS: '-D warnings' }),
  },
  generated: { 'generated files are committed': generatedFilesAreCommitted },
}

await main(async () => {
  const args = process.argv.slice(2)
  const unknown = args.find((arg) => !Object.hasOwn(parts, arg))
  if (unknown !== undefined) throw new Failure(`there is no part ${unknown}, only ${Object.keys(parts).join(', ')}`)
  const names = args.length === 0 ? Object.keys(parts) : args
  await setup({ addon: names.includes('generated') ? 'fresh' : 'as is' })
  const outcomes = []
  for (const [name, check] of names.flatMap((part) => Object.entries(parts[part]))) {
    heading(name)
    try {
      await timed(name, check)
      outcomes.push([name, undefined])
    } catch (error) {
      console.error(error.message)
      outcomes.push([name, error.message.split('\n', 1)[0]])
    }
  }
  summarise(outcomes)
  printTimes()
})
