// `npm run fuzz`: every target of fuzz/ under libFuzzer and AddressSanitizer.
//
//     npm run fuzz -- [--seconds <number>] [target …]
//
// 300 seconds for each target, or as many as it is told. Gets cargo-fuzz by itself. It needs no nightly compiler: the
// pinned one is told to take its unstable flags.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cached } from '../lib/cache.mjs'
import { Failure, heading, main, must, root, run } from '../lib/run.mjs'
import { summarise } from '../lib/suites.mjs'

const version = '0.13.2'

async function cargoFuzz() {
  const folder = cached(`cargo-fuzz-${version}`)
  const program = join(folder, 'bin', 'cargo-fuzz')
  if (!existsSync(program)) {
    heading(`Building cargo-fuzz ${version} (once)`)
    await must('cargo', ['install', 'cargo-fuzz', '--version', version, '--locked', '--quiet', '--root', folder])
  }
  return program
}

const known = readdirSync(join(root, 'fuzz', 'fuzz_targets')).map((file) => file.replace('.rs', ''))

await main(async () => {
  const options = { seconds: { type: 'string', default: '300' } }
  const { values, positionals: targets } = parseArgs({ options, allowPositionals: true })
  if (!/^[1-9]\d*$/.test(values.seconds)) throw new Failure('--seconds takes a number')
  const unknown = targets.find((target) => !known.includes(target))
  if (unknown !== undefined) throw new Failure(`there is no target ${unknown}, only ${known.join(', ')}`)
  const program = await cargoFuzz()
  const env = {
    ...process.env,
    RUSTC_BOOTSTRAP: '1',
    // SQLite's object file is linked twice; nothing else is switched off.
    ASAN_OPTIONS: 'detect_odr_violation=0',
  }
  const outcomes = []
  for (const target of targets.length > 0 ? targets : known) {
    heading(`fuzzing ${target} for ${values.seconds} s`)
    const { code } = await run(program, ['run', target, '--', `-max_total_time=${values.seconds}`], { env })
    outcomes.push([target, code === 0 ? undefined : 'failed'])
  }
  summarise(outcomes)
})
