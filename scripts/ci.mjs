// What `.ci/run` runs: everything that has to pass, the quickest first, and how long each step took.

import { Failure, heading, main, npm, run } from './lib/run.mjs'
import { printTimes, timed } from './lib/steps.mjs'

const steps = [
  ['check', 'sources'],
  ['test'],
  ['check', 'generated'],
  ['test:node-versions', '--others'],
  ['test:package'],
  ['test:runtimes'],
  ['demo'],
  // A small share of what runs every night; that of the model, the kills and the fuzz targets is in `npm test`.
  ['test:leaks', '--rounds', '30'],
  ['test:memcheck', '--debug'],
]

await main(async () => {
  try {
    for (const [script, ...args] of steps) {
      const name = ['npm run', script, ...args].join(' ')
      heading(name)
      const { code } = await timed(name, () => run(...npm('run', '--silent', script, '--', ...args)))
      if (code !== 0) throw new Failure(`${name} failed`, code)
    }
  } finally {
    printTimes()
  }
})
