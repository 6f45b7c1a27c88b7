// The interfaces of options in index.d.ts.

import { rangeOf } from './ranges.mjs'

const typescript = {
  text: () => 'string',
  url: () => 'string | URL',
  path: () => 'string | URL',
  boolean: () => 'boolean',
  integer: () => 'number',
  digits: () => 'number | `${number}`',
  duration: () => 'Duration',
  words: ({ words }) => words.map((word) => `'${word}'`).join(' | '),
  orFalse: ({ other }) => `${typeOf(other)} | false`,
  object: ({ interface: name }) => name,
  objects: ({ interface: name }) => `readonly ${name}[]`,
  other: ({ typescript: type }) => type,
}
const typeOf = (type) => typescript[type.kind](type)

const wholeNumber = (type) => `A whole number from ${rangeOf(type).replace('from ', '')}`
const ranges = {
  integer: wholeNumber,
  digits: wholeNumber,
  duration: () => 'From 1 millisecond to 10,000 years',
  path: () => 'A `URL` must begin with `file:`',
  orFalse: ({ other }) => ranges[other.kind] && `${ranges[other.kind](other)}, or \`false\``,
}

/** What the type does not say of the values of an option: a paragraph of its comment. */
function rangeParagraph(type) {
  const range = ranges[type.kind]?.(type)
  return range === undefined ? [] : ['', `${range}.`]
}

/** A comment as TypeScript shows it. Links within documents lead nowhere there. */
function comment(lines, indent) {
  const texts = lines.map((line) => line.replace(/^ /, '').replace(/\[([^\]]+)\]\((?!https?:)[^)]*\)/g, '$1'))
  if (texts.length === 1) return `${indent}/** ${texts[0]} */`
  return [`${indent}/**`, ...texts.map((text) => `${indent} * ${text}`.trimEnd()), `${indent} */`].join('\n')
}

/** Other clients have other words, and take milliseconds as text. */
function legacyTypeOf(type) {
  if (type.kind === 'words') return 'string'
  return type.kind === 'duration' ? 'Duration | `${number}`' : typeOf(type)
}

function option({ name, type, about, required, default: standard, instead }, isLegacy) {
  const lines = isLegacy
    ? [instead ? `@deprecated write {@link ${instead.target}.${instead.name} | ${instead.name}}` : '@deprecated has no effect']
    : [...about, ...rangeParagraph(type), ...(standard === null ? [] : ['', `@default ${standard.replace(/^`([^`]+)`$/, '$1')}`])]
  const written = isLegacy ? legacyTypeOf(type) : typeOf(type)
  const member = required ? `${name}: ${written}` : `${name}?: ${written === 'unknown' ? written : `${written} | undefined`}`
  return `${comment(lines, '    ')}\n    ${member}`
}

function declaration({ interface: name, about, extends: bases, options }, isLegacy) {
  const heritage = bases.length > 0 ? ` extends ${bases.join(', ')}` : ''
  const members = options.map((declared) => option(declared, isLegacy)).join('\n\n')
  return `${comment(about, '  ')}\n  interface ${name}${heritage} {\n${members}\n  }\n`
}

/** Replaces the interface where it stands, with its comment; a new one goes before that of all stores. */
function replaced(text, name, written) {
  const place = new RegExp(`(?<=\\n)  /\\*\\*(?:(?!\\*/)[^])*\\*/\\n  interface ${name} (?:extends [^{]+)?\\{\\n(?:(?:    .*)?\\n)*  \\}\\n`)
  if (place.test(text)) return text.replace(place, () => written)
  const next = text.indexOf('  /** The options of each store')
  if (next === -1) throw new Error('index.d.ts has no place for a new interface')
  return `${text.slice(0, next)}${written}\n${text.slice(next)}`
}

/** The text of index.d.ts with the interfaces and the names of stores as they are declared. */
export function withInterfaces(text, { stores, structures, records, interfaces, legacy }) {
  let written = text
  for (const [name, declared] of interfaces) written = replaced(written, name, declaration(declared, false))
  for (const [name, declared] of legacy) written = replaced(written, name, declaration(declared, true))
  const lines = stores.map(({ name, options }) => `    ${name}: ${options}\n`).join('')
  written = written.replace(/(?<=\n {2}interface StoreOptions \{\n)[^}]*(?= {2}\})/, () => lines)
  const ofStructures = structures.map(({ name, options }) => `    ${name}: ${[...(options ? [options] : []), 'StructuresCommonOptions'].join(' & ')}\n`).join('')
  written = written.replace(/(?<=\n {2}interface StructuresOptions \{\n)[^}]*(?= {2}\})/, () => ofStructures)
  const ofRecords = records.map(({ name, options }) => `    ${name}: ${options ?? 'Record<string, never>'}\n`).join('')
  written = written.replace(/(?<=\n {2}interface RecordsOptions \{\n)[^}]*(?= {2}\})/, () => ofRecords)
  const aliases = stores.flatMap(({ name, aliases: others }) => others.map((other) => `    ${other}: '${name}'\n`))
  written = written.replace(/(?<=\n {2}interface StoreAliases \{\n)[^}]*(?= {2}\})/, () => aliases.toSorted().join(''))
  return written.replace(/(?<=\n {2}type StoreName = ).*/, () => stores.map(({ name }) => `'${name}'`).join(' | '))
}
