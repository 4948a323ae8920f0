import { type QueueClient, QueueServiceClient } from '@azure/storage-queue'

/** The demo's side of a queue: what a function app and its callers do with it. */
export interface Queue {
  create(signal: AbortSignal): Promise<void>
  send(count: number, signal: AbortSignal): Promise<void>
  /** Receives and deletes one message; false where none was waiting. */
  work(signal: AbortSignal): Promise<boolean>
}

/** How many sends are under way at once. */
const lanes = 8

async function sendAll(client: QueueClient, count: number, signal: AbortSignal): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) {
      next += 1
      await client.sendMessage(`order ${next}`, { abortSignal: signal })
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane))
}

/** Queues of one storage account, by name. */
export function openQueues(connection: string): (name: string) => Queue {
  const service = QueueServiceClient.fromConnectionString(connection, {
    retryOptions: { maxTries: 2, retryDelayInMs: 200 },
  })
  return (name) => {
    const client = service.getQueueClient(name)
    return {
      create: async (signal) => {
        await client.createIfNotExists({ abortSignal: signal })
      },
      send: (count, signal) => sendAll(client, count, signal),
      async work(signal) {
        const { receivedMessageItems } = await client.receiveMessages({
          numberOfMessages: 1,
          visibilityTimeout: 30,
          abortSignal: signal,
        })
        const message = receivedMessageItems[0]
        if (!message) return false
        await client.deleteMessage(message.messageId, message.popReceipt, { abortSignal: signal })
        return true
      },
    }
  }
}
