// Bundles a program that uses the installed package with each bundler that people use for servers, and runs what comes
// out of it in a folder without packages.
//
//     node bundle.mjs <folder with the bundlers>

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const [, , bundlers] = process.argv
const load = createRequire(join(bundlers, 'package.json'))
const here = dirname(fileURLToPath(import.meta.url))

/** Runs `program` in `folder` and checks what it prints: the value that it read. */
function run(folder, program) {
  const printed = execFileSync(process.execPath, [join(folder, program)], { cwd: folder, encoding: 'utf8' })
  assert.equal(printed, 'the value\n')
}

/** The addons among the files of a bundle: that of this platform, and no other. */
function addonsIn(folder) {
  return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.node'))
}

/** What a bundle of ES modules needs for what is left to `require` at run time: the modules of Node.js, the addon. */
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

async function esbuild(entry, outfile, options) {
  const { build } = load('esbuild')
  const given = { entryPoints: [entry], bundle: true, platform: 'node', loader: { '.node': 'copy' }, logLevel: 'silent' }
  const { warnings } = await build({ ...given, outfile, ...options })
  assert.deepEqual(warnings, [])
}

async function rollup(entry, file, options) {
  const plugins = ['node-resolve', 'commonjs'].map((name) => load(`@rollup/plugin-${name}`).default())
  const bundle = await load('rollup').rollup({ input: entry, plugins, external: [/^node:/, /^redkv-/] })
  await bundle.write({ file, ...options })
  await bundle.close()
  // rollup takes no addons: the package of the platform goes along.
  for (const name of readdirSync('node_modules').filter((name) => name.startsWith('redkv-'))) {
    cpSync(join('node_modules', name), join(dirname(file), 'node_modules', name), { recursive: true })
  }
}

const ways = {
  async 'esbuild'(entry, folder) {
    await esbuild(entry, join(folder, 'bundle.cjs'))
    return 'bundle.cjs'
  },
  async 'esbuild to an ES module'(entry, folder) {
    await esbuild(entry, join(folder, 'bundle.mjs'), { format: 'esm', banner: { js: banner } })
    return 'bundle.mjs'
  },
  async 'webpack'(entry, folder) {
    const stats = await promisify(load('webpack'))({
      mode: 'production',
      target: 'node',
      entry,
      output: { path: folder, filename: 'bundle.cjs' },
      module: { rules: [{ test: /\.node$/, loader: load.resolve('node-loader') }] },
      optimization: { minimize: false },
    })
    assert.deepEqual(stats.toJson({ all: false, errors: true }).errors, [])
    return 'bundle.cjs'
  },
  async 'rollup'(entry, folder) {
    await rollup(entry, join(folder, 'bundle.cjs'), { format: 'cjs' })
    return 'bundle.cjs'
  },
  async 'rollup to an ES module'(entry, folder) {
    await rollup(entry, join(folder, 'bundle.mjs'), { format: 'es', banner })
    return 'bundle.mjs'
  },
  async 'the tracing of Next.js'(entry, folder) {
    const base = realpathSync('.')
    const { fileList } = await load('@vercel/nft').nodeFileTrace([entry], { base })
    for (const file of fileList) cpSync(join(base, file), join(folder, file))
    return basename(entry)
  },
}

for (const entry of ['bundled.cjs', 'bundled.mjs']) {
  for (const [name, bundle] of Object.entries(ways)) {
    const folder = mkdtempSync(join(tmpdir(), 'redkv-bundle-'))
    try {
      run(folder, await bundle(realpathSync(join(here, entry)), folder))
      assert.equal(addonsIn(folder).length, 1)
      console.log(`${entry}: works when bundled by ${name}`)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
