import { after, before } from 'node:test'
import { prometheus } from '../../../scalers/prometheus/index.ts'
import { givenBy, scalerContract, type Stage } from '../../contract/scaler.ts'
import { faultContract } from '../../contract/scaler-faults.ts'
import { freePort } from '../../support/azurite.ts'
import { need } from '../../support/need.ts'
import { type Prometheus, prometheusProgram, startPrometheus } from '../../support/prometheus.ts'
import { type HttpSource, startHttpSource } from '../../support/http-source.ts'

const password = 'open sesame'
const trigger = (serverAddress: string, query = 'vector(7.5)', secret = password) =>
  givenBy(
    { serverAddress, query, threshold: '5', authModes: 'basic' },
    { username: 'ebb', password: secret },
  )

/** The same triggers at any server. */
const stageAt = async (url: string): Promise<Omit<Stage, 'connections' | 'close'>> => ({
  good: { given: trigger(url), value: 7.5 },
  other: { given: trigger(url, 'vector(-2)'), value: -2 },
  bad: { given: trigger(url, 'sum('), code: 'SOURCE_REFUSED' },
  strangers: trigger(url, 'vector(7.5)', 'open barley'),
  nobody: trigger(`http://127.0.0.1:${await freePort()}`),
})

let real: Prometheus | undefined
before(async () => {
  const program = await prometheusProgram()
  real = program === undefined ? undefined : await startPrometheus(program, { login: true })
})
after(() => real?.stop())

scalerContract('prometheus on a real Prometheus', prometheus, async (t) => {
  if (!need(t, real !== undefined, 'Prometheus (Debian package prometheus)') || !real)
    return undefined
  return { ...(await stageAt(real.url)), connections: () => undefined, close: async () => {} }
})

/** As much of Prometheus as the triggers above ask of it. */
const answer: Parameters<typeof startHttpSource>[0] = (request) => {
  const { searchParams } = new URL(request.url ?? '', 'http://any')
  const login = `Basic ${Buffer.from(`ebb:${password}`).toString('base64')}`
  if (request.headers.authorization !== login) return { status: 401 }
  const value = /^vector\((.*)\)$/.exec(searchParams.get('query') ?? '')?.[1]
  return value === undefined
    ? { status: 400, body: '{"status":"error","errorType":"bad_data","error":"parse error"}' }
    : {
        body: `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"${value}"]}]}}`,
      }
}

scalerContract('prometheus on a stand-in', prometheus, async () => {
  const source: HttpSource = await startHttpSource(answer)
  return {
    ...(await stageAt(source.url)),
    connections: () => source.connections(),
    close: () => source.close(),
  }
})

faultContract('prometheus on a server that fails', prometheus, {
  answer,
  trigger: ({ url }) => ({ given: trigger(url), value: 7.5 }),
})
