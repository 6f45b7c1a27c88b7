// `npm run model`: the model checker of the engine, with optimisation.
//
//     npm run model -- [programs] [seed]
//
// Runs a million random programs, or as many as it is told; with a seed, the one program of that seed. Needs neither
// Node.js addon nor servers.

import { Failure, main, run } from '../lib/run.mjs'

await main(async () => {
  const [programs = '1000000', seed] = process.argv.slice(2)
  const wrong = [programs, seed].find((argument) => argument !== undefined && !/^\d+$/.test(argument))
  if (wrong !== undefined) throw new Failure(`${wrong} is no number`)
  const env = { ...process.env, REDKV_MODEL_RUNS: programs, ...(seed !== undefined && { REDKV_TEST_SEED: seed }) }
  const { code } = await run('cargo', ['test', '-q', '-p', 'redkv-model', '--profile', 'model', '--', '--nocapture'], { env })
  process.exitCode = code
})
