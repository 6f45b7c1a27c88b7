// How long steps take.

/** How long each step took, in milliseconds, in the order of their ends. */
const taken = []

/** Runs a step and notes how long it took, also when it fails. */
export async function timed(name, step) {
  const began = performance.now()
  try {
    return await step()
  } finally {
    taken.push([name, performance.now() - began])
  }
}

/** Prints what [`timed`] noted. */
export function printTimes() {
  const shown = (milliseconds) => {
    const seconds = Math.round(milliseconds / 1000)
    return `${String(Math.floor(seconds / 60)).padStart(3)} min ${String(seconds % 60).padStart(2)} s`
  }
  console.log('\nHow long each step took:')
  for (const [name, time] of taken) console.log(`${shown(time)}  ${name}`)
  console.log(`${shown(performance.now())}  all of it`)
}
