// A reporter for `node --test`: how long each file took, and which tests took longest.

import { relative } from 'node:path'

const slowest = 20

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1).padStart(6)} s`

export default async function* report(events) {
  const tests = []
  for await (const { type, data } of events) {
    const ended = type === 'test:pass' || type === 'test:fail'
    if (ended && data.file !== undefined && data.details.type !== 'suite') {
      tests.push({ file: relative(process.cwd(), data.file), name: data.name, took: data.details.duration_ms })
    }
  }
  const files = new Map()
  for (const { file, took } of tests) files.set(file, (files.get(file) ?? 0) + took)
  const longest = (list) => list.sort((a, b) => b.took - a.took)
  yield 'Sums of the durations of the tests of a file:\n'
  for (const { file, took } of longest([...files].map(([file, took]) => ({ file, took })))) yield `${seconds(took)}  ${file}\n`
  yield `\nThe ${slowest} tests that took longest:\n`
  for (const { file, name, took } of longest(tests).slice(0, slowest)) yield `${seconds(took)}  ${name} (${file})\n`
}
