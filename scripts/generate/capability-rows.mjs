// The rows of the table of stores in docs/stores.md that say what a store can do. What a cell begins with (`yes`, a number,
// `with` an option) comes from the capabilities of the store; what stands after it is by hand, and stays.

const grouped = (number) => number.toLocaleString('en')
const ability = (can) => (typeof can === 'string' ? `with \`${can}\`` : can ? 'yes' : 'no')
const span = (millis) => (millis % 1000 === 0 ? `${millis / 1000} s` : `${millis} ms`)

function bytes(number) {
  if (number === null) return 'no limit'
  const unit = [['GiB', 2 ** 30], ['MiB', 2 ** 20]].find(([, size]) => number >= size && number % size === 0)
  return unit === undefined ? grouped(number) : `${grouped(number / unit[1])} ${unit[0]}`
}

/** What the rows begin with, and the fact in their cells. */
const facts = {
  '**entries can expire**': (can) => ability(can.expires),
  'an entry lives longer than asked': (can) => span(can.expiryGranularity),
  '**durable**': (can) => ability(can.durable),
  '**shared**': (can) => ability(can.shared),
  '**longest key**': (can) => bytes(can.maxKeyBytes),
  'empty string as a key': (can) => ability(can.emptyKeys),
  '**longest value**': (can) => bytes(can.maxValueBytes),
  'values that are not text': (can) => ability(can.binaryValues),
}

const fact = /^(?:yes|no limit|no|with `\w+`|\d(?:[\d,]*\d)?(?: ms| s| [MG]iB)?)(?![\w`])/
const cellsOf = (line) => line.split('|').slice(1, -1).map((cell) => cell.trim())

function rowWith(line, stores, abilities) {
  const [head, ...cells] = cellsOf(line)
  const found = Object.entries(facts).find(([begin]) => head.startsWith(begin))
  if (found === undefined) return line
  const written = cells.map((cell, index) => {
    const can = abilities.get(stores[index])
    if (can === undefined) return cell
    const remark = cell.replace(fact, '')
    return remark === cell && cell !== '' ? `${found[1](can)}, ${cell}` : `${found[1](can)}${remark}`
  })
  return `| ${[head, ...written].join(' | ')} |`
}

/** The text of docs/stores.md with the facts in its table of stores as these are. */
export function withCapabilities(text, { stores }) {
  const abilities = new Map(stores.map(({ name, capabilities }) => [name, capabilities]))
  const [, before, head, rows, after] = /^([^]*?\n)(\| \| `memory` \|.*\n)((?:\|.*\n)+)([^]*)$/.exec(text)
  const names = cellsOf(head).slice(1).map((name) => name.replaceAll('`', ''))
  const missing = [...abilities.keys()].filter((name) => !names.includes(name))
  if (missing.length > 0) throw new Error(`the table of stores in docs/stores.md has no column for ${missing.join(', ')}`)
  return before + head + rows.replace(/^.*$/gm, (line) => (line === '' ? line : rowWith(line, names, abilities))) + after
}
