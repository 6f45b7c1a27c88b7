// One measurement, in a process of its own: `node measure.mjs SPECIFICATION`, both in JSON. The last line that it
// prints is the result.

const specification = JSON.parse(process.argv[2])
const { default: workload } = await import(`./workloads/${specification.workload}.mjs`)
const result = await workload({ millis: 1500, ...specification })
// Not every client lets go of the event loop when it is closed.
process.stdout.write(`\n${JSON.stringify(result)}\n`, () => process.exit(0))
