/** Measures one part in a process of its own, so that memory and collections of the parts do not mix: ORDER, answer by message. */
import { loopback } from './loopback.ts'
import type { Order } from './order.ts'
import { overhead, shared } from './parts.ts'

// the only caller is inChild
const order = JSON.parse(process.argv[2] ?? '{}') as Order
const result = await measure(order)
process.send?.(result)
process.disconnect()

function measure(o: Order): Promise<unknown> {
  if (o.part === 'overhead') return overhead(o.rounds, o.seconds)
  if (o.part === 'loopback') return loopback(o.rate, o.rounds, o.seconds)
  return shared(o.count, o.seconds)
}
