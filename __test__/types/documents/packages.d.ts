// The packages that samples import, which are not installed here: as much of them as the compiler needs.

declare module '@jest/globals'
declare module '@rollup/plugin-commonjs'
declare module '@rollup/plugin-node-resolve'
declare module 'esbuild'
declare module 'express'
declare module 'fastify'
declare module 'fastify-plugin'
declare module 'vitest'

declare module '@nestjs/common' {
  export const Global: () => ClassDecorator
  export const Inject: (token: unknown) => ParameterDecorator
  export const Injectable: () => ClassDecorator
  export const Module: (metadata: { exports?: unknown[]; providers?: unknown[] }) => ClassDecorator
  export interface OnApplicationShutdown {
    onApplicationShutdown(signal?: string): unknown
  }
}

declare module 'next' {
  export interface NextConfig {
    serverExternalPackages?: string[]
  }
}
