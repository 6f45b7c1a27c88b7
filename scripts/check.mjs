// `npm run check`: everything that is checked without running a test of behaviour.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { storeFeatures } from './lib/features.mjs'
import { Failure, heading, main, must, npm, read, root, run } from './lib/run.mjs'
import { setup } from './lib/setup.mjs'
import { summarise } from './lib/suites.mjs'

/** Files that tools write and that are committed all the same. */
const generated = ['binding.d.ts', 'package-lock.json', 'Cargo.lock']

async function command(program, ...args) {
  const { code } = await run(program, args)
  if (code !== 0) throw new Failure('failed')
}

/** The engine can be used, and tested, without Node.js. */
async function engineIsFreeOfNapi() {
  const tree = await read('cargo', ['tree', '-p', 'redkv', '--all-features', '--locked', '--prefix', 'none'])
  const found = tree.split('\n').find((line) => line.startsWith('napi'))
  if (found) throw new Failure(`the engine depends on ${found}`)
}

/** Building again changed nothing that is committed (or staged, for work in progress). */
async function generatedFilesAreCommitted() {
  const untracked = (await read('git', ['ls-files', '--others', '--', ...generated])).trim()
  if (untracked) throw new Failure(`not committed: ${untracked.replaceAll('\n', ', ')}`)
  const { code } = await run('git', ['diff', '--exit-code', '--', ...generated])
  if (code !== 0) throw new Failure('a generated file is out of date: the build has rewritten it, commit it')
}

/** The version stands in several files. */
function versionsAgree() {
  const json = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'))
  const { version } = json('package.json')
  const cargo = /^\[workspace\.package\]\nversion = "(.+)"$/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))?.[1]
  const found = { 'Cargo.toml': cargo, 'package-lock.json': json('package-lock.json').version }
  for (const platform of readdirSync(join(root, 'npm'))) {
    const path = `npm/${platform}/package.json`
    if (existsSync(join(root, path))) found[path] = json(path).version
  }
  const wrong = Object.entries(found).filter(([, other]) => other !== version)
  if (wrong.length > 0) {
    throw new Failure(`package.json has ${version}, but ${wrong.map(([path, other]) => `${path} ${other}`).join(', ')}`)
  }
}

const lints = ['--workspace', '--all-targets', '--all-features', '--locked', '--', '-D', 'warnings']

/** Every store can be left out: each compiles alone, without a warning. */
async function storesCompileAlone() {
  for (const store of storeFeatures()) {
    const only = ['-p', 'redkv', '--no-default-features', '--features', store]
    await command('cargo', 'clippy', '--quiet', ...only, '--locked', '--', '-D', 'warnings')
  }
}

const checks = {
  'formatting (cargo fmt)': () => command('cargo', 'fmt', '--all', '--check'),
  'lints (cargo clippy)': () => command('cargo', 'clippy', ...lints),
  'each store compiles alone': storesCompileAlone,
  'the engine is free of napi': engineIsFreeOfNapi,
  'generated files are committed': generatedFilesAreCommitted,
  'versions agree': versionsAgree,
  'types (tsc)': () => must(...npm('run', '--silent', 'test:types')),
}

await main(async () => {
  await setup()
  const outcomes = []
  for (const [name, check] of Object.entries(checks)) {
    heading(name)
    try {
      await check()
      outcomes.push([name, undefined])
    } catch (error) {
      console.error(error.message)
      outcomes.push([name, error.message.split('\n', 1)[0]])
    }
  }
  summarise(outcomes)
})
