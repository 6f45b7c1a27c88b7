// `npm run test:memcheck`: a little of everything under valgrind's memcheck. Reports what concerns the addon; what
// Node.js does with its own memory is not looked at. Needs Linux; gets valgrind and redis-server where it may.
//
//     npm run test:memcheck -- [--debug]
//
// With `--debug` the addon is not optimised, and built from what `cargo test` has built.

import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { addonFile } from '../lib/platform.mjs'
import { Failure, heading, main, must, root, run } from '../lib/run.mjs'
import { ServerHost } from '../lib/servers/server-host.mjs'
import { setup } from '../lib/setup.mjs'
import { withServers } from '../lib/servers/with-servers.mjs'

/** How valgrind is told to report everything, in a form that can be read. */
const valgrind = [
  ...['--error-limit=no', '--num-callers=40', '--xml=yes', '--child-silent-after-fork=yes'],
  ...['--leak-check=full', '--show-leak-kinds=definite', '--errors-for-leak-kinds=definite'],
]

/** A copy of the package whose addon takes its memory from the system: valgrind knows no other allocator. */
async function packageToWatch(folder, isDebug) {
  heading('Building the addon without an allocator of its own')
  // Packages and features as for `cargo test`: what those have in common is built once.
  const debug = ['--workspace', '--all-features', '--lib', '--tests']
  const quick = ['--profile', 'quick', '-p', 'redkv-node', '--features', 'system-allocator']
  await must('cargo', ['build', '--locked', ...(isDebug ? debug : quick)])
  const profile = isDebug ? 'debug' : 'quick'
  for (const path of ['index.js', 'binding.js', 'lib', 'package.json', '__test__']) {
    cpSync(join(root, path), join(folder, path), { recursive: true })
  }
  cpSync(join(root, 'target', profile, 'libredkv_node.so'), join(folder, addonFile))
}

/** The errors in a report with a frame in the addon, one text each. */
function errorsOfAddon(report) {
  const text = (xml, tag) => new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(xml)?.[1] ?? ''
  return [...report.matchAll(/<error>[^]*?<\/error>/g)]
    .map(([error]) => error)
    .filter((error) => text(error, 'stack').includes(addonFile))
    .map((error) => {
      const frames = [...error.matchAll(/<frame>([^]*?)<\/frame>/g)].map(
        ([, frame]) => `    ${text(frame, 'fn') || text(frame, 'ip')} (${text(frame, 'file') || text(frame, 'obj')}:${text(frame, 'line')})`,
      )
      return [`${text(error, 'kind')}: ${text(error, 'what') || text(error, 'text')}`, ...frames].join('\n')
    })
}

await main(async () => {
  if (process.platform !== 'linux') throw new Failure('valgrind is only used on Linux')
  await setup({ addon: 'as is' })
  const folder = mkdtempSync(join(root, 'target', 'memcheck-'))
  try {
    await packageToWatch(folder, process.argv.includes('--debug'))
    await withServers({ only: ['redis'] }, async ({ env, signal }) => {
      const host = new ServerHost(signal, () => {})
      const program = await host.program('valgrind', 'valgrind').finally(() => host.stop())
      const report = join(folder, 'report.xml')
      heading('Running under valgrind (some minutes)')
      // Without a compiler of its own, Node.js changes no code that valgrind has seen.
      const node = [process.execPath, '--jitless', '--expose-gc', join(folder, '__test__', 'memcheck', 'run.js')]
      const { code } = await run(program, [...valgrind, `--xml-file=${report}`, ...node], { env, signal })
      if (code !== 0) throw new Failure(`the program failed under valgrind (exit code ${code})`)
      const found = readFileSync(report, 'utf8')
      const errors = errorsOfAddon(found)
      errors.forEach((error) => console.log(`\n${error}`))
      const all = found.match(/<error>/g)?.length ?? 0
      console.log(`\n${errors.length} errors of the addon (and ${all - errors.length} of Node.js alone)`)
      if (errors.length > 0) process.exitCode = 1
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
