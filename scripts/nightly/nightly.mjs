// `npm run nightly`: what is too long for every change, with fresh seeds. Takes some hours.
//
//     npm run nightly -- [step …]
//
// CI runs a small share of each: a few thousand model programs, 60 kills and the fuzz targets' own tests are part of
// `npm test`, and scripts/ci.mjs has some rounds of the leak hour and memcheck.

import { Failure, heading, main, npm, run } from '../lib/run.mjs'
import { printTimes, timed } from '../lib/steps.mjs'
import { summarise } from '../lib/suites.mjs'

const steps = {
  model: ['model', '1000000'],
  crash: ['test:crash', '--kills', '500'],
  fuzz: ['fuzz', '--seconds', '300'],
  leaks: ['test:leaks'],
  memcheck: ['test:memcheck'],
  'node-versions': ['test:node-versions', '--all'],
}

await main(async () => {
  const chosen = process.argv.slice(2)
  const unknown = chosen.find((name) => !Object.hasOwn(steps, name))
  if (unknown !== undefined) throw new Failure(`there is no step ${unknown}, only ${Object.keys(steps).join(', ')}`)
  const outcomes = []
  for (const name of chosen.length > 0 ? chosen : Object.keys(steps)) {
    const [script, ...args] = steps[name]
    heading(name)
    const { code } = await timed(name, () => run(...npm('run', script, '--', ...args)))
    outcomes.push([name, code === 0 ? undefined : 'failed'])
  }
  summarise(outcomes)
  printTimes()
})
