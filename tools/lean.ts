/**
 * Leaves out of the bundle what its dependencies load and the program never uses: its text and its objects stay in memory for as
 * long as the controller runs (docs/performance.md).
 */
import { fileURLToPath } from 'node:url'
import type * as esbuild from 'esbuild'

/**
 * The Kubernetes client is imported for its configuration alone, but does not say that its modules may be left out when unused;
 * taking that for granted spares the whole generated API.
 */
const leanKubernetesClient: esbuild.Plugin = {
  name: 'lean Kubernetes client',
  setup(build) {
    build.onResolve({ filter: /^(@kubernetes\/client-node|\.)/ }, async (args) => {
      const own =
        args.path.startsWith('@kubernetes/') || args.importer.includes('@kubernetes/client-node')
      if (!own || args.pluginData === 'resolving') return undefined
      const { importer, kind, resolveDir } = args
      const found = await build.resolve(args.path, {
        importer,
        kind,
        resolveDir,
        pluginData: 'resolving',
      })
      return { ...found, sideEffects: false }
    })
  },
}

/**
 * Who imports node:http as an ES module reads each of its exports, and some of those bring a second undici, Node's own: some
 * MiB that the program never uses (docs/performance.md). `require` reads none.
 */
const leanHttp: esbuild.Plugin = {
  name: 'lean node:http',
  setup(build) {
    build.onResolve({ filter: /^(node:)?http$/ }, ({ kind }) =>
      kind === 'require-call' ? undefined : { path: 'node:http', namespace: 'required' },
    )
    build.onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require('${path}')`,
    }))
  },
}

/** What the program and the Kubernetes client name of undici; that the client's API calls would use fetch is of no matter. */
const usedOfUndici = `
import Dispatcher from './lib/dispatcher/dispatcher.js'
import * as api from './lib/api/index.js'
Object.assign(Dispatcher.prototype, api)
export { default as Agent } from './lib/dispatcher/agent.js'
export { default as EnvHttpProxyAgent } from './lib/dispatcher/env-http-proxy-agent.js'
export { default as Pool } from './lib/dispatcher/pool.js'
export { default as ProxyAgent } from './lib/dispatcher/proxy-agent.js'
export { default as Socks5ProxyAgent } from './lib/dispatcher/socks5-proxy-agent.js'
export { default as errors } from './lib/core/errors.js'
export { fetch } from '../web/'
`

const unusedOfUndici = `
export function fetch() {
  throw new Error('the fetch of undici is not in the bundle (tools/build.ts)')
}
export { fetch as extractBody }
`

/**
 * undici's index loads all of it: fetch, caches, mocks, web sockets. What sends requests needs none of them, and asks for
 * `../web/` only where a body is FormData (docs/performance.md).
 */
const leanUndici: esbuild.Plugin = {
  name: 'lean undici',
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'used' }))
    build.onResolve({ filter: /^\.\.\/web\// }, ({ importer, namespace }) =>
      namespace === 'used' || importer.includes('/undici/lib/')
        ? { path: 'web', namespace: 'unused' }
        : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'used' }, () => ({
      contents: usedOfUndici,
      resolveDir: fileURLToPath(new URL('../node_modules/undici', import.meta.url)),
    }))
    build.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: unusedOfUndici }))
  },
}

/** Fastify loads these where a route has a schema or a request is injected; neither happens here (src/serve/server.ts). */
const leanFastify: esbuild.Plugin = {
  name: 'lean fastify',
  setup(build) {
    build.onResolve(
      {
        filter: /^(@fastify\/(ajv-compiler|fast-json-stringify-compiler)|light-my-request)$/,
      },
      ({ path }) => ({ path, namespace: 'absent' }),
    )
    build.onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
      contents: `throw new Error('${path} is not in the bundle (tools/build.ts)')`,
    }))
  },
}

export const lean = [leanKubernetesClient, leanHttp, leanUndici, leanFastify]
