// `npm run test:package`: packs the two packages that a user of this platform gets, installs them into an empty project
// and uses them from there, also bundled.
//
//     npm run test:package -- [--as-is]
//
// With `--as-is` the addon that lies here is packed, whatever it was built from and however large it is.

import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { cached } from './lib/cache.mjs'
import { addLicences, thirdParty } from './lib/licence-files.mjs'
import { addonFile, platformName } from './lib/platform.mjs'
import { Failure, heading, main, must, npm, read, root } from './lib/run.mjs'
import { setup } from './lib/setup.mjs'
import { asksForStaticTls } from './lib/static-tls.mjs'

/** All that may be in the main package … */
const allowed = [
  /^(binding\.js|index\.(js|mjs|d\.ts|d\.mts)|lib\/[\w-]+(\/[\w-]+)*\.(js|d\.ts)|package\.json|[A-Z]+(\.md)?)$/,
  // So that what is installed comes with its own documents, and their links lead somewhere.
  /^(docs\/([\w-]+\/)*[\w.-]+\.(md|svg)|examples\/[\w-]+\.(m?js|md))$/,
]

/** … and what has to be. */
const required = [
  ...['binding.js', 'index.js', 'index.mjs', 'index.d.ts', 'index.d.mts', 'package.json'],
  ...['CHANGELOG.md', 'LICENSE', 'README.md', 'docs/getting-started.md'],
]

/** The largest addon, in bytes, and the platform on which it was measured. */
const most = { bytes: 17_500_000, platform: 'linux-x64-gnu' }

/** What servers are bundled with, at the versions that the test was written with. Kept in the cache, by these names. */
const bundlers = [
  ...['esbuild@0.28.2', 'webpack@5.113.0', 'node-loader@2.1.0', '@vercel/nft@1.11.5'],
  ...['rollup@4.68.8', '@rollup/plugin-commonjs@29.0.3', '@rollup/plugin-node-resolve@16.0.3'],
]

const quiet = ['--no-audit', '--no-fund', '--loglevel=error']

const size = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`

/** Packs a folder; resolves with npm's account of it. */
async function pack(folder, destination) {
  const printed = await read(...npm('pack', folder, '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', destination))
  const packed = JSON.parse(printed.slice(printed.search(/^[[{]/m)))
  const [tarball] = Array.isArray(packed) ? packed : Object.values(packed)
  const names = tarball.files.map(({ path }) => path)
  console.log(`${tarball.filename}: ${size(tarball.size)} (${size(tarball.unpackedSize)} unpacked), ${names.length} files`)
  return { file: join(destination, tarball.filename), names }
}

/** The relative links in packed documents that lead out of the package. */
function deadLinks(names) {
  const targets = new Set(names.flatMap((name) => [name, posix.dirname(name)]))
  return names.filter((name) => name.endsWith('.md')).flatMap((name) => {
    const text = readFileSync(join(root, name), 'utf8').replaceAll(/^```[^]*?^```/gm, '')
    const links = [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, link]) => link)
    const relative = links.filter((link) => !/^[a-z]+:/.test(link))
    return relative.filter((link) => !targets.has(posix.join(posix.dirname(name), link))).map((link) => `${name}: ${link}`)
  })
}

async function packBoth(work, isReleased) {
  const platform = platformName()
  if (!existsSync(join(root, addonFile))) throw new Failure(`${addonFile} is missing: npm run build`)
  const main = await pack(root, work)
  const surplus = main.names.filter((name) => !allowed.some((files) => files.test(name)))
  if (surplus.length > 0) throw new Failure(`the package holds what it should not: ${surplus.join(', ')}`)
  const missing = required.filter((name) => !main.names.includes(name))
  if (missing.length > 0) throw new Failure(`the package lacks ${missing.join(', ')}`)
  const dead = deadLinks(main.names)
  if (dead.length > 0) throw new Failure(`links in the package lead out of it: ${dead.join(', ')}`)

  const staged = join(work, platform)
  cpSync(join(root, 'npm', platform), staged, { recursive: true })
  copyFileSync(join(root, addonFile), join(staged, addonFile))
  addLicences(staged)
  const addon = await pack(staged, work)
  const lacking = [addonFile, 'LICENSE', thirdParty].filter((name) => !addon.names.includes(name))
  if (lacking.length > 0) throw new Failure(`the package of ${platform} lacks ${lacking.join(', ')}`)
  const { size: bytes } = statSync(join(root, addonFile))
  console.log(`${addonFile}: ${size(bytes)}`)
  if (process.platform === 'linux' && asksForStaticTls(join(root, addonFile))) {
    throw new Failure('the addon asks for static TLS: musl does not load it, and glibc not where others have taken that')
  }
  if (isReleased && platform === most.platform && bytes > most.bytes) {
    throw new Failure(`the addon has ${bytes} bytes, and may have ${most.bytes}: npm run sizes tells whose they are`)
  }
  return [main.file, addon.file]
}

/** Checks the types as the TypeScript of a user does, under each way to find a package. */
async function compile(project) {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  copyFileSync(join(project, 'consumer.ts'), join(project, 'consumer.mts'))
  const strict = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'esnext', '--esModuleInterop']
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')]
  const ways = {
    node16: [['--module', 'node16', '--moduleResolution', 'node16'], ['consumer.mts', 'consumer.cts']],
    bundler: [['--module', 'esnext', '--moduleResolution', 'bundler'], ['consumer.mts', 'consumer.ts']],
    node10: [['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'], ['consumer.ts']],
  }
  for (const [name, [options, files]] of Object.entries(ways)) {
    await must(process.execPath, [compiler, ...strict, ...types, ...options, ...files], { cwd: project })
    console.log(`types are right under moduleResolution ${name}`)
  }
}

/** The folder with the bundlers, installed once. */
async function bundlersFolder() {
  const name = createHash('sha256').update(bundlers.join()).digest('hex').slice(0, 12)
  const folder = cached(`bundlers-${name}`)
  if (!existsSync(join(folder, 'package.json'))) {
    const unfinished = `${folder}.${process.pid}`
    mkdirSync(unfinished, { recursive: true })
    await must(...npm('install', '--prefix', unfinished, '--no-save', '--ignore-scripts', ...quiet, ...bundlers))
    writeFileSync(join(unfinished, 'package.json'), '{ "private": true }\n')
    renameSync(unfinished, folder)
  }
  return folder
}

await main(async () => {
  const isReleased = !process.argv.includes('--as-is')
  await setup({ addon: isReleased ? 'fresh' : 'as is' })
  const work = mkdtempSync(join(tmpdir(), 'redkv-package-'))
  try {
    heading('Packing')
    const tarballs = await packBoth(work, isReleased)
    heading('Installing into an empty project')
    const project = join(work, 'project')
    mkdirSync(project)
    writeFileSync(join(project, 'package.json'), '{ "name": "project", "private": true }\n')
    await must(...npm('install', '--offline', '--ignore-scripts', ...quiet, ...tarballs), { cwd: project })
    console.log(await read(...npm('ls', '--all', '--loglevel=error'), { cwd: project }))
    heading('Using it')
    cpSync(join(root, 'scripts', 'package-test'), project, { recursive: true })
    for (const program of ['required.cjs', 'imported.mjs']) await must(process.execPath, [program], { cwd: project })
    await compile(project)
    heading('Bundling it')
    await must(process.execPath, ['bundle.mjs', await bundlersFolder()], { cwd: project })
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
})
