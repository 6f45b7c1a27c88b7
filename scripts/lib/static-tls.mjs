// Whether a shared library of Linux asks for static thread-local storage. A process has little of that for what is loaded
// late, as an addon is: with glibc loading fails where others have taken it, with musl it always fails.

import { readFileSync } from 'node:fs'

const PT_LOAD = 1
const PT_DYNAMIC = 2
const DT_PLTRELSZ = 2
const DT_RELA = 7
const DT_RELASZ = 8
const DT_JMPREL = 23
const DT_FLAGS = 30
const DF_STATIC_TLS = 0x10

/** By the number of the machine: the relocation that is an offset in the static storage. */
const offsetInStatic = { 62: 18, 183: 1030 }

/** Reads an ELF file of 64 bits, least significant byte first, as all platforms of ours have. */
export function asksForStaticTls(path) {
  const file = readFileSync(path)
  const number = (offset) => Number(file.readBigUInt64LE(offset))
  if (file.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') throw new Error(`${path} is no ELF file of 64 bits`)
  const machine = file.readUInt16LE(18)
  const segments = Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const at = number(32) + index * file.readUInt16LE(54)
    return { type: file.readUInt32LE(at), offset: number(at + 8), address: number(at + 16), size: number(at + 32) }
  })
  const offsetOf = (address) => {
    const holds = (segment) => segment.type === PT_LOAD && address >= segment.address && address < segment.address + segment.size
    const { offset, address: start } = segments.find(holds)
    return address - start + offset
  }
  const { offset, size } = segments.find(({ type }) => type === PT_DYNAMIC)
  const dynamic = new Map()
  for (let at = offset; at < offset + size; at += 16) dynamic.set(number(at), number(at + 8))
  if (dynamic.get(DT_FLAGS) & DF_STATIC_TLS) return true
  const has = (address, bytes = 0) => {
    if (address === undefined || bytes === 0) return false
    const start = offsetOf(address)
    for (let at = start; at < start + bytes; at += 24) {
      if (file.readUInt32LE(at + 8) === offsetInStatic[machine]) return true
    }
    return false
  }
  return has(dynamic.get(DT_RELA), dynamic.get(DT_RELASZ)) || has(dynamic.get(DT_JMPREL), dynamic.get(DT_PLTRELSZ))
}
