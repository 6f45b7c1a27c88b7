// The tables of options in documents. A table stands after `<!-- options of INTERFACE ...: name, name -->`, which
// says whose options it has, and which of them; all of them, where it names none.

import { rangeOf } from './ranges.mjs'

const numbers = (type) => `number, ${rangeOf(type, 2 ** 31)}`

const words = {
  text: () => 'string',
  url: () => 'string or `URL`',
  path: () => 'string or `file:` URL',
  boolean: () => 'boolean',
  integer: numbers,
  digits: numbers,
  duration: () => 'duration',
  words: ({ words: all }) => all.map((word) => `\`'${word}'\``).join(', ').replace(/, ([^,]*)$/, ' or $1'),
  orFalse: ({ other }) => `${wordsOf(other)}, or \`false\``,
  object: () => 'object',
  objects: () => 'array of objects',
  other: ({ words: text }) => text,
}
const wordsOf = (type) => words[type.kind](type)

/** The first paragraph of what an option means. */
function meaning(about) {
  const end = about.indexOf('')
  const paragraph = (end === -1 ? about : about.slice(0, end)).map((line) => line.trim()).join(' ')
  return paragraph.replace(/\.$/, '').replaceAll('|', '\\|')
}

function row({ name, type, required, default: standard, about }) {
  const cells = [`\`${name}\``, wordsOf(type), required ? '**required**' : (standard ?? ''), meaning(about)]
  return `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |')
}

const place = /(<!-- options of ([\w, ]+?)(?:: ([\w, ]+?))? -->\n)\n(?:\|.*\n)*/g
const separated = (text) => text.split(',').map((part) => part.trim())

/** The text of a document with its tables as the options are declared. It must have all options of the interfaces in `whole`. */
export function withTables(text, { interfaces }, document, whole) {
  const shown = new Map([...interfaces.keys()].map((name) => [name, new Set()]))
  const written = text.replace(place, (_, marker, owners, names) => {
    const own = separated(owners).map((owner) => {
      if (!interfaces.has(owner)) throw new Error(`${document}: there are no ${owner}`)
      return interfaces.get(owner)
    })
    const options = new Map()
    for (const owner of own) for (const option of owner.options) if (!options.has(option.name)) options.set(option.name, { option, owner })
    const rows = (names === undefined ? [...options.keys()] : separated(names)).map((name) => {
      const found = options.get(name)
      if (found === undefined) throw new Error(`${document}: ${owners} have no option ${name}`)
      shown.get(found.owner.interface).add(name)
      return row(found.option)
    })
    return `${marker}\n| option | type | default | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`
  })
  for (const [name, options] of shown) {
    const missing = interfaces.get(name).options.filter((option) => !options.has(option.name)).map((option) => option.name)
    const isWanted = options.size > 0 || whole.includes(name)
    if (isWanted && missing.length > 0) throw new Error(`${document} does not have ${missing.join(', ')} of ${name}`)
  }
  return written
}
